"""Follows a topic of one partition that every worker needs whole: to its end, then in a thread."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from service.logs import Repeats, logger
from streams.agents.stop import StartError, stop_process

FOLLOW_SECONDS = 0.25
"""What is new reaches every worker well within a second."""

BATCH = 1000


class Follower(ABC):
    """Reads one topic; what its records mean is its heirs' matter.

    Attributes:
        complete: Whether the topic was read to its end once.
    """

    def __init__(
        self, name: str, config: Mapping[str, Any], topic: str, make: Any = Consumer
    ) -> None:
        """Take what it needs.

        Args:
            name: Of the thread and in the log: what is followed.
            config: ``state_reader.reader_config``.
            topic: Of one partition.
            make: ``confluent_kafka.Consumer``; a test gives its own.
        """
        self.complete = False
        self._name = name
        self._topic = topic
        self._make = make
        self._config = dict(config)
        self._consumer: Any = None
        self._stopped = threading.Event()
        self._log = logger(f"streams.{name}")
        self._repeats = Repeats(60.0)

    @abstractmethod
    def take(self, message: Any) -> None:
        """Take in one record."""

    @abstractmethod
    def __len__(self) -> int:
        """How many things are known."""

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
        self._log.info(f"{self._name} read", **{self._name: len(self)})
        threading.Thread(target=self._follow, name=self._name, daemon=True).start()

    def stop(self) -> None:
        """Stop following."""
        self._stopped.set()

    def poll(self, seconds: float) -> None:
        """Take in what has come."""
        for message in self._consumer.consume(BATCH, seconds):
            error = message.error()
            if error is None:
                self.take(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                self.complete = True
            elif error.fatal() or not error.retriable():
                raise KafkaException(error)
            else:
                self._repeats.warning(self._log, f"{self._name}: retried", error=error.str())

    def _follow(self) -> None:
        try:
            while not self._stopped.is_set():
                self.poll(FOLLOW_SECONDS)
            self._consumer.close()
        except KafkaException as error:
            stop_process(f"the {self._name} cannot be followed", error=str(error))
