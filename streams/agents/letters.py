"""Dead letters of the agent's own making, and their encoding."""

from typing import Any

from schemas import avro
from schemas.addresses import exporter_octets
from schemas.records import HEADER_EXPORTER, HEADER_RECEIVED, HEADER_RECORD_ID
from streams.pipeline.model import DeadLetter, Reason

DETAIL_CHARACTERS = 500
"""A detail is one line; an exception's text may be anything."""

NOBODY = bytes(16)
"""The exporter of a letter that is about no datagram."""

ENVELOPE_OCTETS = 4096
"""Room for all of a letter but its octets."""


def encode(letter: DeadLetter, topic: str, partition: int, offset: int, limit: int) -> bytes:
    """The value for ``dead-letter``; always within the limit.

    Args:
        letter: What could not go on.
        topic: Of the raw event.
        partition: Of the raw event.
        offset: Of the raw event.
        limit: Octets that a record may have.
    """
    room = max(0, limit - ENVELOPE_OCTETS)
    return avro.encode(
        "dead_letter",
        {
            "reason": str(letter.reason),
            "record_id": letter.record_id,
            "exporter": letter.exporter,
            "port": letter.port,
            "received_at_ns": letter.received_at_ns,
            "offset": letter.offset,
            "octets": bytes(letter.octets[:room]),
            "detail": one_line(letter.detail),
            "records": letter.records,
            "raw_topic": topic,
            "raw_partition": partition,
            "raw_offset": offset,
        },
    )


def one_line(text: str) -> str:
    """A detail as it stands in a letter: printable, bounded."""
    return " ".join(text.split())[:DETAIL_CHARACTERS].encode("utf-8", "replace").decode()


def of_event(detail: str, received_at_ns: int) -> DeadLetter:
    """An event that is no RawBatch: small, it says where the event is."""
    return DeadLetter(
        Reason.INTERNAL, "", NOBODY, 0, received_at_ns, 0, b"", f"raw_batch: {detail}"
    )


def of_record(
    headers: list[tuple[str, str]] | None, topic: str, detail: str, *, too_large: bool
) -> DeadLetter:
    """A record that Kafka refused for good: small, it says where its datagram is.

    Args:
        headers: Of the record; None for state and layouts.
        topic: That refused it.
        detail: Why.
        too_large: Whether its size was the reason.
    """
    found: dict[str, Any] = dict(headers or ())
    exporter = found.get(HEADER_EXPORTER)
    return DeadLetter(
        Reason.TOO_LARGE if too_large else Reason.REFUSED,
        found.get(HEADER_RECORD_ID, ""),
        exporter_octets(exporter) if exporter else NOBODY,
        0,
        int(found.get(HEADER_RECEIVED, 0)),
        0,
        b"",
        f"{topic}: {detail}",
        1 if headers else 0,
    )
