"""NetFlow v1, v5, v7 and v9 through ``step``: whose Templates apply, and what is remembered."""

import struct

import pytest

from streams.pipeline.counts import Count
from streams.pipeline.model import Outcome
from streams.state.model import session_key
from tests.pipeline.messages import SECOND, T0, Worker, exporter, reasons
from tests.wire.octets import (
    a_set,
    field,
    template,
    v9_message,
    v9_options_template,
)
from tests.wire.test_fixed import RECORDS, datagram

ADDRESSES = a_set(0, template(256, field(8, 4), field(12, 4)))
COUNTERS = a_set(0, template(256, field(1, 4), field(2, 4), field(8, 4)))
DATA = a_set(256, bytes(24))
"""Three records of ADDRESSES, or two of COUNTERS."""


def read(outcome: Outcome) -> int:
    """Data Records that were read, wherever they went."""
    return len(outcome.records) + sum(letter.records for letter in outcome.dead_letters)


def parked(outcome: Outcome) -> int:
    return outcome.counts.get(Count.PARKED_SETS, 0)


@pytest.mark.rfc("3954", "5.1")
@pytest.mark.rfc("3954", "7")
@pytest.mark.rfc("3954", "9")
def test_templates_of_version_9_belong_to_address_and_source_id() -> None:
    """The port is ignored: real exporters send templates and data from different ones."""
    worker = Worker()
    worker.feed(v9_message(ADDRESSES, COUNTERS.replace(b"\x01\x00", b"\x01\x01", 1)), port=5000)

    assert 3 == read(worker.feed(v9_message(DATA, sequence=8), port=6000))
    other_id = worker.feed(v9_message(DATA, source_id=2), port=5000)
    other_address = worker.feed(v9_message(DATA), of=exporter(2))
    assert (0, 1, 0, 1) == (
        read(other_id),
        parked(other_id),
        read(other_address),
        parked(other_address),
    )
    assert {257, 256} == set(
        worker.state.session(session_key(exporter(), 1, 1, 9)).templates  # type: ignore[union-attr]
    )


@pytest.mark.rfc("3954", "7")
def test_newest_definition_of_version_9_wins() -> None:
    """At once, in the same Export Packet, and from another port."""
    worker = Worker()
    worker.feed(v9_message(ADDRESSES))

    both = worker.feed(v9_message(DATA, COUNTERS, DATA, sequence=8), port=6000, at=T0 + SECOND)

    assert 5 == read(both)
    assert 1 == both.counts[Count.TEMPLATES_REDEFINED]
    assert 2 == read(worker.feed(v9_message(DATA, sequence=9), at=T0 + 2 * SECOND))


@pytest.mark.rfc("3954", "9")
@pytest.mark.parametrize("padding", [b"", b"\0\0\0", b"abc", bytes(7)])
def test_data_of_version_9_waits_for_its_template(padding: bytes) -> None:
    """In its Export Packet and over several; padding may be garbage, or longer than it should."""
    data = a_set(256, bytes(24), padding)
    assert 3 == read(Worker().feed(v9_message(data, ADDRESSES)))
    worker = Worker()
    waiting = worker.feed(v9_message(data))

    late = worker.feed(v9_message(ADDRESSES, sequence=8), port=6000, at=T0 + SECOND)

    assert (0, 1) == (read(waiting), parked(waiting))
    assert (3, 1) == (read(late), late.counts[Count.RELEASED_SETS])


def test_waiting_data_that_the_template_does_not_describe_stays() -> None:
    """The id may have meant something else when it was sent: an exporter was restarted."""
    worker = Worker()
    worker.feed(v9_message(a_set(256, bytes(24), b"abcdef")))

    assert 0 == read(worker.feed(v9_message(ADDRESSES, sequence=8)))


def test_version_9_and_ipfix_of_one_exporter_stay_apart() -> None:
    """A template of one does not read data of the other; reserved FlowSets are skipped."""
    worker = Worker()
    ipfix_template = a_set(2, template(256, field(8, 4), field(12, 4)))
    skipped = worker.feed(v9_message(ipfix_template, a_set(3), a_set(255)))

    assert 3 == skipped.counts[Count.SKIPPED_SETS]
    assert 1 == parked(worker.feed(v9_message(DATA, sequence=8)))


def test_options_of_version_9_are_learnt() -> None:
    """Interfaces and samplers; the scope says whose."""
    worker = Worker()
    scope = struct.pack(">HH", 1, 4)
    interfaces = v9_options_template(257, (scope,), (field(10, 4), field(82, 8)))
    samplers = v9_options_template(258, (scope,), (field(48, 2), field(34, 4)))
    options = a_set(1, interfaces, samplers, bytes(2))
    outcome = worker.feed(
        v9_message(
            options,
            a_set(257, bytes.fromhex("0a000001 00000007"), b"Gi0/7\0\0\0"),
            a_set(258, bytes.fromhex("0a000001 0001 00000064")),
        )
    )

    told = worker.state.options(session_key(exporter(), 0, 1, 9))
    assert 2 == outcome.counts[Count.OPTIONS_RECORDS]
    assert told is not None
    assert "Gi0/7" == told.interfaces[7].name
    assert {"scopeSystem=10.0.0.1;samplerId=1": {34: 100, 48: 1}} == told.sampling


def test_an_interface_as_scope_is_its_index() -> None:
    """Scope type 2 of NetFlow v9 says which interface the name is of."""
    worker = Worker()
    names = v9_options_template(257, (struct.pack(">HH", 2, 4),), (field(82, 8),))
    worker.feed(v9_message(a_set(1, names), a_set(257, bytes.fromhex("00000007"), b"Gi0/7\0\0\0")))

    told = worker.state.options(session_key(exporter(), 0, 1, 9))
    assert told is not None
    assert "Gi0/7" == told.interfaces[7].name


@pytest.mark.parametrize("version", [1, 5, 7])
def test_fixed_records_need_no_template_and_leave_no_state(version: int) -> None:
    """Every record of each datagram; only Sequence Numbers are noted, where there are any."""
    worker = Worker()
    payload = datagram(version, 2, RECORDS[version], RECORDS[version])

    outcome = worker.feed(payload + b"behind")

    assert (2, 6) == (read(outcome), outcome.counts[Count.TRAILING_OCTETS])
    assert ((), int(version != 1)) == (tuple(outcome.changes), len(outcome.notes))
    assert 0 == len(worker.state)
    assert 0 == read(worker.feed(datagram(version, 0)))
    assert ["malformed_message_length"] == reasons(worker.feed(payload[:-1]))


def test_malformed_export_packet_is_one_dead_letter_and_changes_nothing() -> None:
    """All or nothing, as IPFIX: its Templates are not taken over."""
    worker = Worker()

    outcome = worker.feed(v9_message(ADDRESSES, DATA[:-1]))

    assert ["malformed_set_length"] == reasons(outcome)
    assert ((), ()) == (tuple(outcome.changes), tuple(outcome.notes))


def test_compiled_and_interpreted_give_the_same() -> None:
    """Whether a layout is compiled changes nothing but the cost."""
    fast, slow = Worker(compile_after=1), Worker(compile_after=1 << 60)
    payload = datagram(5, 2, RECORDS[5], RECORDS[5])
    for worker in (fast, slow):
        worker.feed(payload)

    assert slow.feed(payload) == fast.feed(payload)
