"""The topics of a deployment: make them, compare them with what is wanted."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from envizzy.lab.errors import LabError
from schemas.topics import TOPICS, TopicSpec
from service.settings import KafkaSettings, TopicsSettings

_COPIES = 3
"""Replication where the brokers allow it: one may fail while another is maintained."""

_IN_SYNC = "2"
"""``min.insync.replicas`` with three copies."""


class TopicState(NamedTuple):
    """A topic as it is wanted and as it is.

    Attributes:
        topic: By the topics table.
        name: In this deployment.
        partitions: As they are; 0 where the topic is not there.
        wanted: Partitions that the settings ask for.
        cleanup_policy: As it is; empty where the broker does not tell.
        retention: ``retention.ms`` as it is; empty where the broker does not tell.
        trouble: What does not fit, one line; empty where all is well.
        description: What it carries.
    """

    topic: str
    name: str
    partitions: int
    wanted: int
    cleanup_policy: str
    retention: str
    trouble: str
    description: str


def wanted_partitions(spec: TopicSpec, settings: TopicsSettings) -> int:
    """How many partitions a topic is to have."""
    rules = {"raw": settings.raw_partitions, "records": settings.record_partitions, "one": 1}
    return rules[spec.partitions_rule]


def create(kafka: KafkaSettings, settings: TopicsSettings) -> list[tuple[str, bool]]:
    """Make the topics that are not there; what is there stays as it is.

    Returns:
        Names, and whether each was made now.

    Raises:
        LabError: Kafka does not answer or refuses.
    """
    admin = AdminClient({**kafka.librdkafka("admin"), "log_level": 0})
    there, brokers = _metadata(admin, kafka)
    copies = settings.replication_factor or min(_COPIES, brokers)
    new = []
    for spec in TOPICS.values():
        name = settings.name(spec.name)
        if name in there:
            continue
        config = spec.configs()
        retention = settings.retention_ms(spec.name)
        if retention is not None:
            config["retention.ms"] = str(retention)
        if spec.name == "raw" and settings.raw_retention_octets >= 0:
            config["retention.bytes"] = str(settings.raw_retention_octets)
        if copies >= _COPIES:
            config["min.insync.replicas"] = _IN_SYNC
        new.append(NewTopic(name, wanted_partitions(spec, settings), copies, config=config))
    made = set()
    futures = admin.create_topics(new, request_timeout=kafka.timeout_seconds) if new else {}
    for name, future in futures.items():
        try:
            future.result(kafka.timeout_seconds)
            made.add(name)
        except KafkaException as error:
            # Made by somebody else meanwhile: just as good.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise LabError(f"topic {name}: {error.args[0].str()}") from error
    names = [settings.name(spec.name) for spec in TOPICS.values()]
    return [(name, name in made) for name in names]


def delete(kafka: KafkaSettings, settings: TopicsSettings) -> None:
    """Remove all topics of a deployment, as far as they are there.

    Raises:
        LabError: Kafka does not answer.
    """
    admin = AdminClient({**kafka.librdkafka("admin"), "log_level": 0})
    there, _ = _metadata(admin, kafka)
    names = [settings.name(spec.name) for spec in TOPICS.values()]
    for future in admin.delete_topics([name for name in names if name in there]).values():
        try:
            future.result(kafka.timeout_seconds)
        except KafkaException as error:
            raise LabError(f"deleting topics: {error.args[0].str()}") from error


def show(kafka: KafkaSettings, settings: TopicsSettings) -> list[TopicState]:
    """All topics as they are.

    Raises:
        LabError: Kafka does not answer.
    """
    admin = AdminClient({**kafka.librdkafka("admin"), "log_level": 0})
    there, _ = _metadata(admin, kafka)
    names = [settings.name(spec.name) for spec in TOPICS.values()]
    configs = _configs(admin, [name for name in names if name in there], kafka.timeout_seconds)
    return [
        _state(spec, settings, there.get(settings.name(spec.name), 0), configs)
        for spec in TOPICS.values()
    ]


def _state(
    spec: TopicSpec,
    settings: TopicsSettings,
    partitions: int,
    configs: dict[str, dict[str, str]],
) -> TopicState:
    name = settings.name(spec.name)
    wanted = wanted_partitions(spec, settings)
    config = configs.get(name, {})
    policy = config.get("cleanup.policy", "")
    trouble = ""
    if not partitions:
        trouble = "is not there: envizzy topics create"
    elif partitions != wanted and spec.partitions_rule != "records":
        trouble = f"has {partitions} partitions, settings want {wanted}"
    elif policy and set(policy.split(",")) != set(spec.cleanup_policy.split(",")):
        trouble = f"cleanup.policy is {policy}, must be {spec.cleanup_policy}"
    retention = config.get("retention.ms", "")
    about = spec.description
    return TopicState(spec.name, name, partitions, wanted, policy, retention, trouble, about)


def _metadata(admin: AdminClient, kafka: KafkaSettings) -> tuple[dict[str, int], int]:
    """Topics with their partitions, and the number of brokers."""
    try:
        found = admin.list_topics(timeout=kafka.timeout_seconds)
    except KafkaException as error:
        raise LabError(
            f"no Kafka answers at {kafka.bootstrap_servers} within {kafka.timeout_seconds:g} s: "
            "is it running, and is kafka.bootstrap_servers right?"
        ) from error
    return {name: len(each.partitions) for name, each in found.topics.items()}, len(found.brokers)


def _configs(admin: AdminClient, names: Sequence[str], seconds: float) -> dict[str, dict[str, str]]:
    """Topic settings; nothing where the broker does not tell (a right may be missing)."""
    found: dict[str, dict[str, str]] = {}
    resources: Iterable[ConfigResource] = [ConfigResource(ResourceType.TOPIC, n) for n in names]
    for resource, future in admin.describe_configs(list(resources)).items() if names else ():
        try:
            entries = future.result(seconds)
        except KafkaException:
            continue
        found[resource.name] = {key: str(entry.value) for key, entry in entries.items()}
    return found
