"""The brokers that the other tests rely on."""

from confluent_kafka import Consumer, Producer

from tests.brokers import Broker, create_topics


def test_a_record_goes_through_the_broker(broker: Broker, prefix: str) -> None:
    """Topics are made, a record is delivered and read again with its headers."""
    topic = prefix + "raw"
    create_topics(broker, {topic: (2, {}), prefix + "state": (2, {"cleanup.policy": "compact"})})

    producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True})
    producer.produce(topic, b"value", b"key", 1, headers=[("record-id", b"7")], timestamp=1234567)
    assert 0 == producer.flush(30)

    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": prefix,
            "session.timeout.ms": 6000,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    message = consumer.poll(30)
    consumer.close()

    assert message is not None
    assert (b"value", b"key", 1, 0) == (
        message.value(),
        message.key(),
        message.partition(),
        message.offset(),
    )
    assert [("record-id", b"7")] == message.headers()
    assert 1234567 == message.timestamp()[1]
