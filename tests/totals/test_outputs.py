"""What is read of ``netflow-1m``: all of it at a start, then only what we did not write."""

from typing import Any

from confluent_kafka import KafkaError

from streams.totals.book import Book
from streams.totals.buckets import Bucket
from streams.totals.checkpoints import Round
from streams.totals.lanes import Rules
from streams.totals_worker.outputs import Outputs
from streams.totals_worker.partition import Partition
from tests.totals.worlds import MemorySpill

EOF = KafkaError._PARTITION_EOF


class Message:
    """A record, or the end."""

    def __init__(self, offset: int, code: int | None = None) -> None:
        self._offset, self._code = offset, code

    def partition(self) -> int:
        """Always the first."""
        return 0

    def offset(self) -> int:
        """As given."""
        return self._offset

    def error(self) -> KafkaError | None:
        """The end is one."""
        return None if self._code is None else KafkaError(self._code)

    def headers(self) -> list[tuple[str, bytes]]:
        """A stranger's."""
        return [("writer", b"stranger")]

    def key(self) -> bytes:
        """Nothing that can be read."""
        return b""

    value = key


class Reader:
    """Stands for the consumer."""

    def __init__(self, _: object) -> None:
        self.assigned: list[list[int]] = []
        self.waiting: list[Message] = []
        self.asked = 0

    def list_topics(self, *_: object, **__: object) -> None:
        """Nothing to tell."""

    def assign(self, partitions: list[Any]) -> None:
        """Remember from which offsets."""
        self.assigned.append([each.offset for each in partitions])

    def consume(self, *_: object) -> list[Message]:
        """Give what waits."""
        self.asked += 1
        given, self.waiting = self.waiting, []
        return given


def made() -> tuple[Outputs, Reader, list[int], list[int]]:
    """A reader of one partition whose totals begin at offset 5; what it took, and its ends."""
    taken: list[int] = []
    ends: list[int] = []
    readers: list[Reader] = []

    def make(config: object) -> Reader:
        readers.append(Reader(config))
        return readers[0]

    outputs = Outputs(
        {},
        "netflow-1m",
        lambda _, message: taken.append(message.offset()),
        lambda _, offset: ends.append(offset),
        make,
    )
    outputs.add({0: 5})
    return outputs, readers[0], taken, ends


def test_at_a_start_all_is_read_to_the_end_and_then_nothing_is_fetched() -> None:
    """The end may lie behind the last record: compaction leaves holes."""
    outputs, reader, taken, ends = made()
    reader.waiting = [Message(5), Message(7), Message(9, EOF)]
    assert {0} == outputs.loading

    outputs.read()

    assert ([5, 7], [9], set()) == (taken, ends, outputs.loading)
    assert [[5], []] == reader.assigned
    asked = reader.asked
    outputs.read()
    assert asked == reader.asked


def test_a_look_begins_behind_what_is_known() -> None:
    """What we wrote and Kafka confirmed is not fetched; nothing already read is, either."""
    outputs, reader, taken, ends = made()
    reader.waiting = [Message(9, EOF)]
    outputs.read()

    outputs.look_on({0: 40})
    outputs.look_on({0: 99})  # the first look is not over
    reader.waiting = [Message(40), Message(41, EOF)]
    outputs.read()
    outputs.look_on({0: 3})

    assert [[5], [], [40], [], [41]] == reader.assigned
    assert ([40], [9, 41]) == (taken, ends)


def test_what_is_ours_is_known_up_to_the_first_hole() -> None:
    """A stranger's record between ours is read; ours before it are not."""
    partition = Partition(0, "us", Book(None, Rules(), MemorySpill()), 0.0)
    round_ = Round(Bucket(1, 29_000_000), 0, 3)

    for offset in (0, 1, 3):
        partition.confirmed(round_, offset)

    assert 0 == round_.open
    assert (2, 4) == (partition.known_end, partition.book.output_end)
    assert partition.look(Message(2), loading=False) is None
    assert 3 == partition.known_end
    assert not partition.look(Message(2), loading=False)
