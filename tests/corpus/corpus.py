"""The corpus of real exports: its cases, and what we make of them.

It stands beside the repository or where ``ENVIZZY_CORPUS`` says; without it the tests that need it
are skipped, visibly.
"""

import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envizzy.captures import Format, read
from envizzy.decode import Collector, json_line
from schemas.elements import load_registry

_FORMATS = {"raw": Format.RAW, "hex": Format.HEX, "ipfix-stream": Format.IPFIX, "pcap": None}
"""pcap stands for pcapng too: the file tells."""

_IPFIX = {"ipfix", "nvzflow", "none"}
"""Protocols of which ipfixDump knows something."""


@dataclass(frozen=True)
class Case:
    """One fresh collector's input, and where the oracles' answers are."""

    source: str
    name: str
    protocol: str
    files: tuple[Path, ...]
    form: Format | None
    ports: tuple[int, ...] | None
    licence: str
    oracle: Path

    def __str__(self) -> str:
        return f"{self.source}/{self.name}"

    @property
    def is_ipfix(self) -> bool:
        """Whether ipfixDump was asked."""
        return self.protocol in _IPFIX

    def facts(self) -> dict[str, Any]:
        """Structure and counts, by a parser of the corpus's own."""
        facts: dict[str, Any] = json.loads(
            self.oracle.with_name(f"{self.name}.facts.json").read_bytes()
        )
        return facts

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """An oracle's JSON lines; none where it has nothing to say."""
        path = self.oracle.with_name(f"{self.name}.{kind}.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def dump(self) -> str:
        """What ipfixDump printed."""
        path = self.oracle.with_name(f"{self.name}.ipfixdump.txt")
        return path.read_text(errors="replace") if path.exists() else ""


def corpus_root() -> Path | None:
    """Where the corpus is, None where it is not."""
    named = os.environ.get("ENVIZZY_CORPUS")
    root = Path(named) if named else Path(__file__).parents[3] / "shared" / "corpus"
    return root if root.is_dir() else None


def cases() -> list[Case]:
    """All cases; none without the corpus."""
    root = corpus_root()
    return [] if root is None else list(_cases(root))


def _cases(root: Path) -> Iterator[Case]:
    for path in sorted(root.glob("*/source.toml")):
        tables = tomllib.loads(path.read_text())
        source = tables["source"]
        for case in tables["case"]:
            ports = case.get("ports", source.get("ports"))
            yield Case(
                source["id"],
                case["id"],
                case["protocol"],
                tuple(path.parent / name for name in case["files"]),
                _FORMATS[case.get("format", source["format"])],
                tuple(ports) if ports else None,
                source["licence"],
                path.parent / "oracle" / case["id"],
            )


def decoded(files: tuple[Path, ...], form: Format | None, ports: Any = None) -> list[bytes]:
    """The lines of ``envizzy decode --json``."""
    collector = Collector(load_registry())
    items = []
    for path in files:
        for captured in read(path, ports=ports, format=form):
            items += collector.feed(captured)
    return [json_line(item) for item in items + collector.finish()]
