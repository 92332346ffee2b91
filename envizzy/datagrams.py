"""Datagrams from a capture or from the topic ``raw``, for commands that take either."""

from collections.abc import Iterator
from pathlib import Path

from envizzy.captures import Captured, Tally, read
from envizzy.config import Settings
from envizzy.lab.reader import TopicReader
from schemas import raw_batch
from schemas.errors import SchemaError

RAW = "raw"


def datagrams(source: str, settings: Settings, notes: list[str]) -> Iterator[Captured]:
    """Give the datagrams of a source, from its beginning to its end.

    Args:
        source: A capture file; ``raw`` where there is no such file: the topic.
        settings: Of the deployment.
        notes: Told what was left out.

    Raises:
        CaptureError: The file cannot be read.
        LabError: There is no such topic, or no broker answers.
    """
    path = Path(source)
    if path.exists() or source != RAW:
        tally = Tally()
        yield from read(path, tally=tally)
        notes += tally.notes()
        return
    reader = TopicReader(settings.kafka.librdkafka("reader"), [settings.topics.name(RAW)])
    try:
        for message in reader.to_end():
            yield from _of_event(message.value() or b"", notes)
    finally:
        reader.close()


def _of_event(value: bytes, notes: list[str]) -> Iterator[Captured]:
    try:
        batch = raw_batch.decode(value)
    except SchemaError as error:
        notes.append(f"an event of raw is passed over: {error}")
        return
    for each in batch.datagrams:
        yield Captured(each.exporter, each.port, each.local_port, each.received_at_ns, each.payload)
