"""What decoding a file gives, in the order in which it became known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from streams.wire.model import MessageHeader


class Kind(StrEnum):
    """The ``kind`` of one line."""

    DATA = "data"
    OPTIONS = "options"
    TEMPLATE = "template"
    UNDECODED = "undecoded"
    MALFORMED = "malformed"


class Origin(NamedTuple):
    """Where a Message came from and what its header says; None where that could not be read.

    Attributes:
        exporter: Address as text; None where the file has none.
        version: The first two octets.
        export_time: Seconds since 1970-01-01T00:00:00Z, as in the header.
        sequence_number: As in the header.
        observation_domain_id: As in the header.
        sys_uptime_ms: As in the header; None for IPFIX, which has none.
        export_time_residual_ns: As in the header of v1, v5 and v7; else None.
        sampling: As in the header of v5; else None.
    """

    exporter: str | None
    version: int | None = None
    export_time: int | None = None
    sequence_number: int | None = None
    observation_domain_id: int | None = None
    sys_uptime_ms: int | None = None
    export_time_residual_ns: int | None = None
    sampling: int | None = None


_DETAILS: Mapping[int, tuple[str, ...]] = {
    1: ("sys_uptime_ms", "export_time_residual_ns"),
    5: ("sys_uptime_ms", "export_time_residual_ns", "sampling"),
    7: ("sys_uptime_ms", "export_time_residual_ns"),
    9: ("sys_uptime_ms",),
}
"""What else a version's header has: the last fields of ``Origin``, as many as it has of them."""


def header_details(header: MessageHeader) -> tuple[int, ...]:
    """Return the last fields of ``Origin``, as many as the version's header has."""
    return tuple(getattr(header, name) for name in _DETAILS.get(header.version, ()))


@dataclass(frozen=True, slots=True)
class Item:
    """One line of output.

    Attributes:
        kind: What it is.
        origin: Of the Message.
        template_id: Of the Template, or of the Set; None for malformed Messages and for the fixed
            records of v1, v5 and v7.
        fields: Element name to printed value; None where it is no record.
        details: Keys behind these, by kind (``docs/decode.md``).
    """

    kind: Kind
    origin: Origin
    template_id: int | None = None
    fields: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)
