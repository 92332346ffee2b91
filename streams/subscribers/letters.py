"""Dead letters of records that a destination refused."""

from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaException, Producer

from schemas import avro
from schemas.addresses import exporter_octets
from schemas.records import HEADER_EXPORTER, HEADER_RECEIVED, HEADER_RECORD_ID
from schemas.subscriber import Event
from service.logs import LIBRDKAFKA
from service.settings import KafkaSettings

REASON = "destination"
"""Of the closed list of reasons of dead letters: a subscriber's destination refused the record."""

FLUSH_SECONDS = 60.0
"""Patience with Kafka; then the process ends with 70 and nothing is committed."""

_NOBODY = bytes(16)
_DETAIL_CHARACTERS = 500
_ENVELOPE_OCTETS = 4096


class LetterError(RuntimeError):
    """A dead letter cannot be delivered: the process must not go on."""


def encode(event: Event, detail: str, limit: int) -> bytes:
    """The value for ``dead-letter``; its coordinates are those of the record topic.

    Args:
        event: The record that was refused; its octets are kept, cut where they are too many.
        detail: Who refused it and why.
        limit: Octets that a record may have.
    """
    exporter = event.header(HEADER_EXPORTER)
    received = event.header(HEADER_RECEIVED)
    return avro.encode(
        "dead_letter",
        {
            "reason": REASON,
            "record_id": event.header(HEADER_RECORD_ID),
            "exporter": _octets(exporter),
            "port": 0,
            "received_at_ns": int(received) if received.isdecimal() else event.timestamp_ms * 10**6,
            "offset": 0,
            "octets": (event.value or b"")[: max(0, limit - _ENVELOPE_OCTETS)],
            "detail": " ".join(detail.split())[:_DETAIL_CHARACTERS],
            "records": 1,
            "raw_topic": event.source,
            "raw_partition": event.partition,
            "raw_offset": event.offset,
        },
    )


def _octets(exporter: str) -> bytes:
    try:
        return exporter_octets(exporter) if exporter else _NOBODY
    except ValueError:  # a header that is not ours
        return _NOBODY


class Letters:
    """Sends dead letters; the producer is made with the first one."""

    def __init__(
        self,
        kafka: KafkaSettings,
        topic: str,
        name: str,
        limit: int,
        make: Callable[[dict[str, Any]], Any] = Producer,
    ) -> None:
        """Take what it needs.

        Args:
            kafka: How to reach it.
            topic: Full name of ``dead-letter``.
            name: Of the subscriber.
            limit: Octets that a record may have.
            make: ``confluent_kafka.Producer``; a test gives its own.
        """
        self._config: dict[str, Any] = {
            **kafka.librdkafka(f"subscriber-{name}-letters"),
            "logger": LIBRDKAFKA,
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": "lz4",
            "message.max.bytes": limit,
        }
        self._topic = topic
        self._name = name
        self._limit = limit
        self._make = make
        self._producer: Any = None
        self._error: Any = None

    def bury(self, event: Event, answer: str) -> None:
        """Hand over one dead letter.

        Raises:
            LetterError: Kafka refuses it on the spot.
        """
        if self._producer is None:
            self._producer = self._make(self._config)
        value = encode(event, f"subscriber {self._name}: {answer}", self._limit)
        arguments = {
            "key": event.header(HEADER_EXPORTER).encode() or None,
            "timestamp": event.timestamp_ms,
            "headers": [(HEADER_RECORD_ID, event.header(HEADER_RECORD_ID))],
            "on_delivery": self._delivered,
        }
        try:
            try:
                self._producer.produce(self._topic, value, **arguments)
            except BufferError:
                self._producer.flush(FLUSH_SECONDS)
                self._producer.produce(self._topic, value, **arguments)
        except (KafkaException, BufferError) as error:
            raise LetterError(f"dead letter not taken: {error}") from error

    def flush(self) -> None:
        """Wait until all that was handed over is safe.

        Raises:
            LetterError: Something is not.
        """
        if self._producer is None:
            return
        left = self._producer.flush(FLUSH_SECONDS)
        if left or self._error:
            raise LetterError(f"dead letters not delivered: {self._error or 'no answer'}")

    def _delivered(self, error: Any, _: Any) -> None:
        if error is not None:
            self._error = error.str()
