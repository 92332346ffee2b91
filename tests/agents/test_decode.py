"""The work on one event: a defect takes one datagram with it, not the event, not the worker."""

from typing import Any

import orjson
import pytest

from schemas.datagram import Datagram
from streams.agents.flights import Flight, Flights
from streams.pipeline.model import NOTHING, NewLayout, Outcome
from streams.settings import StreamsSettings
from streams.state.codec import encode_key
from streams.state.layouts import Fleet
from streams.state.model import Change, Forgotten, Numbering, Session, SessionKey, TemplateEntry
from streams.state.partition import PartitionState
from streams.wire.model import FieldSpecifier, Template
from tests.agents.decoding import (
    EXPORTER,
    LIMIT,
    RECEIVED_NS,
    SESSION,
    Bench,
    event,
    flow,
    one_flow,
    run_of_flows,
)
from tests.agents.fakes import FakeEvent


def test_a_record_goes_out_with_key_time_and_headers() -> None:
    """The Kafka timestamp is the receive time; what is ours travels in headers."""
    bench = Bench()

    flight = bench.work(event(b"10.0.0.1", b"10.0.0.2"))

    first, second = bench.on("flow")
    assert (b'{"sa":"10.0.0.1"}', b"UDID", -1, RECEIVED_NS // 1_000_000) == (
        first[1],
        first[2],
        first[3],
        first[6],
    )
    assert [
        ("record-id", "0badcafe-0003-000000000029-0000-0000-0000"),
        ("exporter", "192.0.2.7"),
        ("received", str(RECEIVED_NS)),
        ("form", "1"),
    ] == first[7]
    assert ("record-id", "0badcafe-0003-000000000029-0001-0000-0000") == second[7][0]
    assert 3 == flight.open
    assert 2 == bench.metrics.registry.get_sample_value("streams_flow_records_total")


def test_a_run_is_followed_by_what_needs_more_and_goes_on() -> None:
    """Records leave in the order of the datagrams, whoever read them."""

    def one(datagram: Datagram, prefix: str, *_: Any) -> Outcome:
        return one_flow(datagram._replace(payload=b"by step"), prefix)

    bench = Bench(read_run=run_of_flows, step=one)

    flight = bench.work(event(b"10.0.0.1", b"10.0.0.2", b"step", b"10.0.0.3", b"step"))

    assert [
        b'{"sa":"10.0.0.1"}',
        b'{"sa":"10.0.0.2"}',
        b'{"sa":"by step"}',
        b'{"sa":"10.0.0.3"}',
        b'{"sa":"by step"}',
    ] == [each[1] for each in bench.on("flow")]
    ids = [dict(each[7])["record-id"] for each in bench.on("flow")]
    assert [f"0badcafe-0003-000000000029-{index:04x}-0000-0000" for index in range(5)] == ids
    assert 6 == flight.open
    assert 5 == bench.metrics.registry.get_sample_value("streams_flow_records_total")
    assert 5 == bench.metrics.registry.get_sample_value("streams_datagrams_total")
    assert Numbering(4, 5) == bench.state.notes[SESSION]


def test_a_defect_in_a_run_takes_one_datagram() -> None:
    """Nothing of the run was sent: ``step`` does it again, datagram by datagram."""
    bench = Bench(read_run=run_of_flows)

    bench.work(event(b"10.0.0.1", b"bug", b"10.0.0.3"))

    assert [b'{"sa":"10.0.0.1"}', b'{"sa":"10.0.0.3"}'] == [each[1] for each in bench.on("flow")]
    [letter] = bench.letters()
    assert "internal" == letter["reason"]


