"""The ``[diag]`` table: what goes into the zip file of ``envizzy diag``."""

from typing import Literal, get_args

from pydantic import Field

from service.settings import Section

PartName = Literal["settings", "versions", "host", "services", "topics", "exporters", "logs"]
"""Parts that can be left out; a capture of ``raw`` has a time of its own."""

PARTS: tuple[PartName, ...] = get_args(PartName)


class DiagSettings(Section):
    """What ``envizzy diag`` puts into its zip file; docs/operations.md says what is personal."""

    parts: tuple[PartName, ...] = PARTS
    """What goes in. No part holds payloads; ``exporters`` and ``logs`` hold addresses."""

    log_octets: int = Field(default=2_000_000, ge=0)
    """The end of each log file that goes in."""

    log_files: int = Field(default=20, ge=0)
    """Log files at most, the newest; and so many times 1,000 lines of the journal."""

    exporters: int = Field(default=10_000, ge=0)
    """Exporters at most whose state goes in."""

    raw_seconds: float = Field(default=0.0, ge=0, le=3600)
    """How long ``raw`` is captured, as a pcap file; 0: not at all. It holds everything that the
    exporters send meanwhile: user names, programs, their arguments, destinations."""

    raw_octets: int = Field(default=50_000_000, ge=0)
    """The capture ends at this size."""
