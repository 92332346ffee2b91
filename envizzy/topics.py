"""The topics of a deployment, as the command line and the lab use ``service.topics``."""

from typing import NamedTuple

from envizzy.lab.errors import LabError
from schemas.topics import TOPICS
from service import topics
from service.settings import KafkaSettings, TopicsSettings


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


def create(kafka: KafkaSettings, settings: TopicsSettings) -> list[tuple[str, bool]]:
    """Make the topics that are not there; what is there stays as it is.

    Returns:
        Names, and whether each was made now.

    Raises:
        LabError: Kafka does not answer or refuses.
    """
    try:
        return topics.create(kafka, settings)
    except topics.TopicsError as error:
        raise LabError(str(error)) from error


def delete(kafka: KafkaSettings, settings: TopicsSettings) -> None:
    """Remove all topics of a deployment, as far as they are there.

    Raises:
        LabError: Kafka does not answer or refuses.
    """
    try:
        topics.delete(kafka, settings)
    except topics.TopicsError as error:
        raise LabError(str(error)) from error


def show(kafka: KafkaSettings, settings: TopicsSettings) -> list[TopicState]:
    """All topics as they are.

    Raises:
        LabError: Kafka does not answer.
    """
    try:
        states = topics.show(kafka, settings)
    except topics.TopicsError as error:
        raise LabError(str(error)) from error
    return [
        TopicState(
            state.wanted.topic,
            state.wanted.name,
            state.partitions,
            state.wanted.partitions,
            state.configs.get("cleanup.policy", ""),
            state.configs.get("retention.ms", ""),
            "; ".join(state.problems),
            TOPICS[state.wanted.topic].description,
        )
        for state in states
    ]
