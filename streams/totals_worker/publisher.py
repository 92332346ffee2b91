"""Sends totals; each is delivered, or the worker ends."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException, Producer

from schemas.totals import HEADER_LANE, HEADER_REVISION, HEADER_WRITER
from service.logs import LIBRDKAFKA
from service.settings import KafkaSettings
from streams.totals.buckets import REVISION, Bucket
from streams.totals.checkpoints import Round
from streams.totals.lanes import Lane
from streams.totals.present import minute_text, output_value
from streams.totals_worker.errors import Restart
from streams.totals_worker.metrics import TotalsMetrics
from streams.totals_worker.partition import Partition
from streams.totals_worker.settings import TotalsSettings

IN_FLIGHT = 200_000
"""Totals sent and not confirmed at most, about 1 kB each."""

NS_PER_MS = 1_000_000


def producer_config(settings: TotalsSettings, kafka: KafkaSettings) -> dict[str, Any]:
    """The producer's configuration: in order, and nothing twice."""
    return {
        **kafka.librdkafka("totals"),
        "logger": LIBRDKAFKA,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": settings.compression,
        "linger.ms": settings.linger_ms,
        "queue.buffering.max.messages": 0,
        "queue.buffering.max.kbytes": 2_000_000,
        "delivery.timeout.ms": int(settings.delivery_timeout_seconds * 1000),
    }


class TotalsPublisher:
    """Publishes buckets into the partition of the same number.

    Attributes:
        unconfirmed: Totals sent and not delivered.
    """

    def __init__(
        self, config: Mapping[str, Any], topic: str, metrics: TotalsMetrics, make: Any = Producer
    ) -> None:
        """Make the producer.

        Args:
            config: ``producer_config``.
            topic: Full name of ``netflow-1m``.
            metrics: Counted into.
            make: ``confluent_kafka.Producer``; a test gives its own.
        """
        self._producer = make(dict(config))
        self._topic = topic
        self._published = metrics.counter("totals_published_total")
        self._partial = metrics.counter("totals_published_partial_total")
        self._failed: str | None = None
        self.unconfirmed = 0

    def publish(self, partition: Partition, lane: Lane, bucket: Bucket) -> int:
        """Send what of a bucket differs from what stands there; forget it if its lane has.

        Returns:
            How many totals were sent.

        Raises:
            Restart: The producer takes no more.
        """
        book = partition.book
        since = bucket.dirty_from
        partial, items = book.ledger.publish(lane, bucket)
        if items:
            self._send(
                partition, lane, bucket, partial, items, book.next if since is None else since
            )
        book.ledger.forget(lane, bucket)
        return len(items)

    def poll(self, seconds: float = 0.0) -> None:
        """Take in delivery reports.

        Raises:
            Restart: Something was not delivered.
        """
        self._producer.poll(seconds)
        self._check()

    def flush(self, seconds: float) -> int:
        """Wait for what is under way.

        Returns:
            How many totals are not confirmed.

        Raises:
            Restart: Something was not delivered.
        """
        left = int(self._producer.flush(seconds))
        self._check()
        return left

    def _send(
        self,
        partition: Partition,
        lane: Lane,
        bucket: Bucket,
        partial: bool,
        items: list[tuple[str, list[int]]],
        since: int,
    ) -> None:
        minute = bucket.minute
        round_ = Round(bucket, since, len(items))
        partition.points.sent(round_)
        mine, writer = (HEADER_LANE, lane.key), (HEADER_WRITER, partition.writer)
        timestamp_ms = lane.now_ns // NS_PER_MS

        confirmed = partition.confirmed

        def report(error: Any, message: Any) -> None:
            self.unconfirmed -= 1
            if error is None:
                confirmed(round_, message.offset())
            else:
                self._failed = f"{error.name()}: {error.str()}"

        produce, topic, number = self._producer.produce, self._topic, partition.number
        suffix = "," + minute_text(minute)
        try:
            for key, total in items:
                value = output_value(key, minute, total, partial=partial)
                headers = [mine, writer, (HEADER_REVISION, str(total[REVISION]))]
                # by position: keywords cost a quarter more
                produce(topic, value, key + suffix, number, report, None, timestamp_ms, headers)
        except (KafkaException, BufferError) as error:
            raise Restart(f"totals cannot be sent: {error}") from error
        self.unconfirmed += len(items)
        self._published.inc(len(items))
        if partial:
            self._partial.inc(len(items))
        while self.unconfirmed > IN_FLIGHT:
            self.poll(0.1)

    def _check(self) -> None:
        if self._failed is not None:
            raise Restart(f"a total was not delivered: {self._failed}")
