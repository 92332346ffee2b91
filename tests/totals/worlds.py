"""Streams of flows with repeats and late ones, and a worker on them that dies at any moment."""

import random
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.totals.book import Book
from streams.totals.buckets import PUBLISHED, REVISION, Bucket, Total
from streams.totals.checkpoints import Checkpoints, Round
from streams.totals.flows import Flow
from streams.totals.lanes import Lane, Rules
from streams.totals.present import Parsed, output_key, output_value, parse
from streams.totals.snapshot import Snapshot, decode, encode
from streams.totals.split import MINUTE_NS

EPOCH_NS = 29_000_000 * MINUTE_NS
"""A minute of 2025."""

SECOND_NS = 1_000_000_000
RULES = Rules(grace_seconds=0, late_minutes=1, longest_minutes=5)


class Row(NamedTuple):
    """A record of ``netflow``."""

    record_id: bytes
    released_by: bytes | None
    exporter: str
    received_ns: int
    read: Flow | str


class Written(NamedTuple):
    """A record of ``netflow-1m``."""

    lane: bytes
    key: str
    value: bytes


class MemorySpill:
    """The spill as dictionaries."""

    def __init__(self) -> None:
        self.kept: dict[int, dict[str, Total]] = {}

    def find(self, bucket: int, key: str) -> Total | None:
        """As of the spill."""
        found = self.kept.get(bucket, {}).get(key)
        return None if found is None else list(found)

    def put(self, bucket: int, totals: object) -> None:
        """As of the spill."""
        self.kept.setdefault(bucket, {}).update((key, list(total)) for key, total in totals)  # type: ignore[attr-defined]

    def drop(self, bucket: int) -> None:
        """As of the spill."""
        del self.kept[bucket]


def prefix(partition: int, offset: int, datagram: int = 0, incarnation: str = "0badcafe") -> str:
    """Coordinates of a datagram."""
    return f"{incarnation}-{partition:04x}-{offset:012x}-{datagram:04x}"


def flow(
    start_ns: int, end_ns: int, octets: int, packets: int = 1, key: int = 0, *, doubt: bool = False
) -> Flow:
    """A flow."""
    name = f"1,2,TCP,0,10.0.0.1,10.0.0.2,{key},443"
    return Flow(name, start_ns, end_ns, octets, packets, 0, doubt)


class Shape(NamedTuple):
    """How a stream looks.

    Attributes:
        datagrams: Of each partition of ``raw``.
        burst: Records of a datagram, at most.
        steps: Seconds from one datagram to the next.
        exporters: Of each partition.
        keys: Flows of an Exporter.
        back: Records that a decoder which died does again, at most.
    """

    datagrams: int
    burst: int = 3
    steps: tuple[int, ...] = (0, 1, 9, 70)
    exporters: int = 2
    keys: int = 3
    back: int = 12


def stream(
    rng: random.Random, shape: Shape, begin_ns: int = EPOCH_NS
) -> tuple[list[Row], list[Row]]:
    """Records as decoders write them.

    Two partitions of ``raw`` whose decoders advance independently, records that were parked, and
    decoders that die and do the work since their last commit again.

    Returns:
        What stands on ``netflow``, and each record once.
    """
    lanes = []
    for partition in (3, 7):
        now_ns = begin_ns + rng.randrange(0, 90 * SECOND_NS)
        own: list[Row] = []
        parked: list[Row] = []
        for offset in range(100, 100 + shape.datagrams):
            now_ns += rng.choice(shape.steps) * SECOND_NS
            at = prefix(partition, offset)
            if parked and rng.random() < 0.3:
                own += [each._replace(released_by=at.encode()) for each in parked]
                parked = []
            for index in range(rng.randrange(shape.burst + 1)):
                end = now_ns - rng.randrange(-20, 60) * SECOND_NS
                length = rng.choice((0, 1, 30, 61, 200, 2000)) * SECOND_NS + rng.randrange(1000)
                read: Flow | str = flow(
                    end - length,
                    end,
                    rng.randrange(2000),
                    rng.randrange(9),
                    rng.randrange(shape.keys),
                    doubt=rng.random() < 0.1,
                )
                if rng.random() < 0.1:
                    read = "missing_base_information"
                exporter = f"192.0.2.{partition * 10 + rng.randrange(shape.exporters)}"
                row = Row(f"{at}-0000-{index:04x}".encode(), None, exporter, now_ns, read)
                (parked if rng.random() < 0.1 else own).append(row)
        lanes.append(own)
    once = [row for own in lanes for row in own]
    return _interleaved(rng, lanes, shape.back), once


