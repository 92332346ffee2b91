"""On which line of a TOML file a key stands: for error messages only.

``tomllib`` keeps no positions. This is no second parser: it looks for table headers and ``key =``
at the start of lines, and where it finds nothing the message names the file alone.
"""

import re
from collections.abc import Mapping, Sequence

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_PATH = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_PATH})\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(rf"\s*({_PATH})\s*=")
_PARTS = re.compile(_PART)
_FENCES = ('"""', "'''")


def _split(path: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PARTS.findall(path))


def find_lines(text: str) -> Mapping[tuple[str, ...], int]:
    """The line, from 1, on which each table header and key first stands."""
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    fence: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if fence is not None:  # within a text of several lines
            if fence in line:
                fence = None
            continue
        header = _HEADER.match(line)
        if header:
            table = _split(header[1])
            lines.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            lines.setdefault(table + _split(key[1]), number)
        fence = next((mark for mark in _FENCES if line.count(mark) % 2), None)
    return lines


def line_of(lines: Mapping[tuple[str, ...], int], path: Sequence[str]) -> int | None:
    """The line of a key, else of the nearest table around it; None where there is neither."""
    for length in range(len(path), 0, -1):
        found = lines.get(tuple(path[:length]))
        if found is not None:
            return found
    return None