def test_what_was_parked_says_which_datagram_released_it() -> None:
    """So that the order of writing can be told, and with it what is a repeat."""
    old = "0badcafe-0003-000000000007-0002-0000-0000"

    def released(datagram: Datagram, prefix: str, *_: Any) -> Outcome:
        record = flow(datagram, prefix, sa="10.0.0.1")._replace(record_id=old, parked=True)
        return Outcome([record, flow(datagram, prefix, sa="10.0.0.2")], [], [], [], {})

    def later(state: PartitionState, *_: Any) -> Outcome:
        del state
        datagram = Datagram(RECEIVED_NS, EXPORTER, 4739, 2055, 0, None, b"")
        record = flow(datagram, "", sa="10.0.0.3")._replace(record_id=old, parked=True)
        return Outcome([record], [], [], [], {})

    bench = Bench(step=released, advance=later)

    bench.work(event(b"x"))

    headers = [dict(each[7]) for each in bench.on("flow")]
    assert [
        "0badcafe-0003-000000000029-0000",
        None,
        "0badcafe-0003-000000000029-0001",
    ] == [each.get("released-by") for each in headers]
    # the position rises strictly in the order of writing
    positions = [
        (each.get("released-by", each["record-id"][:31]), each["record-id"]) for each in headers
    ]
    assert sorted(set(positions)) == positions


def test_meta_fields_stand_in_the_value() -> None:
    """For consumers that drop headers."""
    bench = Bench(settings=StreamsSettings(meta="fields"))

    bench.work(event(b"10.0.0.1"))

    [(_, value, *_)] = bench.on("flow")
    assert {
        "sa": "10.0.0.1",
        "_id": "0badcafe-0003-000000000029-0000-0000-0000",
        "_exporter": "192.0.2.7",
        "_received": str(RECEIVED_NS),
        "_form": 1,
    } == orjson.loads(value)


def test_a_defect_takes_one_datagram_and_the_others_come_out() -> None:
    """It is a dead letter with its octets; the event goes on."""
    bench = Bench()

    bench.work(event(b"10.0.0.1", b"bug", b"10.0.0.3"))

    assert [b'{"sa":"10.0.0.1"}', b'{"sa":"10.0.0.3"}'] == [each[1] for each in bench.on("flow")]
    [letter] = bench.letters()
    assert ("internal", b"bug", 4739, EXPORTER, "0badcafe-0003-000000000029-0001") == (
        letter["reason"],
        letter["octets"],
        letter["port"],
        letter["exporter"],
        letter["record_id"],
    )


def test_too_many_defects_in_a_row_stop_the_worker(stopped: type[Exception]) -> None:
    """A bad deployment must not move the whole stream into dead letters."""
    bench = Bench()
    bench.work(event(b"bug", b"bug", b"10.0.0.1", b"bug", b"bug"))

    with pytest.raises(stopped):
        bench.work(event(b"bug"))


def test_a_record_that_cannot_be_rendered_leaves_the_state_as_it_was() -> None:
    """All that may raise comes before the first of it is sent or applied."""

    def bad(datagram: Datagram, prefix: str, *_: Any) -> Outcome:
        key = SessionKey(EXPORTER, 4739, 0, 10)
        changes = [Change((key, "templates"), Session({}, 1))]
        records = [flow(datagram, prefix, sa="x"), flow(datagram, prefix, sa=object())]
        return Outcome(records, [], changes, [], {})

    bench = Bench(step=bad)

    bench.work(event(b"x"))

    assert ([], [], 0) == (bench.on("flow"), bench.on("state"), len(bench.state))
    assert ["internal"] == [letter["reason"] for letter in bench.letters()]


def test_an_event_that_is_no_raw_batch_is_one_dead_letter() -> None:
    """It names the coordinates; the event goes on to be acknowledged."""
    bench = Bench()

    flight = bench.work(b"not a batch")

    [letter] = bench.letters()
    assert ("internal", "raw", 3, 41) == (
        letter["reason"],
        letter["raw_topic"],
        letter["raw_partition"],
        letter["raw_offset"],
    )
    assert letter["detail"].startswith("raw_batch")
    bench.producer.settle()
    assert 1 == flight.open


