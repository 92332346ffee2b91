"""How far a consumer group is behind on our partitions, by the broker's count."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from service.logs import Repeats, logger

Place = tuple[str, int]
"""Full name of a topic, and a partition."""

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
        partitions: Callable[[], frozenset[Place]],
        report: Callable[[float], None],
        make: Any = Consumer,
    ) -> None:
        """Take what it needs.

        Args:
            config: Of a consumer with the ``group.id`` whose commits are asked for.
            partitions: Ours, now.
            report: Told each answer (a gauge's ``set``).
            make: ``confluent_kafka.Consumer``; a test gives its own.
        """
        # Its errors are told by "lag not known"; nothing polls it for its log.
        self._config = {**config, "log_level": 0}
        self._partitions = partitions
        self._report = report
        self._make = make
        self._samples: deque[tuple[frozenset[Place], int]] = deque(maxlen=SAMPLES)
        self._stopped = threading.Event()
        self._log = logger("service.lag")
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
            asked = [TopicPartition(topic, partition) for topic, partition in sorted(mine)]
            for committed in consumer.committed(asked, timeout=PATIENCE_SECONDS):
                low, high = consumer.get_watermark_offsets(
                    TopicPartition(committed.topic, committed.partition), timeout=PATIENCE_SECONDS
                )
                # Tansu's high is wrong (too low): never below nothing.
                events += max(0, high - max(low, committed.offset))
        self.events = events
        self._samples.append((mine, events))
        self._report(events)

    def _run(self) -> None:
        consumer = self._make(self._config)
        while not self._stopped.wait(EVERY_SECONDS):
            try:
                self.sample(consumer)
            except KafkaException as error:
                self._repeats.warning(self._log, "lag not known", error=str(error))
        consumer.close()
