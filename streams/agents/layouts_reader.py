"""Follows the ``layouts`` topic: the fleet's memory, the same for every worker."""

import threading
import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.errors import SchemaError
from service.logs import Repeats, logger
from streams.agents.stop import StartError, stop_process
from streams.metrics import StreamsMetrics
from streams.state.layouts import Fleet

FOLLOW_SECONDS = 0.25
"""A new layout reaches every worker well within a second."""

BATCH = 1000


class LayoutsReader:
    """Holds the newest ``Fleet``; ``fleet`` is replaced whole, so reading it needs no lock.

    Attributes:
        fleet: All layouts that were read.
        complete: Whether the topic was read to its end once.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        topic: str,
        fleet: Fleet,
        metrics: StreamsMetrics,
        make: Any = Consumer,
    ) -> None:
        """Take what it needs.

        Args:
            config: ``state_reader.reader_config``.
            topic: Of one partition.
            fleet: Empty, with the limits.
            metrics: Counted into.
            make: ``confluent_kafka.Consumer``; a test gives its own.
        """
        self.fleet = fleet
        self.complete = False
        self._topic = topic
        self._metrics = metrics
        self._make = make
        self._config = dict(config)
        self._consumer: Any = None
        self._stopped = threading.Event()
        self._log = logger("streams.layouts")
        self._repeats = Repeats(60.0)

    def start(self, seconds: float) -> None:
        """Read to the end, then follow in a thread.

        Raises:
            StartError: The end was not reached in time.
        """
        self._consumer = self._make(self._config)
        self._consumer.assign([TopicPartition(self._topic, 0, 0)])
        deadline = time.monotonic() + seconds
        while not self.complete:
            self.poll(0.1)
            if time.monotonic() > deadline:
                raise StartError(f"topic {self._topic} could not be read in {seconds:g} s")
        self._log.info("layouts read", layouts=len(self.fleet.keys))
        threading.Thread(target=self._follow, name="layouts", daemon=True).start()

    def stop(self) -> None:
        """Stop following."""
        self._stopped.set()

    def poll(self, seconds: float) -> None:
        """Take in what has come."""
        for message in self._consumer.consume(BATCH, seconds):
            error = message.error()
            if error is None:
                self._take(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                self.complete = True
            elif error.fatal() or not error.retriable():
                raise KafkaException(error)
            else:
                self._repeats.warning(self._log, "layouts: retried", error=error.str())
        self._metrics.gauge("streams_layouts_known").set(len(self.fleet.keys))

    def _take(self, message: Any) -> None:
        value = message.value()
        if not value:
            return
        try:
            self.fleet = self.fleet.with_layout(value)
        except SchemaError as error:
            self._metrics.counter("streams_state_unreadable_total").inc()
            self._log.warning("layout passed over", offset=message.offset(), error=str(error))

    def _follow(self) -> None:
        try:
            while not self._stopped.is_set():
                self.poll(FOLLOW_SECONDS)
            self._consumer.close()
        except KafkaException as error:
            stop_process("the layouts cannot be followed", error=str(error))