def _interleaved(rng: random.Random, lanes: list[list[Row]], back: int) -> list[Row]:
    at, out = [0] * len(lanes), []
    while any(position < len(own) for position, own in zip(at, lanes, strict=True)):
        which = rng.randrange(len(lanes))
        own, position = lanes[which], at[which]
        if position < len(own):
            out.append(own[position])
            at[which] += 1
        if rng.random() < 0.36 / back:
            at[which] = max(0, at[which] - rng.randrange(back))
    return out


@dataclass
class Kafka:
    """What outlives a worker."""

    rows: list[Row]
    output: list[Written] = field(default_factory=list)
    committed: tuple[int, str] | None = None

    def last(self) -> dict[str, Parsed]:
        """The last record of each key, as a reader has it."""
        return {each.key: parse(each.key.encode(), each.value) for each in self.output}

    def greatest(self) -> dict[str, int]:
        """The greatest revision of each key."""
        found: dict[str, int] = {}
        for each in self.output:
            revision = parse(each.key.encode(), each.value).revision
            found[each.key] = max(revision, found.get(each.key, 0))
        return found


class Life:
    """A worker from its start to its death; what it sent arrives in order, or late, or never."""

    def __init__(self, kafka: Kafka, rules: Rules = RULES) -> None:
        self.kafka = kafka
        snapshot = None if kafka.committed is None else decode(*kafka.committed)
        self.spill = MemorySpill()
        self.book = Book(snapshot, rules, self.spill)
        self.points = Checkpoints()
        self.queue: list[tuple[Written, Round]] = []
        self.seen = 0 if snapshot is None else snapshot.output_from
        self.own: set[int] = set()
        self.rewritten = 0
        self.look()

    def look(self) -> None:
        """Read what stands on ``netflow-1m``; our own records are known."""
        for offset in range(self.seen, len(self.kafka.output)):
            if offset not in self.own:
                each = self.kafka.output[offset]
                parsed = parse(each.key.encode(), each.value)
                self.rewritten += self.book.adopt(each.lane, parsed, offset)
        self.seen = len(self.kafka.output)

    def read(self, number: int) -> None:
        """Take some records."""
        for offset in range(self.book.next, min(self.book.next + number, len(self.kafka.rows))):
            self.book.take(offset, *self.kafka.rows[offset])
            self.points.mark(self.book.snapshot())

    def publish(self, *, everything: bool = False) -> None:
        """Send what is due."""
        found = self.book.due()
        if everything:
            found = [*found, *self.book.buckets()]
        for lane, bucket in found:
            self.send(lane, bucket)

    def send(self, lane: Lane, bucket: Bucket) -> None:
        """Send one bucket."""
        ledger, since = self.book.ledger, bucket.dirty_from
        partial, items = ledger.publish(lane, bucket)
        if items:
            round_ = Round(bucket, self.book.next if since is None else since, len(items))
            self.points.sent(round_)
            for key, total in items:
                assert total[REVISION] == total[PUBLISHED]
                value = output_value(key, bucket.minute, total, partial=partial)
                written = Written(lane.key, output_key(key, bucket.minute), value)
                self.queue.append((written, round_))
        ledger.forget(lane, bucket)

    def deliver(self, number: int) -> None:
        """Kafka takes some."""
        for written, round_ in self.queue[:number]:
            offset = len(self.kafka.output)
            self.kafka.output.append(written)
            self.own.add(offset)
            round_.delivered(offset)
            self.book.wrote(offset)
        self.queue = self.queue[number:]

    def commit(self) -> None:
        """Commit what may be."""
        found: Snapshot | None = self.points.committable(self.book.unpublished_from())
        if found is not None:
            self.kafka.committed = (found.offset, encode(found))

    def spill_all(self) -> None:
        """Memory is full: all is published early, and moved out of memory."""
        self.publish(everything=True)
        for _, bucket in self.book.buckets():
            self.book.ledger.spill(bucket)
        assert self.book.ledger.held == 0

    def finish(self) -> None:
        """Read on to the end and stop in good order."""
        while self.book.next < len(self.kafka.rows):
            self.read(50)
            self.publish()
        for _ in range(3):  # what is rewritten is published in turn
            self.publish(everything=True)
            self.deliver(len(self.queue))
            self.look()
        self.commit()
