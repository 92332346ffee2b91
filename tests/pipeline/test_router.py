"""Router flows through ``step``: validation, keys, what options tell, what a restart keeps."""

import struct
from dataclasses import replace

import orjson
import pytest

from schemas import avro
from streams.interpret.router import RouterSettings
from streams.pipeline.counts import Count
from streams.pipeline.model import Outcome
from streams.state import codec
from streams.state.model import OPTIONS, PARKED, Options, ParkedSet, session_key
from streams.wire import FieldSpecifier, Template
from tests.interpret.router.test_validate import FLOW_75_S, NAT_EVENT
from tests.pipeline.messages import (
    INTERFACES,
    SECOND,
    T0,
    Worker,
    data_set,
    exporter,
    message,
    reasons,
    template_set,
    text,
    values,
)
from tests.wire.octets import a_set, field, template, v9_message

EXPORTED = T0 // SECOND
UPTIMES = Template(310, (FieldSpecifier(0, 22, 4), FieldSpecifier(0, 10, 4)))
BOOT = Template(410, (FieldSpecifier(0, 144, 4), FieldSpecifier(0, 160, 8)), scope_count=1)
SAMPLER = Template(
    411, (FieldSpecifier(0, 144, 4), FieldSpecifier(0, 48, 1), FieldSpecifier(0, 34, 4)),
    scope_count=1,
)  # fmt: skip
SAMPLED = Template(311, (FieldSpecifier(0, 48, 1), FieldSpecifier(0, 1, 4)))
APPLICATIONS = Template(
    412, (FieldSpecifier(0, 95, 4), FieldSpecifier(0, 96, 65535)), scope_count=1
)
APPLIED = Template(312, (FieldSpecifier(0, 95, 4), FieldSpecifier(0, 1, 4)))

BOOTED = data_set(410, struct.pack(">IQ", 1, (EXPORTED - 60) * 1000))
FLOW_AT_50_S = data_set(310, struct.pack(">II", 50_000, 7))


def made(fields: object, template_id: int = 300) -> tuple[Template, bytes]:
    """Template and record of the fields of ``tests.interpret.router``."""
    specifiers, octets = [], b""
    for element, value, size in fields:  # type: ignore[attr-defined]
        specifiers.append(FieldSpecifier(0, element, size))
        octets += value if isinstance(value, bytes) else value.to_bytes(size)
    return Template(template_id, tuple(specifiers)), octets


def worker_with(**settings: object) -> Worker:
    worker = Worker()
    worker.context = replace(
        worker.context, router_settings=RouterSettings(**settings)  # type: ignore[arg-type]
    )  # fmt: skip
    return worker


def both_examples(worker: Worker) -> Outcome:
    """The flow of 75 s and the NAT event in one Message."""
    flow, flow_octets = made(FLOW_75_S)
    event, event_octets = made(NAT_EVENT, 301)
    return worker.feed(
        message(template_set(flow, event), data_set(300, flow_octets), data_set(301, event_octets))
    )


def test_incomplete_flows_are_flagged_by_default() -> None:
    """Both are published; the one says what it lacks."""
    outcome = both_examples(worker_with())

    assert [] == reasons(outcome)
    assert [None, 7] == [len(item) if item else None for item in values(outcome, "missing")]  # type: ignore[arg-type]
    assert (1, 1, 2) == tuple(
        outcome.counts[name]
        for name in (Count.INCOMPLETE_RECORDS, Count.LONG_FLOW_RECORDS, Count.ROUTER_RECORDS)
    )


def test_incomplete_flows_are_dead_letters_where_base_information_is_required() -> None:
    """Decoded, with the names; the complete one goes on."""
    outcome = both_examples(worker_with(base_information="require"))

    assert ["missing_base_information"] == reasons(outcome)
    (letter,) = outcome.dead_letters
    assert letter.detail == (
        "time_flow_start_ns, time_flow_end_ns, in_if, out_if, ip_tos, bytes, packets"
    )
    assert 1 == orjson.loads(letter.octets)["elements"]["natEvent"]
    assert letter.record_id.endswith("-0003-0000")
    assert [["long_duration"]] == values(outcome, "flags")


def test_incomplete_flows_are_published_without_a_word_where_it_is_ignored() -> None:
    """But counted."""
    outcome = both_examples(worker_with(base_information="ignore"))

    assert [None, None] == values(outcome, "missing")
    assert 1 == outcome.counts[Count.INCOMPLETE_RECORDS]


def test_protocols_can_be_restricted() -> None:
    """What is left out is counted as intended, and no dead letter."""
    outcome = both_examples(worker_with(protocols=frozenset({"TCP"})))

    assert (0, 0, 2) == (
        len(outcome.records),
        len(outcome.dead_letters),
        outcome.counts[Count.OTHER_PROTOCOL_RECORDS],
    )


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("exporter", b"10.0.0.1"),
        ("flow", b"10.0.0.1|192.0.2.1|192.0.2.2|UDP|5000|53||"),
        ("none", None),
    ],
)
def test_the_key_is_the_exporter_the_flow_or_none(key: str, expected: bytes | None) -> None:
    """As the settings say."""
    outcome = both_examples(worker_with(key=key))

    assert [expected, expected] == [record.key for record in outcome.records]


