"""Hands batches to Kafka: bounded memory, every batch confirmed or counted as dropped."""

import time
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from ingest.batch import Batch
from ingest.counts import Count, Row
from schemas.raw_batch import seal
from service.logs import Logger, Repeats
from service.settings import KafkaSettings

SILENCE_SECONDS = 5.0
"""Something waits for so long without any confirmation: Kafka is away. A broker's pause is far
shorter."""

_MESSAGE_OCTETS = 1_048_576
"""Largest request part; the broker's default limit (1,048,588). A batch has 256 KiB and a
datagram."""


class Handover:
    """The producer of one process.

    Attributes:
        fatal: Why the producer can no longer be used; None while it can.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        topic: str,
        queue_octets: int,
        queue_batches: int,
        row: Row,
        log: Logger,
        repeats: Repeats,
    ) -> None:
        self.fatal: str | None = None
        self._kafka = kafka
        self._topic = topic
        self._row = row
        self._log = log
        self._repeats = repeats
        self._confirmed = time.monotonic()
        self._in_memory = 0  # datagrams
        self.producer = Producer(
            {
                **kafka.librdkafka("ingest"),
                "acks": "all",
                "enable.idempotence": True,
                "compression.type": "lz4",
                # Batches have waited already; this lets the partitions of one broker share a
                # request.
                "linger.ms": 5,
                # What is queued waits as long as Kafka is away; the queue's bounds are the limit.
                "message.timeout.ms": 0,
                "message.max.bytes": _MESSAGE_OCTETS,
                "queue.buffering.max.kbytes": queue_octets // 1024,
                "queue.buffering.max.messages": queue_batches,
                # A broker that comes back is found within a second.
                "reconnect.backoff.max.ms": 1000,
                "log_level": 0,  # its errors come to error_cb, which says them once in an interval
                "error_cb": self._on_error,
            }
        )

    def send(self, batch: Batch) -> None:
        """Queue a batch; what does not fit is dropped and counted."""
        datagrams = len(batch.items)
        value = seal(batch.sealed_at_ns, batch.items)
        row = self._row
        try:
            self.producer.produce(
                self._topic,
                value,
                partition=batch.partition,
                timestamp=batch.newest_ns // 1_000_000,
                on_delivery=partial(self._on_delivery, datagrams),
            )
        except BufferError:
            row[Count.QUEUE_FULL] += datagrams
            self._repeats.warning(
                self._log,
                "dropping datagrams: the queue for Kafka is full",
                dropped=row[Count.QUEUE_FULL],
                waiting_batches=len(self.producer),
            )
            return
        except KafkaException as error:
            row[Count.DELIVERY] += datagrams
            self._refused(error.args[0])
            return
        self._in_memory += datagrams
        if datagrams:
            row[Count.BATCHES] += 1
            row[Count.BATCH_OCTETS] += len(value)
        else:
            row[Count.TICKS] += 1

    def serve(self, seconds: float = 0.0) -> None:
        """Take delivery reports and errors."""
        self.producer.poll(seconds)

    def is_up(self) -> bool:
        """Whether Kafka takes what is sent; true also where nothing waits."""
        waiting = len(self.producer)
        self._row[Count.WAITING] = waiting
        up = not waiting or time.monotonic() - self._confirmed < SILENCE_SECONDS
        if not up:
            self._repeats.warning(
                self._log,
                "Kafka does not answer: datagrams wait in memory",
                brokers=self._kafka.bootstrap_servers,
                waiting_batches=waiting,
            )
        elif not waiting:
            self._confirmed = time.monotonic()
        return up

    def flush(self, seconds: float) -> int:
        """Deliver what is queued.

        Returns:
            Datagrams that were not confirmed in time; they are counted as dropped.
        """
        deadline = time.monotonic() + seconds
        while len(self.producer) and self.fatal is None and time.monotonic() < deadline:
            self.producer.poll(min(0.1, max(0.0, deadline - time.monotonic())))
        if len(self.producer):
            # Nothing more may go out behind our back: what is counted as lost is lost.
            self.producer.purge(in_queue=True, in_flight=True, blocking=True)
            lost = self._in_memory
            self._row[Count.STOPPED] += lost
            return lost
        return 0

    def _on_delivery(self, datagrams: int, error: KafkaError | None, _: Any) -> None:
        self._in_memory -= datagrams
        if error is None:
            self._confirmed = time.monotonic()
            self._row[Count.DELIVERED] += datagrams
            return
        self._row[Count.DELIVERY] += datagrams
        self._refused(error)

    def _refused(self, error: KafkaError) -> None:
        if error.fatal():
            self.fatal = error.str()
        self._repeats.warning(
            self._log,
            "dropping datagrams: Kafka refuses them",
            topic=self._topic,
            error=error.str(),
            dropped=self._row[Count.DELIVERY],
        )

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self.fatal = error.str()
            return
        self._repeats.warning(
            self._log,
            "Kafka cannot be reached",
            brokers=self._kafka.bootstrap_servers,
            error=error.str(),
        )