def test_the_state_is_written_once_for_each_key_with_the_last_value() -> None:
    """Several changes of a key in one event cost one record, into the same partition."""
    key = SessionKey(EXPORTER, 4739, 0, 10)
    seen: list[Session | None] = []

    def learn(datagram: Datagram, _: str, state: PartitionState, *__: Any) -> Outcome:
        seen.append(state.session(key))
        template = Template(256, (FieldSpecifier(0, len(datagram.payload), 4),))
        session = Session({256: TemplateEntry(template, 1, 1)}, 1)
        return Outcome([], [], [Change((key, "templates"), session)], [NewLayout(b"k", b"v")], {})

    bench = Bench(step=learn)

    flight = bench.work(event(b"1", b"22", b"333"))

    assert 4 == flight.open
    assert flight.afterwards is not None
    flight.afterwards()
    [(_, value, octets, partition, *_)] = bench.on("state")
    assert 3 == partition
    read = PartitionState()
    read.load(octets, value)
    assert read.session(key) == bench.state.session(key)
    assert (41).to_bytes(8, "big") == value[:8]
    # each datagram sees what the one before it changed
    assert [None, 1, 2] == [
        session and session.templates[256].template.fields[0].element_id for session in seen
    ]
    assert 3 == len(bench.on("layouts"))
    assert 5 == flight.open


def test_a_record_that_is_too_large_is_cut_or_buried() -> None:
    """Cut by the written rule; what does not fit even so is a dead letter."""

    def large(datagram: Datagram, prefix: str, *_: Any) -> Outcome:
        value = {"sa": "x" * 50_000} if datagram.payload == b"text" else {"n" * 50_000: 1}
        return Outcome([flow(datagram, prefix, **value)], [], [], [], {})

    bench = Bench(step=large)

    bench.work(event(b"text", b"key"))

    [(_, value, *_)] = bench.on("flow")
    assert len(value) < LIMIT
    assert ["sa"] == orjson.loads(value)["cut"]
    assert [("too_large", 1)] == [
        (letter["reason"], letter["records"]) for letter in bench.letters()
    ]


def test_time_passes_with_a_tick() -> None:
    """``advance`` gets the time of the batch, also where it is empty."""
    times: list[int] = []

    def advance(_: PartitionState, __: Fleet, now_ns: int, ___: object) -> Outcome:
        times.append(now_ns)
        return NOTHING

    Bench(advance=advance).work(event())

    assert [RECEIVED_NS + 5] == times


def test_state_values_that_cannot_be_read_are_counted_once() -> None:
    """What an event found ill-formed is counted behind it, and not again behind the next."""
    bench = Bench()
    bench.state.unreadable = 2

    bench.work(event(b"10.0.0.1"))
    bench.work(event(b"10.0.0.1"), 42)

    registry = bench.metrics.registry
    assert 2 == registry.get_sample_value("streams_state_ill_formed_total")
    assert 0 == bench.state.unreadable


def test_the_state_is_written_when_all_that_led_to_it_is_confirmed() -> None:
    """Whoever goes on from it has all records before it, those of earlier events, too."""
    parked_at = (SESSION, "parked", "0badcafe-0003-000000000007-0002-0000")

    def released(datagram: Datagram, prefix: str, state: PartitionState, *_: Any) -> Outcome:
        changes = [Change((SESSION, "templates"), Session({}, 1)), Change(parked_at, Forgotten(1))]
        del state
        records = [flow(datagram, prefix, sa="10.0.0.1")] if datagram.payload == b"x" else []
        return Outcome(records, [], changes, [], {})

    done: list[int] = []
    bench = Bench(step=released)
    flights = Flights(4, 1000, lambda _: None)
    for offset, payload in ((41, b"x"), (42, b"")):
        event_ = FakeEvent(offset, done)
        flight = flights.open(Flight(event_, 3, offset, bench.publisher.refused))
        bench.decoder.work(flight, event(payload))
        flights.close(flight)

    flights.settle()
    assert (1, 0) == (len(bench.on("flow")), len(bench.on("state")))
    bench.producer.settle()
    flights.settle()
    # first what is over: where the Template is known, nothing waits for it
    assert [encode_key(parked_at), encode_key((SESSION, "templates"))] * 2 == [
        each[2] for each in bench.on("state")
    ]
    assert [41, 41, 42, 42] == [int.from_bytes(each[1][:8]) for each in bench.on("state")]
    assert {3} == {each[3] for each in bench.on("state")}
    assert [] == done
    bench.producer.settle()
    flights.settle()

    assert [41, 42] == done
