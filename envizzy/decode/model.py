"""What decoding a file gives, in the order in which it became known."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


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
    """

    exporter: str | None
    version: int | None = None
    export_time: int | None = None
    sequence_number: int | None = None
    observation_domain_id: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One line of output.

    Attributes:
        kind: What it is.
        origin: Of the Message.
        template_id: Of the Template, or of the Set; None for malformed Messages.
        fields: Element name to printed value; None where it is no record.
        details: Keys behind these, by kind (``docs/decode.md``).
    """

    kind: Kind
    origin: Origin
    template_id: int | None = None
    fields: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)
