"""Makes, checks and shows the topics of ``schemas.topics``; a failure is one line."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from schemas.topics import LAYOUTS, STATE, TOPICS, TopicSpec
from service.brokers import Brokers, BrokersError
from service.settings import KafkaSettings, TopicsSettings

if TYPE_CHECKING:
    from concurrent.futures import Future

_FULL_REPLICATION = 3
"""Copies of a partition where there are that many brokers: one may fail and one may be in
repair."""

_STATE_LAG_MS = 3_600_000
"""Least ``min.compaction.lag.ms`` of the state topic: a worker may be frozen for a while, then
write late."""

_VISIBLE_SECONDS = 15.0
"""A new topic is in every broker's metadata after well under a second; then something is wrong."""


class TopicsError(RuntimeError):
    """Kafka cannot be asked, or refuses; one line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One topic as the settings want it.

    Attributes:
        topic: Its name in ``schemas.topics``.
        name: Its full name in the cluster.
        partitions: At least 1.
        configs: Kafka's topic settings.
    """

    topic: str
    name: str
    partitions: int
    configs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TopicState:
    """One topic as it is.

    Attributes:
        wanted: What the settings want.
        partitions: 0 where there is no such topic.
        replicas: Copies of partition 0.
        configs: Kafka's topic settings; empty where the broker does not tell.
        problems: What does not fit, a line each.
    """

    wanted: Wanted
    partitions: int
    replicas: int
    configs: Mapping[str, str]
    problems: tuple[str, ...]


def wanted(topics: TopicsSettings, only: Iterable[str] | None = None) -> list[Wanted]:
    """The topics as the settings want them.

    Args:
        topics: Settings.
        only: Names as in ``schemas.topics``; None means all.
    """
    chosen = TOPICS if only is None else list(only)
    return [_want(TOPICS[name], topics) for name in chosen]


def create(
    kafka: KafkaSettings, topics: TopicsSettings, only: Iterable[str] | None = None
) -> list[tuple[str, bool]]:
    """Make the topics that are missing, and wait until the cluster shows them.

    Returns:
        Full name, and whether it was made now.

    Raises:
        TopicsError: No answer, or a refusal.
    """
    brokers = _brokers(kafka)
    metadata = _metadata(brokers)
    copies = topics.replication_factor or min(_FULL_REPLICATION, len(metadata.brokers))
    missing = [each for each in wanted(topics, only) if each.name not in metadata.topics]
    new = []
    for each in missing:
        configs = dict(each.configs)
        if copies >= _FULL_REPLICATION:
            configs["min.insync.replicas"] = "2"
        new.append(NewTopic(each.name, each.partitions, copies, config=configs))
    if new:
        made = brokers.admin.create_topics(new, request_timeout=kafka.timeout_seconds)
        for name, future in made.items():
            _created(name, future, kafka, copies)
        _await_metadata(brokers, {each.name for each in missing}, set())
    names = {each.name for each in missing}
    return [(each.name, each.name in names) for each in wanted(topics, only)]


def delete(kafka: KafkaSettings, topics: TopicsSettings) -> None:
    """Remove all topics of a deployment, with all that they hold, as far as they are there.

    Raises:
        TopicsError: No answer, or a refusal.
    """
    brokers = _brokers(kafka)
    there = _metadata(brokers).topics
    names = [each.name for each in wanted(topics) if each.name in there]
    if not names:
        return
    futures = brokers.admin.delete_topics(names, request_timeout=kafka.timeout_seconds)
    for name, future in futures.items():
        try:
            future.result(kafka.timeout_seconds)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                continue  # somebody else was faster
            raise TopicsError(f"topic {name} cannot be deleted: {error.args[0].str()}") from error
    _await_metadata(brokers, set(), set(names))


def check(
    kafka: KafkaSettings, topics: TopicsSettings, only: Iterable[str] | None = None
) -> list[str]:
    """What is wrong with the topics, a line each; empty where all fits.

    Raises:
        TopicsError: No answer.
    """
    return [problem for state in show(kafka, topics, only) for problem in state.problems]


def show(
    kafka: KafkaSettings, topics: TopicsSettings, only: Iterable[str] | None = None
) -> list[TopicState]:
    """The topics as they are.

    Raises:
        TopicsError: No answer.
    """
    brokers = _brokers(kafka)
    metadata = _metadata(brokers)
    chosen = wanted(topics, only)
    there = [each.name for each in chosen if each.name in metadata.topics]
    configs = _configs(brokers.admin, there, kafka)
    states = []
    for each in chosen:
        found = metadata.topics.get(each.name)
        partitions = len(found.partitions) if found else 0
        replicas = len(found.partitions[0].replicas) if partitions else 0
        actual = configs.get(each.name, {})
        problems = tuple(_problems(each, partitions, actual))
        states.append(TopicState(each, partitions, replicas, actual, problems))
    return states


