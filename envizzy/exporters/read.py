"""The newest record of each exporter, from the topic read to its end."""

from typing import Any

import orjson

from envizzy.lab.errors import LabError
from envizzy.lab.reader import TopicReader
from service.settings import KafkaSettings, TopicsSettings


def exporters(kafka: KafkaSettings, topics: TopicsSettings) -> list[dict[str, Any]]:
    """All that are known, in the order of their addresses.

    Raises:
        LabError: Kafka does not answer, there is no such topic, or a record is no JSON object.
    """
    name = topics.name("exporter")
    reader = TopicReader(kafka.librdkafka("exporters"), [name])
    newest: dict[bytes, bytes] = {}
    try:
        for message in reader.to_end():
            key, value = message.key() or b"", message.value()
            if value is None:
                newest.pop(key, None)
            else:
                newest[key] = value
    finally:
        reader.close()
    return [_record(name, key, value) for key, value in sorted(newest.items())]


def _record(topic: str, key: bytes, value: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise LabError(f"{topic}, key {key.decode(errors='replace')}: {error}") from error
    return found
