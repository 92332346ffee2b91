"""The ``exporter`` topic: read back by partition, sent as part of a flight, guarded."""

from typing import Any

import orjson
import pytest

from envizzy.generator.routers.network import Network, NetworkBehaviour
from schemas.addresses import exporter_octets
from schemas.datagram import Datagram, Transport
from service.settings import TopicsSettings
from streams.agents.context import make_context
from streams.agents.exporters import HEADER_RAW, ExporterRecords, ExportersReader
from streams.agents.flights import Flight
from streams.agents.publisher import Publisher
from streams.metrics import StreamsMetrics
from streams.pipeline.model import Outcome
from streams.pipeline.step import step
from streams.settings import StreamsSettings
from streams.state.layouts import Fleet
from streams.state.partition import PartitionState
from tests.agents.fakes import FakeConsumer, FakeMessage, Producers, end_of

START_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000_000_000


class Message(FakeMessage):
    """A record of the topic with the header that names its partition of ``raw``."""

    def __init__(self, address: str, value: bytes | None, partition: bytes = b"3") -> None:
        super().__init__("exporter", value, address.encode())
        self._partition = partition

    def headers(self) -> list[tuple[str, bytes]]:
        """As confluent's."""
        return [("form", b"1"), (HEADER_RAW, self._partition)]


def reader(*messages: FakeMessage) -> ExportersReader:
    """A reader that has read these."""
    consumer = FakeConsumer([[*messages, end_of(0, 9)]])
    made = ExportersReader({}, "exporter", lambda _: consumer)
    made._consumer = consumer
    made.poll(0)
    assert made.complete
    return made


def test_the_newest_record_of_each_exporter_is_known_by_partition() -> None:
    """A tombstone removes; what is of another partition is another worker's."""
    room = reader(
        Message("192.0.2.1", b'{"datagrams":1}'),
        Message("192.0.2.2", b'{"datagrams":2}'),
        Message("192.0.2.3", b'{"datagrams":3}', b"1"),
        Message("192.0.2.1", b'{"datagrams":4}'),
        Message("192.0.2.2", None),
    )

    assert [{"datagrams": 4}] == room.known(3)
    assert [{"datagrams": 3}] == room.known(1)
    assert 2 == len(room)


def test_what_cannot_be_read_is_passed_over() -> None:
    """A record of somebody else's in the topic costs nothing but its line in the log."""
    room = reader(
        Message("192.0.2.1", b"no json"),
        Message("192.0.2.2", b'{"datagrams":2}', b"three"),
        Message("192.0.2.3", b'{"datagrams":3}'),
    )

    assert [{"datagrams": 3}] == room.known(3)


class Line:
    """The records of the exporters on a fake producer."""

    def __init__(self, room: ExportersReader) -> None:
        self.metrics = StreamsMetrics()
        makers = Producers()
        self.publisher = Publisher(
            {"message.max.bytes": 1_000_000}, TopicsSettings(), self.metrics, makers
        )
        self.producer = makers.made[0]
        self.context = make_context(StreamsSettings())
        self.records = ExporterRecords(room, self.publisher, self.context, self.metrics, "0badcafe")
        self.state = PartitionState()
        self.offset = 0

    def feed(self, at_ns: int, payloads: list[bytes] = ()) -> Flight:  # type: ignore[assignment]
        """One event."""
        self.offset += 1
        flight = Flight(None, 3, self.offset, self.publisher.refused)
        for payload in payloads:
            address = exporter_octets("192.0.2.1")
            datagram = Datagram(at_ns, address, 4000, 2055, Transport.UDP, None, payload)
            outcome = step(datagram, "x", self.state, Fleet(), at_ns, self.context)
            self.state.apply(outcome.changes, outcome.notes)
            self.records.observe(flight, self.state, datagram, outcome)
        self.records.publish(flight, self.state, at_ns)
        return flight

    def counted(self, name: str) -> float | None:
        """A metric."""
        return self.metrics.registry.get_sample_value(name)


def payloads() -> list[bytes]:
    """What a v9 router sends in some seconds."""
    network = Network(NetworkBehaviour(1, 50), START_NS)
    return [
        each.payload
        for look in range(40)
        for each in network.advance(START_NS + look * 100_000_000)
    ]


def test_a_record_is_part_of_the_flight_that_brought_it() -> None:
    """The event is acknowledged when it is delivered; key, headers and time are there."""
    line = Line(reader())
    nothing = line.feed(START_NS, payloads())
    assert [] == nothing.sent
    flight = line.feed(START_NS + 6 * SECOND_NS)

    assert nothing.open + 1 == flight.open
    assert 1 == len(flight.sent)
    topic, value, key, partition, _, _, timestamp, headers = line.producer.sent[0]
    assert ("exporter", "192.0.2.1", -1) == (topic, key, partition)
    assert (START_NS + 6 * SECOND_NS) // 1_000_000 == timestamp
    assert [("form", "1"), (HEADER_RAW, "3")] == headers
    assert "0badcafe-0003-000000000001" == orjson.loads(value)["raw"]
    assert 1 == line.counted("streams_exporter_records_total")


def test_a_new_assignment_begins_with_what_was_published() -> None:
    """A partition that comes to us, or comes back, has a new state: the book is made anew."""
    first = Line(reader())
    first.feed(START_NS, payloads())
    first.feed(START_NS + 6 * SECOND_NS)
    value: bytes = first.producer.sent[0][1]
    before = orjson.loads(value)

    line = Line(reader(Message("192.0.2.1", value)))
    line.offset = first.offset
    line.feed(START_NS + 60 * SECOND_NS, payloads()[-1:])
    line.feed(START_NS + 66 * SECOND_NS)
    after = orjson.loads(line.producer.sent[0][1])

    assert before["first_seen_ns"] == after["first_seen_ns"]
    assert before["datagrams"] + 1 == after["datagrams"]
    held = line.records._books[3][1]
    line.state = PartitionState()
    line.feed(START_NS + 67 * SECOND_NS)
    assert held is not line.records._books[3][1]


def test_a_defect_costs_a_description_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The flows went out already: it is counted and logged, the event goes on."""
    line = Line(reader())

    def defective(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("streams.exporters.book.Book.observe", defective)
    monkeypatch.setattr("streams.exporters.book.Book.due", defective)
    flight = Flight(None, 3, 1, line.publisher.refused)
    datagram = Datagram(START_NS, bytes(16), 1, 2055, Transport.UDP, None, b"")
    line.records.observe(flight, line.state, datagram, Outcome((), (), (), (), {}))
    line.records.publish(flight, line.state, START_NS)

    assert ([], 2) == (flight.sent, line.counted("streams_exporter_failures_total"))