def _want(spec: TopicSpec, topics: TopicsSettings) -> Wanted:
    partitions = {
        "raw": topics.raw_partitions,
        "one": 1,
        "records": topics.record_partitions,
    }[spec.partitions_rule]
    configs = spec.configs()
    retention = topics.retention_ms(spec.name)
    if retention is not None:
        configs["retention.ms"] = str(retention)
    if spec.name == "raw" and topics.raw_retention_octets >= 0:
        configs["retention.bytes"] = str(topics.raw_retention_octets)
    return Wanted(spec.name, topics.name(spec.name), partitions, configs)


def _problems(each: Wanted, partitions: int, actual: Mapping[str, str]) -> Iterable[str]:
    exact = TOPICS[each.topic].partitions_rule == "raw" or each.topic == LAYOUTS
    if not partitions:
        yield f"topic {each.name} is not there; make it with 'envizzy topics create'"
        return
    if partitions < each.partitions or (exact and partitions != each.partitions):
        key = "topics.raw_partitions" if exact else "topics.record_partitions"
        need = "exactly" if exact else "at least"
        yield (
            f"topic {each.name} has {partitions} partitions, {need} {each.partitions} are wanted; "
            f"set {key} = {partitions}, or make the topic anew"
        )
    policy = policy_problem(each.topic, each.name, actual.get("cleanup.policy"))
    if policy:
        yield policy
    lag = actual.get("min.compaction.lag.ms")
    if each.topic == STATE and lag is not None and int(lag) < _STATE_LAG_MS:
        least = each.configs["min.compaction.lag.ms"]
        yield f"topic {each.name} has min.compaction.lag.ms={lag}; set it to {least}"


def policy_problem(topic: str, name: str, policy: str | None) -> str | None:
    """What is wrong with a topic's clean-up policy, one line; None where it fits.

    Args:
        topic: As in ``schemas.topics``.
        name: In the cluster.
        policy: ``cleanup.policy`` as it is; None where the broker does not tell.
    """
    needed = TOPICS[topic].cleanup_policy
    if policy is None or set(policy.split(",")) <= set(needed.split(",")):
        return None
    # A feed that is compacted keeps the newest record of an endpoint only; state that is deleted
    # by age forgets templates.
    loss = "what must be remembered" if needed == "compact" else "records"
    return (
        f"topic {name} has cleanup.policy={policy}; {needed} is needed, or {loss} will be lost: "
        "set it with kafka-configs"
    )


def _brokers(kafka: KafkaSettings) -> Brokers:
    try:
        return Brokers(kafka, "admin")
    except BrokersError as error:
        raise TopicsError(str(error)) from error


def _metadata(brokers: Brokers) -> ClusterMetadata:
    try:
        return brokers.metadata()
    except BrokersError as error:
        raise TopicsError(str(error)) from error


def _created(name: str, future: "Future[None]", kafka: KafkaSettings, copies: int) -> None:
    try:
        future.result(kafka.timeout_seconds)
    except KafkaException as error:
        cause = error.args[0]
        if cause.code() == KafkaError.TOPIC_ALREADY_EXISTS:  # made by somebody else meanwhile
            return
        hint = ""
        if cause.code() == KafkaError.INVALID_REPLICATION_FACTOR:
            hint = f"; {copies} copies need as many brokers: set topics.replication_factor"
        if cause.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            hint = "; the user needs CREATE on it"
        raise TopicsError(f"topic {name} cannot be made: {cause.str()}{hint}") from error
    except TimeoutError as error:
        raise TopicsError(
            f"topic {name} was not made within {kafka.timeout_seconds:g} s; is a controller there?"
        ) from error


def _await_metadata(brokers: Brokers, made: set[str], deleted: set[str]) -> None:
    """Wait until the broker that is asked has heard of it from the controller."""
    deadline = time.monotonic() + _VISIBLE_SECONDS
    while True:
        there = set(_metadata(brokers).topics)
        wrong = [
            *(f"{name} was made but does not show" for name in sorted(made - there)),
            *(f"{name} was deleted but still shows" for name in sorted(deleted & there)),
        ]
        if not wrong:
            return
        if time.monotonic() > deadline:
            raise TopicsError(f"topic {wrong[0]} in the metadata")
        time.sleep(0.05)


def _configs(
    admin: AdminClient, names: list[str], kafka: KafkaSettings
) -> dict[str, dict[str, str]]:
    """Each topic's settings; left out where the broker does not tell them."""
    if not names:
        return {}
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    futures = admin.describe_configs(resources, request_timeout=kafka.timeout_seconds)
    found: dict[str, dict[str, str]] = {}
    for resource, future in futures.items():
        try:
            entries = future.result(kafka.timeout_seconds)
        except (KafkaException, TimeoutError):
            # Without the right to describe, the number of partitions is all that can be checked.
            continue
        found[resource.name] = {
            name: entry.value for name, entry in entries.items() if entry.value is not None
        }
    return found
