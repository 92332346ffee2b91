"""Copies to Kafka: the contract on a faked broker, refusals, targets."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from confluent_kafka import KafkaError

from schemas.subscriber import DELIVERED, Event, Fate, MisconfiguredError
from service.settings import KafkaSettings, TopicsSettings
from streams.subscribers.contract import ContractContext, SubscriberContract, make_events
from streams.subscribers.kafka import KafkaSubscriber, check_target
from streams.subscribers.settings import KafkaTargetSettings
from tests.subscribers.fakes import FakeProducers

TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
AWAY = KafkaError(KafkaError._MSG_TIMED_OUT)
FORBIDDEN = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)


def target(**values: object) -> KafkaTargetSettings:
    """Settings of a test."""
    return KafkaTargetSettings.model_validate({"type": "kafka", **values})


class TestKafkaContract(SubscriberContract):
    """A broker that refuses a batch for one record in it."""

    can_refuse = True

    @pytest.fixture(autouse=True)
    def _broker(self) -> None:
        self.makers = FakeProducers(self.judge)
        self.up = True

    def judge(self, _: str, value: bytes | None) -> KafkaError | None:
        """What the broker says to one record."""
        if not self.up:
            return AWAY
        return TOO_LARGE if value == b"refuse me" else None

    def make(self, context: ContractContext) -> KafkaSubscriber:
        """To topics of another name."""
        return KafkaSubscriber(target(prefix="copy."), KafkaSettings(), context, self.makers)

    def received(self) -> Sequence[bytes]:
        """What both producers delivered."""
        return [value or b"" for each in self.makers.made for _, value, _ in each.sent]

    def away(self) -> None:
        """No answer in time."""
        self.up = False

    def back(self) -> None:
        """It answers."""
        self.up = True

    def refusable(self, event: Event) -> Event:
        """A record that the broker does not take."""
        return event._replace(value=b"refuse me")


def test_key_headers_and_time_are_kept() -> None:
    """So is the tombstone of a compacted topic."""
    makers = FakeProducers()
    subscriber = KafkaSubscriber(
        target(names={"flow": "nvm"}), KafkaSettings(), ContractContext(), makers
    )
    event, tombstone = make_events(2)
    subscriber.deliver([event, tombstone._replace(value=None, topic="exporter")])

    (topic, value, more), (other, nothing, _) = makers.made[0].sent
    assert ("nvm", event.value, event.key) == (topic, value, more["key"])
    assert (event.timestamp_ms, list(event.headers)) == (more["timestamp"], more["headers"])
    assert ("exporter", None) == (other, nothing)


def test_a_user_without_rights_is_a_wrong_setting() -> None:
    """The process ends and nothing is committed."""
    makers = FakeProducers(lambda *_: FORBIDDEN)
    subscriber = KafkaSubscriber(target(), KafkaSettings(), ContractContext(), makers)
    with pytest.raises(MisconfiguredError, match="the target refuses"):
        subscriber.deliver(make_events(1))


def test_what_is_not_answered_is_given_again() -> None:
    """The client forgets it, so that it does not come late as well."""
    makers = FakeProducers()
    subscriber = KafkaSubscriber(target(), KafkaSettings(), ContractContext(), makers)
    makers.made[0].flush = lambda _: 2  # type: ignore[method-assign]
    outcomes = subscriber.deliver(make_events(2))

    assert [Fate.RETRY] * 2 == [each.fate for each in outcomes]
    assert [] == makers.made[0].queue
    assert DELIVERED not in outcomes


class Metadata(NamedTuple):
    """What a cluster says of itself."""

    cluster_id: str
    topics: dict[str, Any]


class Clusters:
    """Admin clients by bootstrap address."""

    def __init__(self, **clusters: Metadata) -> None:
        self.clusters = clusters

    def __call__(self, config: dict[str, Any]) -> Any:
        """As ``AdminClient``."""
        return Admin(self.clusters[config["bootstrap.servers"].partition(":")[0]])


class Admin:
    """Knows one cluster."""

    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata

    def list_topics(self, timeout: float) -> Metadata:
        """As confluent's."""
        del timeout
        return self.metadata


TOPICS = dict.fromkeys(["p.flow", "p.endpoint", "copy.flow", "flow"])
CLUSTERS = Clusters(
    here=Metadata("A", TOPICS), alias=Metadata("A", TOPICS), other=Metadata("B", {"p.flow": None})
)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"prefix": "copy."}, None),
        ({"names": {"flow": "flow"}}, None),
        ({"prefix": "p."}, "p.flow would be copied onto itself"),
        ({"names": {"flow": "p.endpoint"}}, "p.endpoint, which is a topic of this deployment"),
        ({"prefix": "none."}, "no topic none.flow"),
        ({"prefix": "p.", "kafka": {"bootstrap_servers": "alias:1"}}, "onto itself"),
        ({"prefix": "p.", "kafka": {"bootstrap_servers": "other:1"}}, None),
    ],
)
def test_a_target_that_would_be_read_again_is_refused(
    values: dict[str, object], problem: str | None
) -> None:
    """Also where the same cluster is reached by another address."""
    settings = target(topics=["flow"], **values)
    kafka = KafkaSettings(bootstrap_servers="here:1")
    topics = TopicsSettings(prefix="p.")
    if problem is None:
        check_target("x", settings, kafka, topics, CLUSTERS)
        return
    with pytest.raises(MisconfiguredError, match=problem):
        check_target("x", settings, kafka, topics, CLUSTERS)
