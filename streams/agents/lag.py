"""How far a worker is behind, by the broker's count (Faust's own view can be wrong)."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from service.logs import Repeats, logger
from streams.metrics import StreamsMetrics

EVERY_SECONDS = 5.0
SAMPLES = 7
"""Half a minute: a burst is no growth."""

NOISE_EVENTS = 100
"""Growth below this in half a minute is the sway between two commits."""

PATIENCE_SECONDS = 10.0


class LagMonitor:
    """Asks the brokers every few seconds, in a thread of its own.

    Attributes:
        events: Of the last answer; None before it.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        raw: str,
        partitions: Callable[[], frozenset[int]],
        metrics: StreamsMetrics,
        make: Any = Consumer,
    ) -> None:
        """Take what it needs.

        Args:
            config: Of a consumer in the workers' group, whose commits are asked for.
            raw: Topic.
            partitions: Ours, now.
            metrics: The gauge.
            make: ``confluent_kafka.Consumer``; a test gives its own.
        """
        self._config = dict(config)
        self._raw = raw
        self._partitions = partitions
        self._metrics = metrics
        self._make = make
        self._samples: deque[tuple[frozenset[int], int]] = deque(maxlen=SAMPLES)
        self._stopped = threading.Event()
        self._log = logger("streams.lag")
        self._repeats = Repeats(60.0)
        self.events: int | None = None

    def start(self) -> None:
        """Begin to ask."""
        threading.Thread(target=self._run, name="lag", daemon=True).start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()

    def is_growing(self) -> bool:
        """Whether the lag rose with each answer of half a minute."""
        samples = list(self._samples)
        if len(samples) < SAMPLES or len({mine for mine, _ in samples}) > 1:
            return False
        events = [number for _, number in samples]
        rises = all(before <= after for before, after in pairwise(events))
        return rises and events[-1] - events[0] > NOISE_EVENTS

    def sample(self, consumer: Any) -> None:
        """Ask once.

        Raises:
            KafkaException: No answer.
        """
        mine = self._partitions()
        events = 0
        if mine:
            asked = [TopicPartition(self._raw, each) for each in sorted(mine)]
            for committed in consumer.committed(asked, timeout=PATIENCE_SECONDS):
                low, high = consumer.get_watermark_offsets(
                    TopicPartition(self._raw, committed.partition), timeout=PATIENCE_SECONDS
                )
                # Tansu's high is wrong (too low): never below nothing.
                events += max(0, high - max(low, committed.offset))
        self.events = events
        self._samples.append((mine, events))
        self._metrics.gauge("streams_lag_events").set(events)

    def _run(self) -> None:
        consumer = self._make(self._config)
        while not self._stopped.wait(EVERY_SECONDS):
            try:
                self.sample(consumer)
            except KafkaException as error:
                self._repeats.warning(self._log, "lag not known", error=str(error))
        consumer.close()
