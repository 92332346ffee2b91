"""The work of a totals worker on its partitions: take, publish, commit, make room, hand over."""

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import KafkaException, TopicPartition

from service.logs import Repeats, logger
from streams.totals.book import Book
from streams.totals.buckets import Bucket
from streams.totals.lanes import Lane
from streams.totals.snapshot import Snapshot, decode, encode
from streams.totals_worker.errors import Restart
from streams.totals_worker.metrics import TotalsMetrics
from streams.totals_worker.outputs import Ended, Outputs, Take
from streams.totals_worker.partition import Partition
from streams.totals_worker.publisher import TotalsPublisher
from streams.totals_worker.settings import TotalsSettings
from streams.totals_worker.spill import SqliteSpill

PATIENCE_SECONDS = 30.0
"""With one question to the brokers."""

METADATA_OCTETS = 4096
"""What a broker keeps beside an offset (``offset.metadata.max.bytes``)."""

RELIEF = 0.8
"""Share of the limit of memory to which it is relieved."""

LOOK_SECONDS = 2.0
"""Between two looks at what strangers wrote: frozen workers that go on."""

INVALID = -1001
"""Offset where nothing is committed."""


class Desk:
    """The partitions that are ours.

    Attributes:
        partitions: By number.
        begin: Where each is consumed from.
        publisher: Sends.
    """

    def __init__(
        self,
        settings: TotalsSettings,
        topic: str,
        outputs: Callable[[Take, Ended], Outputs],
        publisher: TotalsPublisher,
        metrics: TotalsMetrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what it needs.

        Args:
            settings: ``[totals]``.
            topic: Full name of ``netflow``.
            outputs: Makes the reader of ``netflow-1m``, given who takes its records and ends.
            publisher: Sends.
            metrics: Counted into.
            clock: Monotonic, seconds.
        """
        self._settings = settings
        self._topic = topic
        self.publisher = publisher
        self._metrics = metrics
        self._clock = clock
        self._outputs = outputs(self._look, self._ended)
        self._spill = SqliteSpill(settings.spill_folder, settings.spill_octets)
        self._log = logger("totals")
        self._repeats = Repeats(60.0)
        self._looked_at = 0.0
        self._marked: dict[int, float] = {}
        self.partitions: dict[int, Partition] = {}
        self.begin: dict[int, TopicPartition] = {}

    @property
    def loading(self) -> set[int]:
        """Partitions whose totals are being read back."""
        return self._outputs.loading

    def assign(self, consumer: Any, numbers: Iterable[int]) -> list[TopicPartition]:
        """Take over partitions; they wait for ``loaded``.

        Returns:
            Where each is to be consumed from.

        Raises:
            KafkaException: The committed offsets cannot be had.
        """
        asked = [TopicPartition(self._topic, each) for each in numbers]
        starts: dict[int, int] = {}
        for found in consumer.committed(asked, timeout=PATIENCE_SECONDS) if asked else ():
            if found.error:
                raise KafkaException(found.error)
            low, _ = consumer.get_watermark_offsets(
                TopicPartition(self._topic, found.partition), timeout=PATIENCE_SECONDS
            )
            snapshot = self._snapshot(found)
            # Retention may have cut the log behind the committed offset.
            start = low if snapshot is None else max(low, snapshot.offset)
            book = Book(snapshot, self._settings.rules, self._spill)
            book.next = start
            starts[found.partition] = 0 if snapshot is None else snapshot.output_from
            self.partitions[found.partition] = Partition(
                found.partition, uuid.uuid4().hex[:8], book, self._clock()
            )
            self.begin[found.partition] = TopicPartition(self._topic, found.partition, start)
        self._outputs.add(starts)
        self._metrics.gauge("totals_assigned_partitions").set(len(self.partitions))
        return [self.begin[each] for each in starts]

    def read_back(self, seconds: float) -> set[int]:
        """Read some of ``netflow-1m``.

        Returns:
            Partitions that were read to their end just now.

        Raises:
            KafkaException: It cannot be read.
        """
        before, now = set(self._outputs.loading), self._clock()
        if not before and now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._outputs.look_on(
                {each.number: each.known_end for each in self.partitions.values()}
            )
        records = self._outputs.read(seconds)
        if before:
            self._metrics.counter("totals_read_back_total").inc(records)
            self.relieve()
        return before - self._outputs.loading

    def take(self, messages: Iterable[Any]) -> None:
        """Add records of ``netflow``.

        Raises:
            Restart: One was passed over, or one came that is not ours.
        """
        now = self._clock()
        touched: dict[int, Partition] = {}
        nameless = records = 0
        for message in messages:
            number = message.partition()
            partition = touched.get(number)
            if partition is None:
                partition = self.partitions.get(number)
                if partition is None or number in self._outputs.loading:
                    raise Restart(f"a record of partition {number}, which is not ready")
                touched[number] = partition
                partition.taken_at, partition.is_flushed = now, False
            offset = message.offset()
            if offset != partition.book.next:
                raise Restart(
                    f"records passed over: partition {number}, offset {offset}, "
                    f"due {partition.book.next}"
                )
            records += 1
            if not partition.take(offset, message):
                nameless += 1
        self._metrics.records.inc(records)
        if nameless:
            self._metrics.counter("totals_nameless_records_total").inc(nameless)
        for partition in touched.values():
            self._metrics.count(partition.book.take_counts())
            if now - self._marked.get(partition.number, 0.0) >= 1.0:
                self._marked[partition.number] = now
                partition.points.mark(partition.book.snapshot())

    def publish(self) -> None:
        """Publish what is due, and all of a partition for which nothing comes.

        Raises:
            Restart: It cannot be sent.
        """
        now, idle = self._clock(), self._settings.idle_seconds
        for partition in self.partitions.values():
            if partition.number in self._outputs.loading:
                continue
            self._publish(partition, partition.book.due())
            if not partition.is_flushed and now - partition.taken_at >= idle:
                partition.is_flushed = True
                self._publish_all(partition)

    def relieve(self) -> None:
        """Make room in memory: the oldest minutes are published, confirmed, and spilled.

        Raises:
            StartError: There is no room in the file either.
            Restart: It cannot be sent.
        """
        limit = self._settings.totals_in_memory
        held = sum(each.book.ledger.held for each in self.partitions.values())
        if held <= limit:
            return
        order: list[tuple[int, int, Partition, Lane, Bucket]] = []
        for partition in self.partitions.values():
            for lane, bucket in partition.book.buckets():
                if bucket.totals:
                    order.append((bucket.minute, bucket.number, partition, lane, bucket))
        order.sort(key=lambda each: each[:2])
        chosen = []
        for _, _, partition, lane, bucket in order:
            if held <= limit * RELIEF:
                break
            held -= len(bucket.totals)
            chosen.append((partition, lane, bucket))
        for partition, lane, bucket in chosen:
            self.publisher.publish(partition, lane, bucket)
        # What is spilled is clean: it need stand nowhere else when this process dies.
        if self.publisher.flush(self._settings.delivery_timeout_seconds):
            raise Restart("totals are not confirmed")
        spilled = 0
        for partition, _, bucket in chosen:
            spilled += len(bucket.totals)
            partition.book.ledger.spill(bucket)
        self._metrics.counter("totals_spilled_total").inc(spilled)
        self._repeats.warning(
            self._log,
            "more totals than totals_in_memory: published early and moved to a file",
            totals=spilled,
            octets=self._spill.octets,
        )

    def commit(self, consumer: Any, *, wait: bool = False) -> None:
        """Commit for each partition what may be.

        Raises:
            KafkaException: With ``wait``: it was refused.
        """
        offsets = []
        for partition in self.partitions.values():
            found = partition.points.committable(partition.book.unpublished_from())
            if found is None or found.offset == partition.began == partition.committed:
                continue
            metadata = encode(found)
            if len(metadata) > METADATA_OCTETS:
                self._repeats.warning(
                    self._log, "not committed yet: too much to note", octets=len(metadata)
                )
                continue
            partition.committed = found.offset
            offsets.append(TopicPartition(self._topic, partition.number, found.offset, metadata))
        if offsets:
            consumer.commit(offsets=offsets, asynchronous=not wait)

    def adopt_rules(self, consumer: Any) -> None:
        """Let changed settings hold, once nothing that the old ones decided can be read again.

        Raises:
            KafkaException: The commit was refused.
            Restart: It cannot be sent.
        """
        for partition in self.partitions.values():
            book = partition.book
            if book.rules == self._settings.rules or book.next < book.known_end:
                continue
            if partition.number in self._outputs.loading:
                continue
            self._publish_all(partition)
            if self.publisher.flush(self._settings.delivery_timeout_seconds):
                raise Restart("totals are not confirmed")
            book.adopt_rules(self._settings.rules)
            partition.points.mark(book.snapshot())
            self.commit(consumer, wait=True)

    def hand_over(self, consumer: Any, numbers: Iterable[int], seconds: float) -> None:
        """Publish and commit all of partitions that go; what does not fit is the next owner's."""
        gone = [self.partitions[each] for each in numbers if each in self.partitions]
        ready = [each for each in gone if each.number not in self._outputs.loading]
        try:
            for partition in ready:
                partition.points.mark(partition.book.snapshot())
                self._publish_all(partition)
            left = self.publisher.flush(seconds)
            if left:
                self._log.warning("totals not confirmed: left to the next owner", totals=left)
            self.commit(consumer, wait=True)
        except (Restart, KafkaException) as error:
            self._log.warning("not all was handed over: the next owner does it", error=str(error))
        self.forget(each.number for each in gone)

    def forget(self, numbers: Iterable[int]) -> None:
        """Let partitions go."""
        gone = set(numbers)
        self._outputs.remove(gone)
        for each in gone:
            partition = self.partitions.pop(each, None)
            if partition is not None:
                partition.book.close()
        self._metrics.gauge("totals_assigned_partitions").set(len(self.partitions))

    def measure(self, consumer: Any) -> None:
        """Set the gauges."""
        gauge = self._metrics.gauge
        held = lag = uncommitted = covered = 0
        for partition in self.partitions.values():
            book = partition.book
            held += book.ledger.held
            uncommitted += max(0, book.next - max(partition.committed, 0))
            covered += book.ledger.take_covered()
            _, high = consumer.get_watermark_offsets(
                TopicPartition(self._topic, partition.number), cached=True
            )
            # Tansu's high is wrong (too low): never below nothing.
            lag += max(0, high - book.next)
        gauge("totals_held_totals").set(held)
        gauge("totals_lag_records").set(lag)
        gauge("totals_uncommitted_records").set(uncommitted)
        gauge("totals_unconfirmed_totals").set(self.publisher.unconfirmed)
        gauge("totals_spill_octets").set(self._spill.octets)
        self._metrics.counter("totals_covered_shares_total").inc(covered)

    def close(self) -> None:
        """End."""
        self._outputs.close()
        self._spill.close()

    def _look(self, number: int, message: Any) -> None:
        partition = self.partitions.get(number)
        if partition is None:
            return
        verdict = partition.look(message, loading=number in self._outputs.loading)
        if verdict is None:
            self._metrics.counter("totals_unreadable_total").inc()
            self._repeats.warning(
                self._log,
                "a record of netflow-1m passed over: none of this version's",
                partition=number,
                offset=message.offset(),
            )
        elif verdict:
            self._metrics.counter("totals_rewritten_total").inc()
            partition.is_flushed = False

    def _ended(self, number: int, output_offset: int) -> None:
        partition = self.partitions.get(number)
        if partition is not None:
            partition.known_to(output_offset)

    def _publish(self, partition: Partition, found: Iterable[tuple[Lane, Bucket]]) -> None:
        for lane, bucket in found:
            self.publisher.publish(partition, lane, bucket)

    def _publish_all(self, partition: Partition) -> None:
        self._publish(partition, partition.book.due())
        self._publish(partition, list(partition.book.buckets()))

    def _snapshot(self, found: TopicPartition) -> Snapshot | None:
        """Return what stands with a committed offset; without it all is to be read from the begin.

        Tansu keeps no text beside an offset, and tools that reset offsets write none.
        """
        if found.offset == INVALID:
            return None
        try:
            return decode(found.offset, found.metadata or "")
        except ValueError as error:
            self._repeats.warning(
                self._log,
                "nothing of ours stands with the committed offset: all is read again",
                partition=found.partition,
                offset=found.offset,
                error=str(error),
            )
            return None
