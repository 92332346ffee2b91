"""The parts ``topics`` and ``exporters``: what Kafka knows."""

from collections.abc import Iterator
from typing import Any

import orjson
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from envizzy import topics as front
from envizzy.diag.model import Entry, Given
from envizzy.lab.reader import TopicReader
from envizzy.printed import readable
from service.settings import KafkaSettings

_GROUPS = 200
"""Consumer groups at most that are looked at: those of a shared cluster may be thousands."""


def topics(given: Given) -> Iterator[Entry]:
    """The topics with what does not fit, their offsets, and how far each group is behind.

    Raises:
        LabError: Kafka does not answer.
        KafkaException: It does no longer.
    """
    states = front.show(given.kafka, given.settings.topics)
    yield _json("kafka/topics.json", [state._asdict() for state in states])
    places = [(each.name, number) for each in states for number in range(each.partitions)]
    offsets = _offsets(given.kafka, places)
    yield _json(
        "kafka/offsets.json",
        [
            {"topic": name, "partition": number, "first": low, "next": high}
            for (name, number), (low, high) in offsets.items()
        ],
    )
    yield _json("kafka/groups.json", _groups(given.kafka, offsets))


def exporters(given: Given) -> Iterator[Entry]:
    """The newest record of each exporter in the ``exporter`` topic, a line each.

    Raises:
        LabError: Kafka does not answer, or there is no such topic.
    """
    settings = given.settings
    name = settings.topics.name("exporter")
    reader = TopicReader(
        given.kafka.librdkafka("diag"), [name], patience=given.kafka.timeout_seconds
    )
    newest: dict[bytes, Any] = {}
    left_out = 0
    try:
        for message in reader.to_end():
            key = message.key() or b""
            if key not in newest and len(newest) >= settings.diag.exporters:
                left_out += 1
            elif message.value() is None:
                newest.pop(key, None)
            else:
                newest[key] = readable(message, "exporter")
    finally:
        reader.close()
    lines = [orjson.dumps(each) for each in newest.values()]
    if left_out:
        lines.append(orjson.dumps({"left_out": left_out, "setting": "diag.exporters"}))
    yield Entry("kafka/exporters.jsonl", b"".join(line + b"\n" for line in lines))


def _json(name: str, value: object) -> Entry:
    return Entry(name, orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")


def _offsets(
    kafka: KafkaSettings, places: list[tuple[str, int]]
) -> dict[tuple[str, int], tuple[int, int]]:
    """First and next offset of each partition."""
    consumer = Consumer({**kafka.librdkafka("diag"), "group.id": "envizzy-diag", "log_level": 2})
    try:
        return {
            place: consumer.get_watermark_offsets(
                TopicPartition(*place), timeout=kafka.timeout_seconds
            )
            for place in places
        }
    finally:
        consumer.close()


def _groups(
    kafka: KafkaSettings, offsets: dict[tuple[str, int], tuple[int, int]]
) -> list[dict[str, Any]]:
    """The groups that read our topics, with their lag."""
    admin = AdminClient({**kafka.librdkafka("diag"), "log_level": 0})
    patience = kafka.timeout_seconds
    listed = admin.list_consumer_groups(request_timeout=patience).result().valid
    found: list[dict[str, Any]] = []
    for group in sorted(listed, key=lambda each: str(each.group_id))[:_GROUPS]:
        asked = [ConsumerGroupTopicPartitions(group.group_id)]
        try:
            future = admin.list_consumer_group_offsets(asked, request_timeout=patience)
            committed = future[group.group_id].result().topic_partitions
        except KafkaException as error:
            found.append({"group": group.group_id, "error": error.args[0].str()})
            continue
        lags = [
            {
                "topic": each.topic,
                "partition": each.partition,
                "committed": each.offset,
                "lag": max(0, offsets[each.topic, each.partition][1] - each.offset),
            }
            for each in committed
            if (each.topic, each.partition) in offsets and each.offset >= 0
        ]
        if lags:
            state = getattr(group.state, "name", str(group.state))
            total = sum(each["lag"] for each in lags)
            found.append(
                {"group": group.group_id, "state": state, "lag": total, "partitions": lags}
            )
    return found
