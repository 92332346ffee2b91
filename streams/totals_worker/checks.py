"""What is checked before a worker begins: Kafka and the topics that it needs."""

from collections.abc import Callable
from typing import Any

from confluent_kafka.admin import AdminClient

from schemas.topics import NETFLOW, NETFLOW_1M, RAW
from service.brokers import Brokers, BrokersError
from service.settings import KafkaSettings, TopicsSettings
from streams.totals.snapshot import MOST_LANES
from streams.totals_worker.errors import StartError


def check_topics(
    kafka: KafkaSettings, topics: TopicsSettings, make: Callable[[Any], Any] = AdminClient
) -> int:
    """See whether all that a worker needs is there.

    Args:
        kafka: How to reach it, and for how long to try.
        topics: Names.
        make: ``AdminClient``; a test gives its own.

    Returns:
        How many partitions ``netflow`` has.

    Raises:
        StartError: One line that says what is wrong and how to mend it.
    """
    try:
        found = Brokers(kafka, "totals-check", make).metadata().topics
    except BrokersError as error:
        raise StartError(str(error)) from error
    names = {topic: topics.name(topic) for topic in (NETFLOW, NETFLOW_1M)}
    missing = sorted(name for name in names.values() if name not in found)
    if missing:
        raise StartError(f"no topic {', '.join(missing)}: make them by 'envizzy topics create'")
    flows, totals = (len(found[name].partitions) for name in names.values())
    if flows != totals:
        raise StartError(
            f"topic {names[NETFLOW]} has {flows} partitions and {names[NETFLOW_1M]} has {totals}: "
            "both must have as many, for a total stands in the partition of its flows; make "
            f"{names[NETFLOW_1M]} anew"
        )
    raw = found.get(topics.name(RAW))
    lanes = 0 if raw is None else len(raw.partitions)
    if lanes > MOST_LANES:
        raise StartError(
            f"topic {topics.name(RAW)} has {lanes} partitions: totals are exact up to "
            f"{MOST_LANES}, for the place in each of them must fit beside a committed offset"
        )
    return flows
