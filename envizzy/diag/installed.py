"""The parts ``settings`` and ``versions``."""

import platform
import ssl
import sys
from collections.abc import Iterator
from importlib.metadata import distributions

import confluent_kafka

from envizzy.diag.model import Entry, Given, text
from service.settings import rows


def settings(given: Given) -> Iterator[Entry]:
    """The effective settings with where each comes from, secrets hidden; files that they name."""
    lines = [
        f"{row.key} = {row.value or '(not set)'}  # {row.origin}" for row in rows(given.loaded)
    ]
    if given.mistakes:
        mistakes = [f"#   {line}" for line in given.mistakes]
        lines = ["# The settings cannot be read; below are the defaults:", *mistakes, *lines]
    yield text("settings/effective.toml", "\n".join(lines) + "\n")
    yield text("settings/warnings.txt", "".join(f"{line}\n" for line in given.loaded.warnings))
    named = [*given.settings.elements.files]
    if given.settings.streams.filter_policy:
        named.append(given.settings.streams.filter_policy)
    for number, file in enumerate(named):
        yield Entry(f"settings/files/{number}-{file.name}", file.read_bytes())


def versions(_: Given) -> Iterator[Entry]:
    """Of envizzy, Python, the system and every installed package."""
    packages = sorted(
        {f"{each.metadata['Name']}=={each.version}" for each in distributions()}, key=str.lower
    )
    about = [
        f"python {sys.version}",
        f"executable {sys.executable}",
        f"platform {platform.platform()}",
        f"librdkafka {confluent_kafka.libversion()[0]}",
        f"openssl {ssl.OPENSSL_VERSION}",
    ]
    yield text("versions.txt", "\n".join([*about, "", *packages]) + "\n")
