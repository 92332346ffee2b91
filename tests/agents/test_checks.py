"""What is wrong with Kafka or its topics is one clear line, before a worker begins."""

import contextlib
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas.topics import TOPICS
from service.settings import KafkaSettings, TopicsSettings
from streams.agents.checks import ALONE, NEEDED, NO_INCARNATION, WRITTEN, check_topics
from streams.agents.stop import StartError


class Future:
    """An answer that is there."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def result(self, _: float) -> Any:
        """As concurrent.futures'."""
        return self._answer


@dataclass
class FakeAdmin:
    """A cluster in which all is well; a test changes one thing."""

    partitions: dict[str, int] = field(
        default_factory=lambda: {name: 1 if name in ALONE else 4 for name in NEEDED}
    )
    configs: dict[str, dict[str, str]] = field(
        default_factory=lambda: {
            name: {"cleanup.policy": TOPICS[name].cleanup_policy, "max.message.bytes": "1048588"}
            for name in NEEDED
        }
    )
    down: bool = False
    tells: bool = True

    def list_topics(self, **_: object) -> Any:
        """As confluent's."""
        if self.down:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT, "refused"))
        topics = {
            name: SimpleNamespace(partitions=dict.fromkeys(range(number)))
            for name, number in self.partitions.items()
        }
        return SimpleNamespace(topics=topics)

    def poll(self, _: float) -> None:
        """As confluent's: nothing to tell."""

    def describe_configs(self, resources: list[Any], **_: object) -> Any:
        """As confluent's."""
        if not self.tells:
            raise KafkaException(KafkaError(KafkaError.UNSUPPORTED_VERSION))
        return {
            each: Future(
                {
                    name: SimpleNamespace(value=value)
                    for name, value in self.configs[each.name].items()
                }
            )
            for each in resources
        }

    def describe_topics(self, _: Any, **__: object) -> Any:
        """As confluent's."""
        if not self.tells:
            raise KafkaException(KafkaError(KafkaError.UNSUPPORTED_VERSION))
        topic_id = SimpleNamespace(get_most_significant_bits=lambda: -0x0123_4567_0000_0000)
        return {"raw": Future(SimpleNamespace(topic_id=topic_id))}


def check(admin: FakeAdmin, octets: int = 1_000_000) -> str:
    """Look at a cluster."""
    return check_topics(KafkaSettings(), TopicsSettings(), octets, lambda _: admin)


def test_all_is_well() -> None:
    """The incarnation is the first eight digits of the topic id."""
    assert "fedcba99" == check(FakeAdmin())


def test_a_broker_that_does_not_tell_is_taken_as_it_is() -> None:
    """Tansu answers no configuration queries."""
    assert NO_INCARNATION == check(FakeAdmin(tells=False))


def test_no_kafka() -> None:
    """It says where it looked, and what to set."""
    with pytest.raises(StartError, match=r"127\.0\.0\.1:9092 does not .* 10 s .*bootstrap_servers"):
        check(FakeAdmin(down=True))


def test_missing_topics() -> None:
    """All of them, and the command that makes them."""
    admin = FakeAdmin()
    del admin.partitions["state"], admin.partitions["flow"]

    with pytest.raises(StartError, match=r"no topic flow, state: .*envizzy topics create"):
        check(admin)


def test_state_with_other_partitions_than_raw() -> None:
    """What was met in one must be found in the other."""
    admin = FakeAdmin()
    admin.partitions["state"] = 3

    with pytest.raises(StartError, match="raw has 4 partitions and state has 3"):
        check(admin)


@pytest.mark.parametrize("topic", ALONE)
def test_a_topic_of_one_partition_with_several(topic: str) -> None:
    """Every worker reads one."""
    admin = FakeAdmin()
    admin.partitions[topic] = 2

    with pytest.raises(StartError, match=f"{topic} has 2 partitions: it must have one"):
        check(admin)


@pytest.mark.parametrize("topic", WRITTEN)
@pytest.mark.parametrize("policy", ["compact", "delete", "compact,delete"])
def test_a_policy_that_loses(topic: str, policy: str) -> None:
    """What is remembered is compacted and never deleted, a feed is never compacted."""
    needed = TOPICS[topic].cleanup_policy
    admin = FakeAdmin()
    admin.configs[topic]["cleanup.policy"] = policy
    wrong = f"{topic} has cleanup.policy={policy}; {needed} is needed, or .* lost"

    with contextlib.nullcontext() if policy == needed else pytest.raises(StartError, match=wrong):
        check(admin)


def test_a_topic_that_takes_less_than_we_send() -> None:
    """The broker would refuse whole batches."""
    admin = FakeAdmin()
    admin.configs["flow"]["max.message.bytes"] = "500000"

    with pytest.raises(StartError, match=r"flow has max\.message\.bytes=500000, below .*1000000"):
        check(admin)
