"""What is checked before a worker begins: Kafka, its topics, their forms."""

from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from service.brokers import Brokers, BrokersError
from service.logs import logger
from service.settings import KafkaSettings, TopicsSettings
from service.topics import policy_problem
from streams.agents.stop import StartError

RECORDS = ("endpoint", "interface", "flow", "netflow", "exporter")
NEEDED = ("raw", "state", "layouts", *RECORDS, "dead-letter")
WRITTEN = ("state", "layouts", *RECORDS, "dead-letter")

ALONE = ("layouts", "exporter")
"""Topics of one partition: every worker reads them whole."""

HOUR_MS = 3_600_000
"""Least ``min.compaction.lag.ms`` of ``state``: compaction may else remove the newer of two."""

NO_INCARNATION = "00000000"
"""Where the broker has no topic ids."""


def check_topics(
    kafka: KafkaSettings,
    topics: TopicsSettings,
    message_octets: int,
    make: Callable[[Any], Any] = AdminClient,
) -> str:
    """See whether all that a worker needs is there.

    Args:
        kafka: How to reach it, and for how long to try.
        topics: Names.
        message_octets: Largest record of our producer.
        make: ``AdminClient``; a test gives its own.

    Returns:
        The incarnation of ``raw``: eight hex digits of its topic id.

    Raises:
        StartError: One line that says what is wrong and how to mend it.
    """
    try:
        brokers = Brokers(kafka, "streams-check", make)
        found = brokers.metadata().topics
    except BrokersError as error:
        raise StartError(str(error)) from error
    names = {topic: topics.name(topic) for topic in NEEDED}
    missing = sorted(name for name in names.values() if name not in found)
    if missing:
        raise StartError(f"no topic {', '.join(missing)}: make them by 'envizzy topics create'")
    partitions = {topic: len(found[name].partitions) for topic, name in names.items()}
    if partitions["raw"] != partitions["state"]:
        raise StartError(
            f"topic {names['raw']} has {partitions['raw']} partitions and {names['state']} has "
            f"{partitions['state']}: both must have as many; make {names['state']} anew"
        )
    for topic in ALONE:
        if partitions[topic] != 1:
            raise StartError(
                f"topic {names[topic]} has {partitions[topic]} partitions: it must have one"
            )
    seconds = kafka.timeout_seconds
    _check_configs(brokers.admin, names, message_octets, seconds)
    return _incarnation(brokers.admin, names["raw"], seconds)


def _check_configs(admin: Any, names: dict[str, str], message_octets: int, seconds: float) -> None:
    log = logger("streams.checks")
    try:
        configs = _configs(admin, [names[topic] for topic in WRITTEN], seconds)
    except (KafkaException, KeyError, ValueError, TimeoutError) as error:
        # Tansu has no such question; its topics are made by the lab itself.
        log.info("topic configurations not checked: the broker does not tell", error=str(error))
        return
    for topic in WRITTEN:
        policy = policy_problem(topic, names[topic], configs[names[topic]].get("cleanup.policy"))
        if policy is not None:
            raise StartError(policy)
        largest = configs[names[topic]].get("max.message.bytes")
        if largest is not None and int(largest) < message_octets:
            raise StartError(
                f"topic {names[topic]} has max.message.bytes={largest}, below [streams] "
                f"message_octets={message_octets}: raise the one or lower the other"
            )
    lag = configs[names["state"]].get("min.compaction.lag.ms")
    if lag is not None and int(lag) < HOUR_MS:
        log.warning(
            "min.compaction.lag.ms of the state topic is short: set it to some hours, or a late "
            "write of a frozen worker may cost state",
            topic=names["state"],
            milliseconds=int(lag),
        )


def _configs(admin: Any, names: Iterable[str], seconds: float) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    futures = admin.describe_configs(resources, request_timeout=seconds)
    return {
        resource.name: {
            name: entry.value for name, entry in future.result(seconds).items() if entry.value
        }
        for resource, future in futures.items()
    }


def _incarnation(admin: Any, raw: str, seconds: float) -> str:
    try:
        futures = admin.describe_topics(TopicCollection([raw]), request_timeout=seconds)
        topic_id = futures[raw].result(seconds).topic_id
        high = topic_id.get_most_significant_bits() & 0xFFFFFFFFFFFFFFFF
    except (KafkaException, AttributeError, ValueError, TimeoutError) as error:
        logger("streams.checks").info("the broker has no topic ids", error=str(error))
        return NO_INCARNATION
    return f"{high >> 32:08x}"
