"""Checks the raw topic once Kafka answers, beside the receive loop, which never waits."""

import threading

from confluent_kafka import KafkaException, Producer

_ASK_SECONDS = 5.0
_PAUSE_SECONDS = 1.0


class TopicCheck:
    """Asks until Kafka answers, in a thread.

    Attributes:
        done: The topic is there and fits.
        problem: One line, if it does not.
    """

    def __init__(self, producer: Producer, topic: str, partitions: int) -> None:
        self.done = False
        self.problem: str | None = None
        self._producer = producer
        self._topic = topic
        self._partitions = partitions
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def ask_no_more(self) -> None:
        """Let the present question be the last."""
        self._stopped.set()

    def stop(self) -> None:
        """Ask no more; waits for the last answer, bounded."""
        self._stopped.set()
        self._thread.join(_ASK_SECONDS)

    def _ask(self) -> None:
        while not self._stopped.is_set():
            try:
                # All topics: to ask for one by name would make it where brokers make topics
                # themselves.
                metadata = self._producer.list_topics(timeout=_ASK_SECONDS)
            except KafkaException:
                # Kafka is away; the hand-over says so.
                self._stopped.wait(_PAUSE_SECONDS)
                continue
            self._judge(
                len(metadata.topics[self._topic].partitions)
                if self._topic in metadata.topics
                else 0
            )
            return

    def _judge(self, partitions: int) -> None:
        if not partitions:
            self.problem = f"topic {self._topic} is not there; make it with 'envizzy topics create'"
        elif partitions != self._partitions:
            self.problem = (
                f"topic {self._topic} has {partitions} partitions, topics.raw_partitions says "
                f"{self._partitions}; set it to {partitions}, or make the topic anew"
            )
        else:
            self.done = True
