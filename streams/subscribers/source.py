"""The record topics as a subscriber's consumer group reads them: the Kafka edge."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.subscriber import Event, MisconfiguredError
from schemas.topics import TOPICS
from service.logs import LIBRDKAFKA, Repeats, logger
from service.settings import KafkaSettings
from streams.subscribers.batch import Place
from streams.subscribers.metrics import Counters
from streams.subscribers.settings import SubscriberSettings

QUEUED_KIB = 32_768
"""Octets that wait inside librdkafka, for all partitions together."""

POLL_SECONDS = 600
"""A call of a subscriber may take as long before the group gives its partitions away."""

_SLICE_SECONDS = 0.25
_COMMITTED_SECONDS = 10.0

_HOPELESS = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError._FATAL,  # noqa: SLF001 - librdkafka's own codes begin so
    }
)

_COMPACTED = frozenset(spec.name for spec in TOPICS.values() if "compact" in spec.cleanup_policy)


class SourceError(RuntimeError):
    """The consumer cannot go on; a restart may cure it."""


def consumer_config(
    settings: SubscriberSettings, kafka: KafkaSettings, name: str, group: str
) -> dict[str, Any]:
    """The consumer's configuration: nothing is committed but what was delivered."""
    return {
        **kafka.librdkafka(f"subscriber-{name}"),
        "logger": LIBRDKAFKA,
        "group.id": group,
        "auto.offset.reset": settings.start,
        "session.timeout.ms": int(settings.session_seconds * 1000),
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "queued.max.messages.kbytes": QUEUED_KIB,
        "max.poll.interval.ms": POLL_SECONDS * 1000,
        "fetch.wait.max.ms": 100,
    }


