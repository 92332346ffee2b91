"""Hands records to Kafka and sees to it that each is delivered, buried, or stops the worker."""

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.addresses import exporter_text
from schemas.records import HEADER_RECORD_ID
from service.logs import LIBRDKAFKA, Repeats, logger
from service.settings import KafkaSettings, TopicsSettings
from streams.agents import letters
from streams.agents.flights import Flight
from streams.agents.stop import stop_process
from streams.metrics import StreamsMetrics
from streams.pipeline.model import DeadLetter, NewLayout
from streams.settings import StreamsSettings

TOO_LARGE = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.RECORD_LIST_TOO_LARGE,
    }
)
"""Errors that a smaller record would not have."""

PERMANENT = TOO_LARGE | {KafkaError.INVALID_RECORD}
"""Errors of this record that trying again cannot mend. All others end the worker: they concern all
records (authorisation, a topic that is gone), or time (retriable ones were tried long enough)."""

ANY_PARTITION = -1
QUEUE_KIB = 2_000_000
"""The flights are the limit, not librdkafka's queue: produce() never waits."""

NS_PER_MS = 1_000_000

Arguments = tuple[Any, ...]
"""Of ``produce``, by position: topic, value, key, partition, callback, None, timestamp, headers."""


def producer_config(settings: StreamsSettings, kafka: KafkaSettings) -> dict[str, Any]:
    """The producer's configuration (design 9)."""
    return {
        **kafka.librdkafka("streams-records"),
        "logger": LIBRDKAFKA,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": settings.compression,
        "linger.ms": settings.linger_ms,
        "partitioner": "murmur2_random",
        "queue.buffering.max.messages": 0,
        "queue.buffering.max.kbytes": QUEUE_KIB,
        "message.max.bytes": settings.message_octets,
        "delivery.timeout.ms": int(settings.delivery_timeout_seconds * 1000),
    }


class Publisher:
    """Two producers: the broker refuses a whole batch for one record, the second sends alone.

    Attributes:
        topic: Full name of each topic.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        topics: TopicsSettings,
        metrics: StreamsMetrics,
        make: Any = Producer,
    ) -> None:
        """Make the producers.

        Args:
            config: ``producer_config``.
            topics: Names.
            metrics: Counted into.
            make: ``confluent_kafka.Producer``; a test gives its own.
        """
        self._limit = int(config["message.max.bytes"])
        self._producer = make(dict(config))
        self._alone = make({**config, "batch.num.messages": 1})
        self._metrics = metrics
        self._log = logger("streams.publisher")
        self._repeats = Repeats(60.0)
        self.topic = {
            name: topics.name(name)
            for name in (
                "raw",
                "state",
                "layouts",
                "endpoint",
                "interface",
                "flow",
                "netflow",
                "exporter",
                "dead-letter",
            )
        }
        self.produce = self._producer.produce

    def poll(self) -> None:
        """Take in delivery reports."""
        self._producer.poll(0)
        self._alone.poll(0)

    def send(
        self,
        flight: Flight,
        topic: str,
        value: bytes | None,
        key: bytes | str | None,
        partition: int = ANY_PARTITION,
        timestamp_ms: int = 0,
        headers: list[tuple[str, str]] | None = None,
    ) -> None:
        """Send one record of a flight.

        Args:
            flight: Waits for the delivery.
            topic: Full name.
            value: None is a tombstone.
            key: None where there is none.
            partition: -1 leaves it to the key.
            timestamp_ms: Kafka timestamp; 0 means now.
            headers: As librdkafka takes them.
        """
        arguments = (topic, value, key, partition, flight.report, None, timestamp_ms, headers or [])
        self.send_all(flight, (arguments,))

    def send_all(self, flight: Flight, records: Sequence[Arguments]) -> None:
        """Send records whose arguments are ready; ``send`` for many, without its call for each.

        Args:
            flight: Whose ``report`` stands in the arguments.
            records: Arguments of ``produce``, by position.
        """
        flight.sent += records
        flight.open += len(records)
        produce = self.produce
        for arguments in records:
            try:
                produce(*arguments)
            except KafkaException as error:
                self._give_up(flight, arguments, error.args[0])
            except BufferError:
                stop_process("the producer's queue is full", topic=arguments[0])

    def bury(self, flight: Flight, letter: DeadLetter) -> None:
        """Send a dead letter of a flight."""
        self._metrics.dead_letter(str(letter.reason))
        value = letters.encode(
            letter, self.topic["raw"], flight.partition, flight.offset, self._limit
        )
        self.send(
            flight,
            self.topic["dead-letter"],
            value,
            exporter_text(letter.exporter).encode(),
            ANY_PARTITION,
            letter.received_at_ns // NS_PER_MS,
            [(HEADER_RECORD_ID, letter.record_id)] if letter.record_id else None,
        )

    def layout(self, flight: Flight, layout: NewLayout) -> None:
        """Give a layout to the fleet."""
        self.send(flight, self.topic["layouts"], layout.value, layout.key)

    def refused(self, flight: Flight, error: Any, message: Any) -> None:
        """A delivery report with an error: send the record again alone, or stop.

        The report has no headers, so the record is found among those of the flight.
        """
        self._stop_unless_permanent(error, message.topic())
        arguments = _taken(flight, message)
        if arguments is None:
            stop_process("a delivery report of nothing that was sent", topic=message.topic())
        self._metrics.counter("streams_resent_records_total").inc()

        def report(again: Any, _: Any) -> None:
            if again is None:
                flight.open -= 1
            else:
                self._give_up(flight, arguments, again)

        topic, value, key, partition, _, _, timestamp_ms, headers = arguments
        try:
            self._alone.produce(topic, value, key, partition, report, None, timestamp_ms, headers)
        except KafkaException as again:
            self._give_up(flight, arguments, again.args[0])

    def close(self, seconds: float) -> int:
        """Wait for what is under way.

        Returns:
            How many records are not confirmed.
        """
        return int(self._producer.flush(seconds)) + int(self._alone.flush(seconds))

    def _give_up(self, flight: Flight, arguments: Arguments, error: Any) -> None:
        topic, headers = arguments[0], arguments[7]
        self._stop_unless_permanent(error, topic)
        self._metrics.counter("streams_refused_records_total").inc()
        self._repeats.warning(self._log, "record refused", topic=topic, error=error.str())
        too_large = error.code() in TOO_LARGE
        self.bury(flight, letters.of_record(headers, topic, error.str(), too_large=too_large))
        flight.open -= 1

    def _stop_unless_permanent(self, error: Any, topic: str) -> None:
        if error.code() not in PERMANENT or topic == self.topic["dead-letter"]:
            stop_process("not delivered", topic=topic, error=error.str(), code=error.name())


def _taken(flight: Flight, message: Any) -> tuple[Any, ...] | None:
    """Take the record of a delivery report out of the flight's account."""
    topic, value, key = message.topic(), message.value(), message.key()
    for index, arguments in enumerate(flight.sent):
        sent_key = arguments[2].encode() if isinstance(arguments[2], str) else arguments[2]
        # librdkafka makes no difference between empty and none in a report
        if (
            arguments[0] == topic
            and (arguments[1] or None) == (value or None)
            and ((sent_key or None) == (key or None))
        ):
            return flight.sent.pop(index)
    return None
