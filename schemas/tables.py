"""Reads the CSV tables of contracts: the built-in ones and a site's own."""

import csv
import io
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from schemas.errors import SchemaError

MAXIMUM_TABLE_OCTETS = 16 * 1024 * 1024
"""A table is read whole; the largest built-in one has 30 KiB, so more than this is a wrong file."""


class Row(NamedTuple):
    """One line of a table.

    Attributes:
        place: ``file:line``, for errors.
        values: Column to text, stripped; a column that the file lacks is "".
    """

    place: str
    values: dict[str, str]


def builtin_text(folder: str, name: str) -> str:
    """Return a table that is shipped in ``schemas/FOLDER`` ("" for ``schemas`` itself)."""
    place = files("schemas")
    return (place / folder / name if folder else place / name).read_text(encoding="utf-8")


def site_text(path: Path) -> str:
    """Return a site's own table.

    Raises:
        SchemaError: It cannot be read, is too large, or is not UTF-8.
    """
    try:
        if path.stat().st_size > MAXIMUM_TABLE_OCTETS:
            raise SchemaError(f"{path}: larger than {MAXIMUM_TABLE_OCTETS} octets; not a table")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SchemaError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path}: not UTF-8 at octet {error.start}") from error


def rows(
    name: str, text: str, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[Row]:
    """Give the rows of a CSV text; empty lines and lines that begin with ``#`` are passed over.

    Args:
        name: What errors call the text.
        text: CSV with a header line.
        required: Columns that must be there.
        optional: Columns that may be there.

    Raises:
        SchemaError: A column is missing or unknown, or a line has too many or too few values.
    """
    header: list[str] | None = None
    reader = csv.reader(io.StringIO(text))
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if not any(values) or values[0].startswith("#"):
                continue
            place = f"{name}:{reader.line_num}"
            if header is None:
                header = _checked_header(place, values, required, optional)
                continue
            if len(values) != len(header):
                raise SchemaError(
                    f"{place}: {len(values)} values, the header has {len(header)} columns"
                )
            yield Row(place, dict.fromkeys(optional, "") | dict(zip(header, values, strict=True)))
    except csv.Error as error:
        raise SchemaError(f"{name}:{reader.line_num}: {error}") from error
    if header is None:
        raise SchemaError(f"{name}:1: no header line; columns: {','.join((*required, *optional))}")


def _checked_header(
    place: str, header: list[str], required: Sequence[str], optional: Sequence[str]
) -> list[str]:
    allowed = ",".join((*required, *optional))
    for column in header:
        if column not in required and column not in optional:
            raise SchemaError(f"{place}: unknown column {column!r}; columns: {allowed}")
    for column in required:
        if column not in header:
            raise SchemaError(f"{place}: column {column!r} is missing; columns: {allowed}")
    if len(set(header)) != len(header):
        raise SchemaError(f"{place}: a column occurs twice; columns: {allowed}")
    return header


def number(place: str, column: str, text: str, maximum: int) -> int:
    """Return a decimal of 0 to ``maximum``.

    Raises:
        SchemaError: It is something else.
    """
    # isdecimal alone would accept digits of other scripts
    if not (text.isascii() and text.isdecimal()) or int(text) > maximum:
        raise SchemaError(f"{place}: {column} {text!r} is not a number of 0 to {maximum}")
    return int(text)
