"""Handing over to Kafka, with and without one."""

import time

import pytest
import structlog
from confluent_kafka import TIMESTAMP_CREATE_TIME, Consumer, TopicPartition

from ingest.batch import Batch
from ingest.counts import Count, Row, Table
from ingest.handover import Handover
from schemas.raw_batch import decode, encode_datagram
from service.logs import Repeats
from service.settings import KafkaSettings
from tests.brokers import Broker, create_topics, free_port

NOW = 1_700_000_000_123_456_789
ITEM = encode_datagram(NOW, bytes(16), 5, 2055, 0, None, b"payload" * 100)


def _handover(bootstrap: str, topic: str, row: Row, batches: int = 100_000) -> Handover:
    kafka = KafkaSettings(bootstrap_servers=bootstrap)
    return Handover(kafka, topic, 1 << 20, batches, row, structlog.get_logger(), Repeats(60))


def test_batches_and_ticks_arrive_in_their_partition(broker: Broker, prefix: str) -> None:
    """Value, partition, order and the Kafka timestamp (newest receive time) are kept."""
    topic = f"{prefix}raw"
    create_topics(broker, {topic: (2, {})})
    row = Table(1).rows[0]
    handover = _handover(broker.bootstrap, topic, row)
    for number in range(3):
        handover.send(Batch(1, NOW + number, NOW, [ITEM] * number))
    assert 0 == handover.flush(20)

    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": prefix})
    consumer.assign([TopicPartition(topic, 1, 0)])
    found = []
    deadline = time.monotonic() + 20
    while len(found) < 3 and time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is not None and message.error() is None:
            found.append(message)
    consumer.close()
    assert [NOW, NOW + 1, NOW + 2] == [decode(each.value()).sealed_at_ns for each in found]
    assert [0, 1, 2] == [len(decode(each.value()).datagrams) for each in found]
    assert {(TIMESTAMP_CREATE_TIME, NOW // 1_000_000)} == {each.timestamp() for each in found}
    assert (1, 2, 3) == (row[Count.TICKS], row[Count.BATCHES], row[Count.DELIVERED])
    assert handover.is_up()


def test_full_queue_drops_and_counts() -> None:
    """Without Kafka what no longer fits is dropped; what waits is counted when the process ends."""
    row = Table(1).rows[0]
    handover = _handover(f"127.0.0.1:{free_port()}", "raw", row, batches=100)
    with structlog.testing.capture_logs() as lines:
        for _ in range(150):
            handover.send(Batch(0, NOW, NOW, [ITEM] * 2))
        lost = handover.flush(0)

    assert (100, 100, 200) == (row[Count.BATCHES], row[Count.QUEUE_FULL], lost)
    assert 200 == row[Count.STOPPED]
    assert 0 == row[Count.DELIVERY] + row[Count.DELIVERED]
    events = [line["event"] for line in lines]
    assert 1 == events.count("dropping datagrams: the queue for Kafka is full")


@pytest.mark.kafka
def test_refused_delivery_is_counted(kafka: Broker, prefix: str) -> None:
    """A partition that is not there is refused for good; the datagrams count as dropped."""
    topic = f"{prefix}raw"
    create_topics(kafka, {topic: (1, {})})
    row = Table(1).rows[0]
    handover = _handover(kafka.bootstrap, topic, row)
    handover.send(Batch(0, NOW, NOW, [ITEM]))
    assert 0 == handover.flush(20)
    with structlog.testing.capture_logs() as lines:
        handover.send(Batch(7, NOW, NOW, [ITEM] * 3))
        handover.flush(20)

    assert (1, 3) == (row[Count.DELIVERED], row[Count.DELIVERY])
    assert "dropping datagrams: Kafka refuses them" in [line["event"] for line in lines]


def test_silence_of_kafka_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something waits and nothing is confirmed: not up, and a line says so."""
    row = Table(1).rows[0]
    handover = _handover(f"127.0.0.1:{free_port()}", "raw", row)
    handover.send(Batch(0, NOW, NOW, [ITEM]))
    assert handover.is_up()
    monkeypatch.setattr("ingest.handover.SILENCE_SECONDS", -1.0)
    with structlog.testing.capture_logs() as lines:
        assert not handover.is_up()
        assert not handover.is_up()
    handover.flush(0)

    assert ["Kafka does not answer: datagrams wait in memory"] == [line["event"] for line in lines]
