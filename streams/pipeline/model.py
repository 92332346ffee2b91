"""What one datagram, or the passing of time, comes to."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from streams.state.model import Change, Note


class Reason(StrEnum):
    """Why something went to ``dead-letter``.

    Reasons ``malformed_*`` are ``Malformed`` with that prefix.
    """

    NO_TEMPLATE = "no_template"
    """Parked, and no Template came within the time allowed."""
    PARKED_OVERFLOW = "parked_overflow"
    """The exporter's, or the worker's, share of parked Sets was full: the oldest went."""
    MISSING_BASE_INFORMATION = "missing_base_information"
    """A router flow that lacks base information, where the settings require it; decoded."""
    UNSUPPORTED_VERSION = "unsupported_version"
    """A version of NetFlow that is not read: 2, 3, 4, 6 or 8."""
    LIMIT = "limit"
    """A quota of the exporter was reached (sessions, templates, options)."""
    TOO_LARGE = "too_large"
    """A record that the topic does not take even after cutting."""
    REFUSED = "refused"
    """Kafka refused the record for good."""
    INTERNAL = "internal"
    """A defect of ours: the traceback is in the log."""


class Record(NamedTuple):
    """One record for a topic.

    Attributes:
        kind: ``endpoint``, ``interface``, ``flow`` or ``netflow`` (the topic's name in the topics
            table).
        key: Kafka key; None where no UDID was sent, or where the settings say so.
        value: Output dictionary in wire order.
        record_id: ``schemas.datagram.record_id``.
        received_at_ns: Of the datagram that carried it (the parked one's, not the Template's).
        exporter: 16 octets.
        origin: ``template-origin``: "" for its session's own Template, ``sibling`` or ``fleet``.
        parked: Whether it waited for its Template.
    """

    kind: str
    key: bytes | None
    value: dict[str, Any]
    record_id: str
    received_at_ns: int
    exporter: bytes
    origin: str = ""
    parked: bool = False


class DeadLetter(NamedTuple):
    """What could not go on.

    Attributes:
        reason: ``Reason`` value or ``malformed_`` + ``Malformed`` value.
        record_id: Coordinates prefix, or of the Set or record concerned.
        exporter: 16 octets.
        port: Of the Exporter.
        received_at_ns: Of the datagram.
        offset: Octet of the payload at which the trouble is; 0 where it is the whole.
        octets: The Message (malformed) or the Set (parked) as received; the decoded record as JSON
            (missing base information).
        detail: For people, one line.
        records: How many Data Records are in it, where that is known; else 0.
    """

    reason: str
    record_id: str
    exporter: bytes
    port: int
    received_at_ns: int
    offset: int
    octets: bytes
    detail: str
    records: int = 0


class NewLayout(NamedTuple):
    """A nvzFlow template layout that the fleet's memory lacks.

    Attributes:
        key: Content hash (``streams.state.layouts``).
        value: Avro, as it goes to the ``layouts`` topic.
    """

    key: bytes
    value: bytes


class Outcome(NamedTuple):
    """All that follows from one datagram, or from time; pure, so it may be thrown away.

    Attributes:
        records: To be published, in order.
        dead_letters: To be published.
        changes: Of the state, in order; applied to the partition's state, then written to
            ``state``.
        layouts: To be written to ``layouts``.
        counts: ``streams.pipeline.counts.Count`` to how many.
        notes: What is remembered in memory only: ``PartitionState.apply(changes, notes)``.
    """

    records: Sequence[Record]
    dead_letters: Sequence[DeadLetter]
    changes: Sequence[Change]
    layouts: Sequence[NewLayout]
    counts: Mapping[str, int]
    notes: Sequence[Note] = ()


NOTHING = Outcome((), (), (), (), {})
"""Nothing follows."""