class Source:
    """Events of the topics, and the way to say that they are done. Used by one thread."""

    def __init__(
        self,
        config: Mapping[str, Any],
        topics: Mapping[str, str],
        counters: Counters,
        commit_seconds: float,
        make: Any = Consumer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Subscribe.

        Args:
            config: ``consumer_config``.
            topics: Full name to default name.
            counters: Counted into.
            commit_seconds: Between two commits.
            make: ``confluent_kafka.Consumer``; a test gives its own.
            clock: Seconds that only rise.
        """
        self._topics = dict(topics)
        self._counters = counters
        self._commit_seconds = commit_seconds
        self._clock = clock
        self._owned: set[Place] = set()
        self._due: dict[Place, int] = {}
        self._done: dict[Place, int] = {}
        self._waiting: list[Event] = []
        self._paused = False
        self._committed_at = clock()
        self._log = logger("streams.subscribers.source")
        self._repeats = Repeats(60.0)
        self._consumer = make({**config, "on_commit": self._answered})
        self._consumer.subscribe(
            list(topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )

    def take(self, number: int, seconds: float) -> list[Event]:
        """The next events, at most so many; none if none came in time.

        Raises:
            SourceError: The consumer is beyond repair.
            MisconfiguredError: The user may not read.
        """
        self._commit_if_time()
        events, self._waiting = self._waiting, []
        if not events:
            for message in self._consumer.consume(number, seconds):
                self._take_in(message, events)
        return events

    def idle(self, seconds: float, stopped: Callable[[], bool]) -> None:
        """Stay in the group without taking events, until the time is over or it is to stop."""
        self._paused = True
        self._consumer.pause(self._partitions())
        end = self._clock() + seconds
        while not stopped() and (left := end - self._clock()) > 0:
            message = self._consumer.poll(min(left, _SLICE_SECONDS))
            if message is not None:
                self._take_in(message, self._waiting)
            self._commit_if_time()
        self._paused = False
        self._consumer.resume(self._partitions())

    def owns(self, place: Place) -> bool:
        """Whether a partition is still ours."""
        return place in self._owned

    def done(self, offsets: Mapping[Place, int]) -> None:
        """All below these offsets is delivered or buried; committed soon."""
        self._done.update({p: at for p, at in offsets.items() if p in self._owned})

    def owned(self) -> frozenset[Place]:
        """The partitions that are ours; may be called from other threads."""
        return frozenset(self._owned)

    def close(self) -> None:
        """Commit what is done and leave the group."""
        self._commit(wait=True)
        self._consumer.close()

    def _take_in(self, message: Any, events: list[Event]) -> None:
        error = message.error()
        if error is not None:
            self._judge(error)
            return
        source, partition, offset = message.topic(), message.partition(), message.offset()
        place = (source, partition)
        if place not in self._owned:  # fetched before a rebalance took it away
            return
        due = self._due.get(place)
        if due is not None and offset > due:
            self._expired(place, due, offset)
        self._due[place] = offset + 1
        events.append(
            Event(
                self._topics[source],
                source,
                partition,
                offset,
                message.key(),
                message.value(),
                message.timestamp()[1],
                message.headers() or (),
            )
        )

    def _judge(self, error: Any) -> None:
        if error.code() in _HOPELESS:
            raise MisconfiguredError(f"Kafka refuses: {error.str()}")
        if error.fatal():
            raise SourceError(error.str())
        self._repeats.warning(self._log, "Kafka cannot be read now", error=error.str())

    def _expired(self, place: Place, due: int, offset: int) -> None:
        """A jump: retention removed what stood between; compaction leaves holes by intention."""
        if self._topics[place[0]] in _COMPACTED:
            return
        self._counters.add("expired_records", offset - due)
        self._log.error(
            "records were gone before they were read: raise the topic's retention",
            topic=place[0],
            partition=place[1],
            first=due,
            records=offset - due,
        )

    def _assigned(self, consumer: Any, partitions: list[Any]) -> None:
        consumer.assign(partitions)
        self._owned = {(each.topic, each.partition) for each in partitions}
        self._due = {}
        self._waiting = []
        if self._paused and partitions:
            consumer.pause(partitions)
        self._counters.set("assigned_partitions", len(self._owned))
        try:
            committed = consumer.committed(partitions, timeout=_COMMITTED_SECONDS)
        except KafkaException as error:
            self._log.warning("committed offsets not known", error=str(error))
            return
        self._due = {(c.topic, c.partition): c.offset for c in committed if c.offset >= 0}

    def _revoked(self, consumer: Any, _: list[Any]) -> None:
        self._commit(wait=True)
        self._forget(consumer)

    def _lost(self, consumer: Any, _: list[Any]) -> None:
        """Given away without us: what was done and not committed, somebody does again."""
        self._done = {}
        self._forget(consumer)

    def _forget(self, consumer: Any) -> None:
        consumer.unassign()
        self._owned, self._due, self._waiting = set(), {}, []
        self._counters.set("assigned_partitions", 0)

    def _partitions(self) -> list[TopicPartition]:
        return [TopicPartition(topic, partition) for topic, partition in sorted(self._owned)]

    def _commit_if_time(self) -> None:
        if self._done and self._clock() - self._committed_at >= self._commit_seconds:
            self._commit(wait=False)

    def _commit(self, *, wait: bool) -> None:
        self._committed_at = self._clock()
        if not self._done:
            return
        offsets = [TopicPartition(t, p, at) for (t, p), at in sorted(self._done.items())]
        self._done = {}
        try:
            self._consumer.commit(offsets=offsets, asynchronous=not wait)
        except KafkaException as error:
            # Delivered all the same; what is not committed is only delivered again.
            self._repeats.warning(self._log, "not committed", error=error.args[0].str())

    def _answered(self, error: Any, partitions: list[Any]) -> None:
        """The answer to a commit that was not waited for."""
        if error is None:
            return
        self._repeats.warning(self._log, "not committed", error=error.str())
        for each in partitions:
            place = (each.topic, each.partition)
            if place in self._owned:
                self._done.setdefault(place, each.offset)
