"""Stand-ins for Kafka's clients and Faust's events, for tests without a broker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition


@dataclass
class FakeEvent:
    """Remembers that it was acknowledged."""

    name: int
    acknowledged: list[int]

    def ack(self) -> None:
        """As Faust's."""
        self.acknowledged.append(self.name)


@dataclass
class FakeMessage:
    """A delivery report or a consumed record."""

    topic_: str
    value_: bytes | None
    key_: bytes | None = None
    partition_: int = 0
    offset_: int = 0
    error_: Any = None

    def topic(self) -> str:
        """As confluent's."""
        return self.topic_

    def value(self) -> bytes | None:
        """As confluent's."""
        return self.value_

    def key(self) -> bytes | None:
        """As confluent's."""
        return self.key_

    def partition(self) -> int:
        """As confluent's."""
        return self.partition_

    def offset(self) -> int:
        """As confluent's."""
        return self.offset_

    def error(self) -> Any:
        """As confluent's."""
        return self.error_


@dataclass
class FakeProducer:
    """Keeps what is sent until the test confirms or refuses it."""

    config: dict[str, Any]
    sent: list[tuple[Any, ...]] = field(default_factory=list)
    raises: dict[str, KafkaException] = field(default_factory=dict)

    def produce(self, *arguments: Any) -> None:
        """As confluent's, by position."""
        if arguments[0] in self.raises:
            raise self.raises[arguments[0]]
        self.sent.append(arguments)

    def poll(self, _: float) -> int:
        """Nothing comes by itself."""
        return 0

    def flush(self, _: float) -> int:
        """What is open."""
        return len(self.sent)

    def settle(self, error: KafkaError | None = None) -> None:
        """Report all that was sent, in order."""
        sent, self.sent = self.sent, []
        for topic, value, key, partition, callback, *_ in sent:
            octets = key.encode() if isinstance(key, str) else key
            callback(error, FakeMessage(topic, value, octets, partition))


class Producers:
    """Makes fake producers and keeps them: the ordinary one, then the one that sends alone."""

    def __init__(self) -> None:
        self.made: list[FakeProducer] = []

    def __call__(self, config: dict[str, Any]) -> FakeProducer:
        """As ``confluent_kafka.Producer``."""
        self.made.append(FakeProducer(config))
        return self.made[-1]


class FakeConsumer:
    """Gives the records of a test, then the ends of the partitions."""

    def __init__(
        self,
        batches: Sequence[Sequence[FakeMessage]],
        committed: dict[int, int] | None = None,
        lows: dict[int, int] | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.batches = list(batches)
        self.assigned: list[TopicPartition] = []
        self.closed = False
        self._committed = committed or {}
        self._lows = lows or {}
        self._before = before

    def list_topics(self, *_: object, **__: object) -> None:
        """Nothing to warm up."""

    def committed(self, asked: list[TopicPartition], **_: object) -> list[TopicPartition]:
        """As confluent's: -1001 where nothing is."""
        return [
            TopicPartition(each.topic, each.partition, self._committed.get(each.partition, -1001))
            for each in asked
        ]

    def get_watermark_offsets(self, asked: TopicPartition, **_: object) -> tuple[int, int]:
        """The log's begin, and an end that nobody relies on."""
        return self._lows.get(asked.partition, 0), 0

    def assign(self, partitions: list[TopicPartition]) -> None:
        """As confluent's."""
        self.assigned = partitions

    def consume(self, _: int, __: float) -> list[FakeMessage]:
        """The next batch."""
        self._before()
        return list(self.batches.pop(0)) if self.batches else []

    def close(self) -> None:
        """As confluent's."""
        self.closed = True


def end_of(partition: int, offset: int) -> FakeMessage:
    """The event that says that a partition was read to its end."""
    error = KafkaError(KafkaError._PARTITION_EOF)
    return FakeMessage("state", None, None, partition, offset, error)
