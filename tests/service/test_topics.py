"""Topics on both brokers."""

import pytest
from confluent_kafka.admin import AdminClient

from service.settings import KafkaSettings, TopicsSettings
from service.topics import TopicsError, check, create, delete, show
from tests.brokers import Broker, create_topics, free_port


def test_topics_are_made_once_and_fit(broker: Broker, prefix: str) -> None:
    """What is missing is made, what is there is left alone, and all fits then."""
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap)
    topics = TopicsSettings(prefix=prefix, raw_partitions=3, record_partitions=2)

    first = create(kafka, topics)
    second = create(kafka, topics)

    assert {True} == {made for _, made in first}
    assert {False} == {made for _, made in second}
    assert [] == check(kafka, topics)
    partitions = {state.wanted.topic: state.partitions for state in show(kafka, topics)}
    assert (3, 3, 1, 2) == tuple(partitions[name] for name in ("raw", "state", "layouts", "flow"))
    delete(kafka, topics)
    delete(kafka, topics)
    assert 10 == len(check(kafka, topics))


def test_missing_and_ill_fitting_topics_are_named(broker: Broker, prefix: str) -> None:
    """Each problem is a line with the remedy."""
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap)
    topics = TopicsSettings(prefix=prefix, raw_partitions=4)
    create_topics(broker, {f"{prefix}raw": (2, {}), f"{prefix}flow": (1, {})})

    missing, raw, flow = check(kafka, topics, ["state", "raw", "flow"])

    assert f"topic {prefix}state is not there; make it with 'envizzy topics create'" == missing
    assert raw.startswith(f"topic {prefix}raw has 2 partitions, exactly 4 are wanted")
    assert flow.startswith(f"topic {prefix}flow has 1 partitions, at least 32 are wanted")


@pytest.mark.kafka
def test_state_without_compaction_is_named(kafka: Broker, prefix: str) -> None:
    """State in a topic that deletes would be lost."""
    settings = KafkaSettings(bootstrap_servers=kafka.bootstrap)
    topics = TopicsSettings(prefix=prefix, raw_partitions=1)
    create_topics(kafka, {f"{prefix}state": (1, {"cleanup.policy": "delete"})})

    policy, lag = check(settings, topics, ["state"])

    assert "cleanup.policy=delete; compact is needed" in policy
    assert "min.compaction.lag.ms=0" in lag


@pytest.mark.kafka
def test_too_many_copies_are_explained(kafka: Broker, prefix: str) -> None:
    """A replication factor above the number of brokers is refused with its setting."""
    settings = KafkaSettings(bootstrap_servers=kafka.bootstrap)
    brokers = len(AdminClient({"bootstrap.servers": kafka.bootstrap}).list_topics().brokers)
    topics = TopicsSettings(prefix=prefix, replication_factor=min(7, brokers + 1))

    with pytest.raises(TopicsError, match=r"set topics\.replication_factor"):
        create(settings, topics, ["raw"])


def test_no_kafka_is_one_line() -> None:
    """The brokers, the patience and the two settings to look at are named."""
    kafka = KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}", timeout_seconds=0.5)

    with pytest.raises(TopicsError) as caught:
        check(kafka, TopicsSettings())

    message = str(caught.value)
    assert message.startswith(f"Kafka at {kafka.bootstrap_servers} does not answer within 0.5 s")
    assert "\n" not in message
