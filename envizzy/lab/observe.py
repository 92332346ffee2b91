"""What comes out of Kafka, as the checker and the table want it."""

import random
from array import array
from dataclasses import dataclass, field
from typing import Any

import orjson
from confluent_kafka import Message

from envizzy.lab.checker import Published
from schemas.records import HEADER_EXPORTER, HEADER_ORIGIN, HEADER_RECEIVED, HEADER_RECORD_ID

_KEPT_LATENCIES = 200_000
_MILLISECOND = 1_000_000


def headers_of(message: Message) -> dict[str, str]:
    """Header names to values as text; the last of a repeated one."""
    return {
        name: value.decode(errors="replace") if isinstance(value, bytes) else value or ""
        for name, value in message.headers() or ()
    }


def record_of(message: Message, kind: str) -> tuple[Published, int]:
    """A record of a record topic.

    Args:
        message: As it was read.
        kind: Which topic it is, by the topics table.

    Returns:
        The record, and its receive time in nanoseconds since 1970.
    """
    headers = headers_of(message)
    value: dict[str, Any] = orjson.loads(message.value() or b"{}")
    published = Published(
        kind,
        message.partition(),
        (message.key() or b"").decode(errors="replace"),
        headers.get(HEADER_RECORD_ID, ""),
        headers.get(HEADER_EXPORTER, ""),
        headers.get(HEADER_ORIGIN, ""),
        value,
    )
    return published, int(headers.get(HEADER_RECEIVED) or 0)


@dataclass(slots=True)
class Latencies:
    """Milliseconds from the socket to the topic: a fair sample of bounded size."""

    _kept: "array[float]" = field(default_factory=lambda: array("f"))
    _seen: int = 0
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    def add(self, received_ns: int, arrived_ns: int) -> None:
        """One record.

        Args:
            received_ns: When its datagram was received.
            arrived_ns: When the record was read from the topic.
        """
        milliseconds = (arrived_ns - received_ns) / _MILLISECOND
        self._seen += 1
        if len(self._kept) < _KEPT_LATENCIES:
            self._kept.append(milliseconds)
        elif (place := self._random.randrange(self._seen)) < _KEPT_LATENCIES:
            self._kept[place] = milliseconds

    def quantile(self, share: float) -> float | None:
        """Milliseconds that this share of the records does not exceed; None without any."""
        if not self._kept:
            return None
        ordered = sorted(self._kept)
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 1)
