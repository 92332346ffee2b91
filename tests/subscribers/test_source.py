"""The Kafka edge: what is committed, when; what a rebalance takes away; what retention took."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, TopicPartition

from schemas.subscriber import MisconfiguredError
from service.settings import KafkaSettings
from streams.subscribers.settings import SubscriberSettings
from streams.subscribers.source import Source, SourceError, consumer_config
from tests.agents.fakes import FakeMessage
from tests.subscribers.fakes import Bench


class Record(FakeMessage):
    """A consumed record with what a subscriber needs."""

    def headers(self) -> None:
        """None, as confluent's where there are none."""

    def timestamp(self) -> tuple[int, int]:
        """Create time."""
        return 1, 7


class FakeConsumer:
    """Gives what a test puts in; remembers commits."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.messages: list[Any] = []
        self.commits: list[tuple[list[tuple[str, int, int]], bool]] = []
        self.paused: list[str] = []
        self.stored: dict[int, int] = {}
        self.closed = False

    def subscribe(self, topics: list[str], **callbacks: Any) -> None:
        """Remember."""
        self.topics, self.callbacks = topics, callbacks

    def assign_now(self, *partitions: int) -> None:
        """A rebalance gives these."""
        given = [TopicPartition("p.flow", each) for each in partitions]
        self.callbacks["on_assign"](self, given)

    def revoke_now(self, how: str = "on_revoke") -> None:
        """A rebalance takes all."""
        self.callbacks[how](self, [])

    def consume(self, number: int, _: float) -> list[Any]:
        """The next ones."""
        taken, self.messages = self.messages[:number], self.messages[number:]
        return taken

    def poll(self, _: float) -> Any:
        """The next one."""
        return self.messages.pop(0) if self.messages else None

    def committed(self, partitions: list[Any], timeout: float) -> list[TopicPartition]:
        """As stored."""
        del timeout
        found = self.stored
        return [
            TopicPartition(p.topic, p.partition, found.get(p.partition, -1001)) for p in partitions
        ]

    def commit(self, offsets: list[Any], *, asynchronous: bool) -> None:
        """Remember."""
        self.commits.append(([(p.topic, p.partition, p.offset) for p in offsets], asynchronous))

    def assign(self, _: list[Any]) -> None:
        """Nothing."""

    def unassign(self) -> None:
        """Nothing."""

    def pause(self, partitions: list[Any]) -> None:
        """Remember."""
        self.paused.append(f"pause {len(partitions)}")

    def resume(self, partitions: list[Any]) -> None:
        """Remember."""
        self.paused.append(f"resume {len(partitions)}")

    def close(self) -> None:
        """Remember."""
        self.closed = True


class Setting:
    """A source on a fake consumer, and a clock."""

    def __init__(self, topic: str = "flow") -> None:
        self.bench = Bench()
        self.now = 0.0
        self.made: list[FakeConsumer] = []
        settings = SubscriberSettings()
        config = consumer_config(settings, KafkaSettings(), "x", "g")
        self.source = Source(
            config, {"p.flow": topic}, self.bench.counters, 0.5, self.make, lambda: self.now
        )
        (self.consumer,) = self.made

    def make(self, config: dict[str, Any]) -> FakeConsumer:
        """As ``confluent_kafka.Consumer``."""
        self.made.append(FakeConsumer(config))
        return self.made[-1]

    def put(self, partition: int, *offsets: int) -> None:
        """Records to be consumed."""
        self.consumer.messages += [
            Record("p.flow", b"{}", partition_=partition, offset_=each) for each in offsets
        ]


def test_nothing_is_committed_by_the_client() -> None:
    """Only what was said to be done is, by hand."""
    config = Setting().consumer.config

    assert (False, False) == (config["enable.auto.commit"], config["enable.auto.offset.store"])
    assert "earliest" == config["auto.offset.reset"]


def test_what_is_done_is_committed_each_half_second_and_at_the_end() -> None:
    """Without waiting in between, waited for at the end."""
    setting = Setting()
    setting.consumer.assign_now(0, 1)
    setting.put(0, 0, 1)
    assert [("flow", 0), ("flow", 1)] == [(e.topic, e.offset) for e in setting.source.take(9, 0)]
    setting.source.done({("p.flow", 0): 2})
    setting.source.take(9, 0)
    assert [] == setting.consumer.commits
    setting.now = 0.5
    setting.source.take(9, 0)
    setting.source.done({("p.flow", 0): 3})
    setting.source.close()

    assert [([("p.flow", 0, 2)], True), ([("p.flow", 0, 3)], False)] == setting.consumer.commits
    assert setting.consumer.closed


def test_what_is_done_is_committed_before_partitions_go() -> None:
    """And what is done later, of partitions that are not ours, is not."""
    setting = Setting()
    setting.consumer.assign_now(0)
    setting.source.done({("p.flow", 0): 5})
    setting.consumer.revoke_now()
    setting.source.done({("p.flow", 0): 9})
    setting.source.close()

    assert [([("p.flow", 0, 5)], False)] == setting.consumer.commits
    assert not setting.source.owns(("p.flow", 0))


def test_nothing_is_committed_of_partitions_that_were_lost() -> None:
    """Somebody else has them already."""
    setting = Setting()
    setting.consumer.assign_now(0)
    setting.source.done({("p.flow", 0): 5})
    setting.consumer.revoke_now("on_lost")
    setting.source.close()

    assert [] == setting.consumer.commits


def test_a_commit_that_fails_is_made_again() -> None:
    """Unless more is done by then."""
    setting = Setting()
    setting.consumer.assign_now(0)
    failed = [TopicPartition("p.flow", 0, 4)]
    setting.consumer.config["on_commit"](KafkaError(KafkaError._TIMED_OUT), failed)
    setting.source.close()

    assert [([("p.flow", 0, 4)], False)] == setting.consumer.commits


@pytest.mark.parametrize(("topic", "expired"), [("flow", 95), ("netflow-1m", 0)])
def test_records_that_retention_took_are_counted(topic: str, expired: int) -> None:
    """A jump behind the committed offset; compaction leaves holes by intention."""
    setting = Setting(topic)
    setting.consumer.stored = {0: 5}
    setting.consumer.assign_now(0)
    setting.put(0, 100, 101)
    setting.source.take(9, 0)

    assert expired == setting.bench.value("subscribers_expired_records_total")


def test_a_record_of_a_partition_that_is_gone_is_left_out() -> None:
    """It was fetched before the rebalance."""
    setting = Setting()
    setting.consumer.assign_now(0)
    setting.put(1, 0)

    assert [] == setting.source.take(9, 0)


def test_idle_pauses_and_keeps_what_comes_nevertheless() -> None:
    """The group is polled, so it does not give the partitions away."""
    setting = Setting()
    setting.consumer.assign_now(0, 1)
    setting.put(0, 0)
    turns = iter([False, False, True])
    setting.source.idle(9, lambda: next(turns))

    assert ["pause 2", "resume 2"] == setting.consumer.paused
    assert [0] == [each.offset for each in setting.source.take(9, 0)]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), MisconfiguredError),
        (KafkaError(KafkaError._FATAL, "x", fatal=True), MisconfiguredError),
        (KafkaError(KafkaError.UNKNOWN_PRODUCER_ID, "x", fatal=True), SourceError),
    ],
)
def test_errors_that_do_not_pass_end_it(error: KafkaError, raised: type[Exception]) -> None:
    """All others are waited out."""
    setting = Setting()
    setting.consumer.messages = [FakeMessage("p.flow", None, error_=error)]
    with pytest.raises(raised):
        setting.source.take(9, 0)


def test_errors_that_pass_are_waited_out() -> None:
    """A broker that is away."""
    setting = Setting()
    away = KafkaError(KafkaError._ALL_BROKERS_DOWN)
    setting.consumer.messages = [FakeMessage("p.flow", None, error_=away)]

    assert [] == setting.source.take(9, 0)
