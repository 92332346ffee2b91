"""Topics on a real broker: made once, compared with what is wanted, followed to their end."""

import orjson
from confluent_kafka import Producer

from envizzy import topics
from envizzy.lab.reader import TopicReader
from envizzy.printed import readable
from schemas import avro
from schemas.topics import TOPICS
from service.settings import KafkaSettings, TopicsSettings
from tests.brokers import Broker


def settings(broker: Broker, prefix: str) -> tuple[KafkaSettings, TopicsSettings]:
    """Few partitions, names of the test's own."""
    return (
        KafkaSettings(bootstrap_servers=broker.bootstrap),
        TopicsSettings(prefix=prefix, raw_partitions=3, record_partitions=2),
    )


def test_topics_are_made_once_and_fit(broker: Broker, prefix: str) -> None:
    """A second call finds them; what is shown fits."""
    kafka, wanted = settings(broker, prefix)
    made = topics.create(kafka, wanted)
    again = topics.create(kafka, wanted)
    states = {state.topic: state for state in topics.show(kafka, wanted)}

    assert [(prefix + name, True) for name in TOPICS] == made
    assert [(prefix + name, False) for name in TOPICS] == again
    assert [""] * len(TOPICS) == [state.trouble for state in states.values()]
    assert (3, 3, 1, 2) == tuple(
        states[name].partitions for name in ("raw", "state", "layouts", "flow")
    )


def test_what_does_not_fit_is_named(broker: Broker, prefix: str) -> None:
    """Topics that are not there, and another number of partitions."""
    kafka, wanted = settings(broker, prefix)
    before = topics.show(kafka, wanted)
    topics.create(kafka, wanted)
    other = wanted.model_copy(update={"raw_partitions": 5})
    trouble = {state.topic: state.trouble for state in topics.show(kafka, other)}

    assert all("is not there" in state.trouble for state in before)
    assert all("envizzy topics create" in state.trouble for state in before)
    assert "3 partitions" in trouble["raw"]
    assert "" == trouble["flow"]


def test_a_topic_is_read_to_its_true_end(broker: Broker, prefix: str) -> None:
    """By end-of-partition events; what comes later is read too, in order within a partition."""
    kafka, wanted = settings(broker, prefix)
    topics.create(kafka, wanted)
    producer = Producer(kafka.librdkafka())
    for number in range(500):
        producer.produce(wanted.name("flow"), orjson.dumps({"n": number}), partition=number % 2)
    producer.flush()
    reader = TopicReader(kafka.librdkafka(), [wanted.name("flow")])
    first = [orjson.loads(message.value() or b"")["n"] for message in reader.to_end()]
    producer.produce(wanted.name("flow"), b'{"n":500}', partition=0)
    producer.flush()
    then: list[int] = []
    while not then:
        then += [orjson.loads(message.value() or b"")["n"] for message in reader.read(1)]
    reader.close()

    assert list(range(500)) == sorted(first)
    assert [500] == then


def test_a_dead_letter_can_be_read_by_people(broker: Broker, prefix: str) -> None:
    """Addresses as text, octets in hex; what is no dead letter is shown as its octets."""
    kafka, wanted = settings(broker, prefix)
    topics.create(kafka, wanted)
    letter = {
        "reason": "malformed_truncated",
        "record_id": "00000000-0001",
        "exporter": bytes.fromhex("00000000000000000000ffff0a000001"),
        "port": 4711,
        "received_at_ns": 1,
        "offset": 0,
        "octets": b"\x00\x0a",
        "detail": "2 octets",
        "records": 0,
        "raw_topic": "raw",
        "raw_partition": 1,
        "raw_offset": 7,
    }
    producer = Producer(kafka.librdkafka())
    for value in (avro.encode("dead_letter", letter), b"nonsense"):
        producer.produce(wanted.name("dead-letter"), value, b"10.0.0.1", 0)
    producer.flush()
    reader = TopicReader(kafka.librdkafka(), [wanted.name("dead-letter")])
    good, bad = [readable(message, "dead-letter") for message in reader.to_end()]
    reader.close()

    assert {**letter, "exporter": "10.0.0.1", "octets": "000A"} == good["value"]
    assert ("10.0.0.1", b"nonsense".hex().upper()) == (bad["key"], bad["value"]["octets"])