@pytest.mark.parametrize("compile_after", [1, 32])
def test_options_behind_the_flows_of_a_message_count_for_them(compile_after: int) -> None:
    """What a Message tells of its Exporter holds for all of it; also from then on."""
    worker = Worker(compile_after=compile_after)
    first = worker.feed(message(template_set(UPTIMES, BOOT), FLOW_AT_50_S, BOOTED))
    later = worker.feed(message(FLOW_AT_50_S, sequence=2))

    assert [T0 - 10 * SECOND] * 2 == values(first, "time_flow_start_ns") + values(
        later, "time_flow_start_ns"
    )


def test_options_of_another_port_and_of_domain_0_speak_for_an_exporter() -> None:
    """Its own session first, then its domain's others, then domain 0; other addresses never."""
    worker = Worker()
    worker.feed(message(template_set(BOOT), BOOTED), port=6000)
    worker.feed(
        message(template_set(INTERFACES), data_set(400, b"\0\0\0\7" + text("eth7")), domain=0)
    )
    asked = message(template_set(UPTIMES), FLOW_AT_50_S)
    outcome = worker.feed(asked)

    assert [T0 - 10 * SECOND] == values(outcome, "time_flow_start_ns")
    assert ["eth7"] == values(outcome, "in_if_name")
    assert [None] == values(worker.feed(asked, of=exporter(2)), "in_if_name")


def test_samplers_of_one_scope_are_told_apart() -> None:
    """Cisco gives the sampler's id outside of the scope."""
    worker = Worker()
    records = [struct.pack(">IBI", 1, number, rate) for number, rate in ((1, 100), (2, 2000))]
    worker.feed(message(template_set(SAMPLER), data_set(411, *records)))
    flows = [struct.pack(">BI", number, 10) for number in (2, 1, 9)]
    outcome = worker.feed(message(template_set(SAMPLED), data_set(311, *flows), sequence=2))

    assert [2000, 100, None] == values(outcome, "sampling_rate")
    assert [10, 10, 10] == values(outcome, "bytes")


def test_what_options_told_outlives_a_restart() -> None:
    """Applications, samplers, the time of boot."""
    worker = Worker()
    worker.feed(
        message(
            template_set(APPLICATIONS, APPLIED, BOOT, UPTIMES),
            data_set(412, b"\3\0\0\x50" + text("http")),
            BOOTED,
        )
    )
    other = worker.restarted()
    outcome = other.feed(message(data_set(312, b"\3\0\0\x50\0\0\0\1"), FLOW_AT_50_S, sequence=2))

    assert ["http", None] == values(outcome, "application_name")
    assert [None, T0 - 10 * SECOND] == values(outcome, "time_flow_start_ns")


def test_flows_of_version_9_that_waited_keep_the_times_of_their_message() -> None:
    """The sysUpTime and Sequence Number are kept with what waits, over a restart, too."""
    worker = Worker()
    waiting = v9_message(a_set(256, struct.pack(">I", 1_000)), sequence=5)
    uptime, exported = struct.unpack_from(">II", waiting, 4)
    worker.feed(waiting)
    other = worker.restarted()
    outcome = other.feed(v9_message(a_set(0, template(256, field(22, 4))), sequence=6))

    assert [5] == values(outcome, "sequence_num")
    expected = exported * SECOND - ((uptime - 1_000) % 2**32) * 1_000_000
    assert [expected] == values(outcome, "time_flow_start_ns")


def test_state_of_the_first_form_is_read() -> None:
    """Written before options told of applications, and before parked Sets kept their header."""
    old = {
        "seen_at_ns": 5, "elements": [], "interfaces": [],
        "sampling": [{"scope": "samplerId=1", "values": [{"element_id": 34, "value": 9}]}],
        "system_init_ms": 7,
    }  # fmt: skip
    parked = {
        "record_id": "a", "set_index": 1, "set_id": 256, "missing": 256, "port": 5,
        "received_at_ns": 6, "export_time": 7, "octets": b"x",
    }  # fmt: skip
    worker = Worker()
    key = session_key(exporter(), 5000, 127, 10)
    for kind, name, value in (
        ((key, OPTIONS), "learnt_options_v1", old),
        ((key, PARKED, "a-0001"), "parked_set_v1", parked),
    ):
        head = struct.pack(">QB", 3, 1)
        worker.state.load(codec.encode_key(kind), head + avro.encode(name, value))

    assert Options(5, {}, {}, {"samplerId=1": {34: 9}}, 7) == worker.state.options(key)
    assert ParkedSet("a", 1, 256, 256, 5, 6, 7, b"x") == worker.state.parked_or_none(
        (key, PARKED, "a-0001")
    )
    assert 0 == worker.state.unreadable
