"""Kinds of values that settings of several services have."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _is_known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("accepted: a name of the time zone database (Europe/Paris)") from None
    return zone


def _is_there(file: Path) -> Path:
    if not file.is_file():
        raise ValueError("accepted: a file that is there")
    return file


TimeZone = Annotated[str, AfterValidator(_is_known)]
"""A name of the time zone database."""

ExistingFile = Annotated[Path, AfterValidator(_is_there)]
"""A file that is there at the start."""
