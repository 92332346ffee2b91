"""Topics from their beginning to their true end, and the generator's account as it grows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from envizzy.generator.fleet import Sent
from envizzy.lab.errors import LabError
from service.brokers import Heard

_BATCH = 1000
_METADATA_SECONDS = 10.0

_READING: Mapping[str, str | int | bool] = {
    # Required by the library and never used: nothing is committed and no group is joined.
    "group.id": "envizzy-reader",
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": 20,
    "queued.max.messages.kbytes": 65536,
    "log_level": 2,
}


class TopicReader:
    """Reads all partitions of some topics; the end is known by end-of-partition events.

    ListOffsets(latest) is not asked: Tansu answers it wrongly.
    """

    def __init__(
        self,
        kafka: Mapping[str, Any],
        topics: Sequence[str],
        *,
        from_end: bool = False,
        patience: float = _METADATA_SECONDS,
    ) -> None:
        """Begin to read.

        Args:
            kafka: Settings of librdkafka: how the brokers are reached.
            topics: Names.
            from_end: Only what comes from now on.
            patience: Seconds with the first question.

        Raises:
            LabError: A topic is not there, or no broker answers.
        """
        heard = Heard()
        try:
            self._consumer = Consumer({**kafka, **_READING, "error_cb": heard})
        except KafkaException as error:
            raise LabError(f"[kafka]: {error.args[0].str()}") from error
        self._all: set[tuple[str, int]] = set()
        self._ended: set[tuple[str, int]] = set()
        start = -1 if from_end else -2  # OFFSET_END, OFFSET_BEGINNING
        try:
            for topic in topics:
                found = self._consumer.list_topics(topic, patience).topics[topic]
                if found.error is not None or not found.partitions:
                    raise LabError(
                        f"there is no topic {topic}: make the topics with envizzy topics create"
                    )
                self._all |= {(topic, partition) for partition in found.partitions}
            self._consumer.assign([TopicPartition(*each, start) for each in sorted(self._all)])
        except KafkaException as error:
            self._consumer.poll(0)  # what went wrong is told here
            self._consumer.close()
            raise LabError(heard.line(kafka, patience, error.args[0])) from error

    def read(self, seconds: float) -> list[Message]:
        """What has come, waiting for it at most this long.

        Raises:
            LabError: Kafka refuses for good.
        """
        records = []
        # To wait for a whole batch would make what comes look late.
        messages = self._consumer.consume(1, seconds)
        messages += self._consumer.consume(_BATCH, 0) if messages else []
        for message in messages:
            error = message.error()
            place = (message.topic(), message.partition())
            if error is None:
                self._ended.discard(place)
                records.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                self._ended.add(place)
            elif not error.retriable() and error.code() >= 0:
                raise LabError(f"reading {place[0]}: {error.str()}")
        return records

    @property
    def at_end(self) -> bool:
        """Whether the end of every partition was seen and nothing has come since."""
        return self._ended == self._all

    def to_end(self, patience: float = 0.2) -> Iterator[Message]:
        """All records up to the end as it is now."""
        while not self.at_end:
            yield from self.read(patience)

    def close(self) -> None:
        """Leave."""
        self._consumer.close()


@dataclass(slots=True)
class AccountReader:
    """Follows the generator's account.

    Attributes:
        path: The file; it need not be there yet.
        datagrams: Sent, as of the last total read.
        records: Sent, as of the last total read.
    """

    path: Path
    datagrams: int = 0
    records: int = 0
    _position: int = 0
    _rest: bytes = field(default=b"")

    def read(self) -> Iterator[Sent]:
        """The records noted since the last call."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._position)
            block = self._rest + file.read()
            self._position = file.tell()
        *lines, self._rest = block.split(b"\n")
        for line in lines:
            noted = orjson.loads(line)
            if isinstance(noted, dict):
                self.datagrams, self.records = noted["datagrams"], noted["records"]
            else:
                yield Sent(*noted)
