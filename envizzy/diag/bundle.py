"""The zip file of ``envizzy diag``: parts in, one file out; a part that fails is said to."""

import os
import platform
import re
import tempfile
import traceback
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from envizzy.config import Settings
from envizzy.diag import host, installed, kafka, raw, services
from envizzy.diag.model import Entry, Given, Part
from envizzy.diag.settings import PartName
from service.settings import Loaded

PREFIX = "envizzydiag"
"""Of the file's name: ``envizzydiag-HOST-TIME.zip``."""

_PARTS: Mapping[PartName, Part] = {
    "settings": installed.settings,
    "versions": installed.versions,
    "host": host.host,
    "services": services.services,
    "topics": kafka.topics,
    "exporters": kafka.exporters,
    "logs": services.logs,
}

_ABOUT: Mapping[str, str] = {
    "settings": "settings in effect and the files that they name; secrets are hidden",
    "versions": "envizzy, Python, the system, every package",
    "host": "the system's own figures: processors, memory, network, drops, our processes",
    "services": "each service of this host, a line in overview.txt; /metrics, /healthz, /readyz",
    "topics": "topics, offsets, consumer groups and their lag",
    "exporters": "PERSONAL: the newest record of each exporter: addresses and what each sends",
    "logs": "PERSONAL: ends of the log files and of the journal: they hold addresses",
    "raw": "PERSONAL: a capture of what exporters sent: user names, programs, destinations",
}

_HEAD = """Diagnostics of envizzy, made at {time} on {host}.

What is in this file:

{parts}

Parts marked PERSONAL hold data of people (addresses of their computers are such). Only raw holds
what clients report; it is in here only where it was asked for. Hand this file to nobody who may not
see that; `[diag] parts` leaves parts out.

{errors}"""


def file_name(at: datetime) -> str:
    """The name of the zip file.

    Args:
        at: Now, UTC.
    """
    host_name = re.sub(r"[^A-Za-z0-9.-]", "_", platform.node() or "host")
    return f"{PREFIX}-{host_name}-{at:%Y%m%dT%H%M%SZ}.zip"


def write(
    loaded: Loaded[Settings], mistakes: tuple[str, ...], directory: Path
) -> tuple[Path, list[str]]:
    """Make the file; readable for its owner only.

    Args:
        loaded: The settings; the defaults where they cannot be read.
        mistakes: Why they cannot be read.
        directory: Where to.

    Returns:
        The file, and a line for each part that failed.

    Raises:
        OSError: It cannot be written.
    """
    at = datetime.now(UTC)
    path = directory / file_name(at)
    partial = path.with_suffix(".partial")
    diag = loaded.settings.diag
    chosen: dict[str, Part] = {name: _PARTS[name] for name in diag.parts}
    if diag.raw_seconds:
        chosen["raw"] = raw.raw
    errors: list[str] = []
    details: list[str] = []
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
            tempfile.TemporaryDirectory(prefix=f"{PREFIX}-") as folder,
        ):
            given = Given(loaded, mistakes, Path(folder))
            for name, part in chosen.items():
                try:
                    for entry in part(given):
                        _add(archive, entry)
                except Exception as error:  # noqa: BLE001 - a bundle without a part is better than none
                    errors.append(f"{name}: {str(error) or repr(error)}")
                    details.append(f"{name}:\n{traceback.format_exc()}")
            if details:
                archive.writestr("errors.txt", "\n".join(details))
            archive.writestr("README.txt", _readme(at, list(chosen), errors))
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return path, errors


def _add(archive: zipfile.ZipFile, entry: Entry) -> None:
    if isinstance(entry.content, Path):
        archive.write(entry.content, entry.name)
        entry.content.unlink()
    else:
        archive.writestr(entry.name, entry.content)


def _readme(at: datetime, names: list[str], errors: list[str]) -> str:
    lines = [f"  {name:10} {_ABOUT[name]}" for name in names]
    failed = [f"  {error}" for error in errors]
    return _HEAD.format(
        time=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        host=platform.node(),
        parts="\n".join(lines),
        errors="\n".join(["What could not be had (errors.txt has more):", "", *failed]) + "\n"
        if failed
        else "Nothing was missing.\n",
    )
