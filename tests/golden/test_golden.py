"""Goldens: real packets and the lines that ``envizzy decode --json`` makes of them.

``UPDATE_GOLDEN=1 pytest tests/golden`` rewrites the lines; the commit says why. Each folder has
``case.toml`` (files in order, format, mode), ``packets/`` as they were found, ``records.jsonl`` and
a README of origin and licence.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from envizzy.captures import Format, read
from envizzy.decode import Collector, json_line
from envizzy.decode.records import record_lines
from schemas.elements import load_registry

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/case.toml"))


def decoded(folder: Path) -> bytes:
    case: dict[str, Any] = tomllib.loads((folder / "case.toml").read_text())
    form = Format(case["format"]) if "format" in case else None
    captured = (
        datagram
        for name in case["files"]
        for datagram in read(folder / "packets" / name, format=form)
    )
    if case.get("mode") == "records":
        return b"".join(line + b"\n" for line in record_lines(captured, (), as_json=True))
    collector = Collector(load_registry())
    items = [item for datagram in captured for item in collector.feed(datagram)]
    return b"".join(json_line(item) + b"\n" for item in items + collector.finish())


@pytest.mark.parametrize("name", CASES)
def test_the_lines_are_as_reviewed(name: str) -> None:
    """What stands in records.jsonl was compared with three other decoders; it stays as it is."""
    folder = HERE / name
    golden = folder / "records.jsonl"
    got = decoded(folder)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(got)

    assert golden.read_text().splitlines() == got.decode().splitlines()


@pytest.mark.parametrize("name", CASES)
def test_every_golden_says_where_it_comes_from(name: str) -> None:
    """A README with origin and licence stands beside each."""
    readme = (HERE / name / "README.md").read_text()

    assert "Origin: " in readme
    assert "Licence: " in readme
