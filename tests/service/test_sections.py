"""Tables that several services share."""

from schemas.topics import TOPICS
from service.settings import TopicNames, TopicRetention, TopicsSettings


def test_every_topic_has_a_name_setting() -> None:
    """The names are those of the topics' table, and their defaults too."""
    assert {name.replace("-", "_"): name for name in TOPICS} == TopicNames().model_dump()


def test_every_topic_that_is_deleted_by_time_has_a_retention_setting() -> None:
    """Compacted topics have none."""
    timed = {name.replace("-", "_") for name, spec in TOPICS.items() if spec.retention_ms}
    assert timed == set(TopicRetention.model_fields)


def test_name_is_behind_the_prefix() -> None:
    """The prefix stands before the name that the deployment gives."""
    topics = TopicsSettings(prefix="prod.", names=TopicNames(dead_letter="dlq"))

    assert ("prod.dlq", "prod.netflow-1m") == (
        topics.name("dead-letter"),
        topics.name("netflow-1m"),
    )


def test_retention_in_hours_becomes_milliseconds() -> None:
    """What is not set leaves the table's default."""
    topics = TopicsSettings(retention_hours=TopicRetention(raw=0.5))

    assert (1_800_000, None, None) == tuple(
        topics.retention_ms(name) for name in ("raw", "flow", "state")
    )
