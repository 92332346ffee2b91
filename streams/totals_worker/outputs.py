"""Reads ``netflow-1m`` back: at a start to its end, and then now and again what strangers wrote.

What we wrote ourselves is not read: fetching it costs as much as writing it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from service.logs import LIBRDKAFKA

READ_RECORDS = 5000
"""Records taken at a time."""

PATIENCE_SECONDS = 30.0
"""With one question to the brokers."""

Take = Callable[[int, Any], None]
"""Gets the partition and the record."""

Ended = Callable[[int, int], None]
"""Gets the partition and the offset that comes next: all before it was read."""


def outputs_config(connection: Mapping[str, Any], group: str) -> dict[str, Any]:
    """Configuration of a consumer that reads partitions to their end and commits nothing."""
    return {
        **connection,
        "group.id": group,
        "logger": LIBRDKAFKA,
        "enable.auto.commit": False,
        # The end is told by the fetch: Tansu's ListOffsets(latest) is wrong.
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 50,
    }


class Outputs:
    """The partitions of ``netflow-1m`` that are ours, each read from some offset on.

    Attributes:
        loading: Partitions that were not read to their end yet.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        topic: str,
        take: Take,
        ended: Ended,
        make: Any = Consumer,
    ) -> None:
        """Take what it needs.

        Args:
            config: ``outputs_config``.
            topic: Full name.
            take: Gets each record, in order.
            ended: Is told of each end.
            make: ``confluent_kafka.Consumer``; a test gives its own.
        """
        self._consumer = make(dict(config))
        self._topic = topic
        self._take = take
        self._ended = ended
        self._reading: set[int] = set()
        self._position: dict[int, int] = {}
        self.loading: set[int] = set()

    def add(self, starts: Mapping[int, int]) -> None:
        """Begin with partitions at offsets."""
        # Without it the first fetch waits a second for metadata.
        self._consumer.list_topics(self._topic, timeout=PATIENCE_SECONDS)
        self._position |= starts
        self.loading |= starts.keys()
        self._reading |= starts.keys()
        self._assign()

    def look_on(self, known: Mapping[int, int]) -> None:
        """Read from the offsets to the end, unless something is still being read.

        Args:
            known: By partition: before which nothing need be read.
        """
        if self._reading or not known:
            return
        for partition, offset in known.items():
            self._position[partition] = max(offset, self._position[partition])
        self._reading = set(known)
        self._assign()

    def remove(self, partitions: set[int]) -> None:
        """Leave partitions."""
        for each in partitions:
            self._position.pop(each, None)
        self.loading -= partitions
        self._reading -= partitions
        self._assign()

    def read(self, seconds: float = 0.0) -> int:
        """Read some.

        Returns:
            How many records there were.

        Raises:
            KafkaException: It cannot be read.
        """
        if not self._reading:
            return 0
        records = 0
        for message in self._consumer.consume(READ_RECORDS, seconds):
            partition, error = message.partition(), message.error()
            if partition not in self._position:
                continue
            if error is None:
                self._position[partition] = message.offset() + 1
                self._take(partition, message)
                records += 1
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                # the last offsets may be compacted away, or hold nothing
                end = max(message.offset(), self._position[partition])
                self._position[partition] = end
                self.loading.discard(partition)
                self._reading.discard(partition)
                self._ended(partition, end)
            elif error.fatal() or not error.retriable():
                raise KafkaException(error)
        if not self._reading:
            self._assign()
        return records

    def close(self) -> None:
        """End."""
        self._consumer.close()

    def _assign(self) -> None:
        """Fetch what is being read, and nothing else."""
        self._consumer.assign(
            [TopicPartition(self._topic, each, self._position[each]) for each in self._reading]
        )
