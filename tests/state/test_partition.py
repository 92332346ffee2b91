"""The memory of a partition: what is loaded, looked up, changed and written."""

import random

import pytest

from schemas.errors import SchemaError
from schemas.registry import DataType, InformationElement
from streams.state import codec
from streams.state.definitions import definition
from streams.state.limits import StateLimits
from streams.state.model import (
    OPTIONS,
    PARKED,
    TEMPLATES,
    Change,
    Forgotten,
    Interface,
    Note,
    Numbering,
    Options,
    ParkedSet,
    Replaced,
    Session,
    SessionKey,
    StateKey,
    TemplateEntry,
    session_key,
)
from streams.state.partition import PartitionState
from streams.state.shares import Shares
from streams.wire import FieldSpecifier, Template

EXPORTER = bytes(10) + b"\xff\xff\x0a\x00\x00\x01"
KEY = SessionKey(EXPORTER, 5000, 127, 10)
TEMPLATE = Template(267, (FieldSpecifier(0, 8, 4), FieldSpecifier(9, 12332, 20)))
OTHER = Template(267, (FieldSpecifier(9, 12332, 20),))
SESSION = Session({267: TemplateEntry(TEMPLATE, 10, 20, (Replaced(OTHER, 10),))}, 30, 40)
OPTION = Options(
    7,
    {(9, 5): InformationElement(9, 5, "own", DataType.STRING)},
    {3: Interface("eth0", "up")},
    {"samplerId=1": {34: 100}},
    99,
)
SET = ParkedSet("00000000-0001-000000000001-0000", 2, 267, 267, 5000, 11, 12, b"octets")

VALUES: list[tuple[StateKey, codec.StateValue]] = [
    ((KEY, TEMPLATES), SESSION),
    ((KEY, OPTIONS), OPTION),
    (codec.parked_key(KEY, SET), SET),
    ((KEY, TEMPLATES), Forgotten(5)),
]


def parked(number: int, octets: bytes = b"x") -> ParkedSet:
    """A parked Set with coordinates in the order of its number."""
    return ParkedSet(f"00000000-0001-{number:012x}-0000", 0, 267, 267, 5000, number, 0, octets)


def written(state: PartitionState, *changes: Change, offset: int = 1) -> list:
    """Apply, then write."""
    state.apply(changes)
    return [state.encode(change, offset) for change in changes]


@pytest.mark.parametrize(("key", "value"), VALUES)
def test_keys_and_values_come_back(key: StateKey, value: codec.StateValue) -> None:
    """What is written is read as it was, with its version in front."""
    octets = codec.encode_value(value, 77)

    assert key == codec.decode_key(codec.encode_key(key))
    assert value == codec.decode_value(octets)
    assert 77 == codec.version_of(octets)


@pytest.mark.parametrize("octets", [b"", b"t", b"z" + bytes(24), b"t" + bytes(30), bytes(8)])
def test_foreign_keys_are_refused(octets: bytes) -> None:
    """Only keys of this topic are read."""
    with pytest.raises(SchemaError):
        codec.decode_key(octets)


def test_foreign_values_are_refused() -> None:
    """Too short, of a newer form, or of another schema."""
    for octets in (b"short", bytes(8) + b"\x02", bytes(8) + b"\x01" + bytes(20)):
        with pytest.raises(SchemaError):
            codec.decode_value(octets)


def test_loaded_state_is_what_was_written() -> None:
    """Sessions, options, parked Sets and sizes are there after loading."""
    one, two = PartitionState(), PartitionState()
    changes = [Change(*item) for item in VALUES[:3]]
    for key, value in written(one, *changes):
        two.load(key, value)

    assert SESSION == two.session(KEY)
    assert OPTION == two.options(KEY)
    assert (OPTION.elements[9, 5],) == two.elements(KEY)
    assert [SET] == [item for _, item in two.parked(EXPORTER, 127, 10)]
    for state in (one, two):
        assert (1, 1, 6) == (
            state.sessions.of(EXPORTER),
            state.parked_sets.of(EXPORTER),
            state.parked_octets.total,
        )
        assert OPTION.entries() == state.options_entries.total
    assert [] == two.rewrites()


def test_version_is_never_lower_than_before() -> None:
    """Offsets begin again when raw is made anew; versions do not."""
    state = PartitionState()
    change = Change((KEY, TEMPLATES), SESSION)
    ((_, first),) = written(state, change, offset=1000)
    ((_, second),) = written(state, change, offset=3)

    assert [1000, 1000] == [codec.version_of(first), codec.version_of(second)]


def test_late_write_of_a_frozen_worker_is_undone() -> None:
    """The greatest version counts, the later of equal ones; a key that ends worse is rewritten."""
    new, late = Session({}, 2, 0), Session({}, 1, 0)
    key = codec.encode_key((KEY, TEMPLATES))
    state = PartitionState()
    state.load(key, codec.encode_value(Session({}, 9, 9), 10))
    state.load(key, codec.encode_value(new, 10))
    state.load(key, codec.encode_value(late, 9))

    assert new == state.session(KEY)
    assert [(key, codec.encode_value(new, 10))] == state.rewrites()
    assert [] == state.rewrites()


def test_own_tail_read_again_needs_no_rewrite() -> None:
    """After a rebalance the tail with one's own writes is read again."""
    state = PartitionState()
    tail = written(state, Change((KEY, TEMPLATES), Session({}, 1, 0)), offset=1)
    tail += written(state, Change((KEY, TEMPLATES), SESSION), offset=2)
    for key, value in tail:
        state.load(key, value)

    assert SESSION == state.session(KEY)
    assert [] == state.rewrites()


def test_forgotten_key_keeps_a_late_write_out() -> None:
    """A release carries a version, so that what a frozen worker wrote late does not come back."""
    key = codec.parked_key(KEY, SET)
    state, other = PartitionState(), PartitionState()
    log = written(state, Change(key, SET), offset=1)
    late = log[0]
    log += [*written(state, Change(key, Forgotten(5)), offset=4), late]
    for record in log:
        other.load(*record)

    assert [] == other.parked(EXPORTER, 127, 10)
    assert {key: 5} == dict(other.graves())
    assert [log[1]] == other.rewrites()


def test_tombstone_removes_the_grave() -> None:
    """The last record of a key is a real tombstone."""
    key = codec.parked_key(KEY, SET)
    state, other = PartitionState(), PartitionState()
    log = written(state, Change(key, SET), Change(key, Forgotten(5)), Change(key, None))
    for record in log:
        other.load(*record)

    assert (codec.encode_key(key), None) == log[-1]
    assert {} == dict(state.graves()) == dict(other.graves())
    assert 0 == len(state) == len(other)


def test_parked_sets_come_in_the_order_of_raw() -> None:
    """In whatever order they were loaded, they are given in the order of their coordinates."""
    state = PartitionState()
    numbers = list(range(50))
    random.Random(1).shuffle(numbers)
    state.apply(Change(codec.parked_key(KEY, parked(item)), parked(item)) for item in numbers)

    assert list(range(50)) == [item.received_at_ns for _, item in state.parked(EXPORTER, 127, 10)]
    assert all(len(key) == 3 and key[1] == PARKED for key in state.parked_keys())


def test_parking_the_same_set_twice_counts_once() -> None:
    """A replay parks again what is parked."""
    state = PartitionState()
    for _ in range(2):
        state.apply([Change(codec.parked_key(KEY, SET), SET)])

    assert (1, 6) == (state.parked_sets.total, state.parked_octets.total)


def test_siblings_are_newest_first_and_follow_changes() -> None:
    """The list of siblings is made once and made again when a session of the group changes."""
    state = PartitionState()
    for port, at in ((1, 10), (2, 30), (3, 20)):
        entry = TemplateEntry(TEMPLATE, at, at)
        state.apply([Change((KEY._replace(port=port), TEMPLATES), Session({267: entry}, at, 0))])
    before = [key.port for key, _ in state.siblings(EXPORTER, 127, 10)]
    state.apply([Change((KEY._replace(port=2), TEMPLATES), Forgotten(40))])

    assert [2, 3, 1] == before
    assert [3, 1] == [key.port for key, _ in state.siblings(EXPORTER, 127, 10)]
    assert () == tuple(state.siblings(EXPORTER, 128, 10))


def test_definition_is_that_of_the_receive_time() -> None:
    """Data that was received before a redefinition is read with what was replaced."""
    third = Template(267, (FieldSpecifier(9, 12333, 20),))
    entry = TemplateEntry(TEMPLATE, 30, 30, (Replaced(OTHER, 30), Replaced(third, 20)))

    assert [third, OTHER, OTHER, TEMPLATE, TEMPLATE] == [
        definition(entry, at) for at in (5, 20, 29, 30, 99)
    ]


def test_numberings_are_bounded() -> None:
    """Sequence Numbers of spoofed sessions do not grow without end, other notes stay."""
    state = PartitionState(StateLimits(numberings=10))
    state.apply((), [Note("due", 5)])
    for port in range(100):
        state.apply((), [Note(KEY._replace(port=port), Numbering(1, 2))])

    assert len(state.notes) <= 10
    assert 5 == state.due_at_ns


def test_shares_know_the_largest() -> None:
    """Whatever was added and taken away, the largest share is found."""
    chance, shares, plain = random.Random(2), Shares(), dict.fromkeys(map(str.encode, "abcde"), 0)
    for _ in range(2000):
        exporter = chance.choice(list(plain))
        size = max(chance.randint(-5, 5), -plain[exporter])
        plain[exporter] += size
        shares.add(exporter, size)
        largest = shares.largest()
        assert max(plain.values()) == (0 if largest is None else plain[largest])
    assert sum(plain.values()) == shares.total


def test_unreadable_values_are_as_if_not_there() -> None:
    """One broken record must not stop a partition: it is counted and passed over."""
    state = PartitionState()
    for key, _ in VALUES[:3]:
        state.load(codec.encode_key(key), bytes(8) + b"\x01 nonsense")

    assert None is state.session(KEY)
    assert None is state.options(KEY)
    assert [] == state.parked(EXPORTER, 127, 10)
    assert (3, 0) == (state.unreadable, len(state))


def test_foreign_records_are_refused_at_loading() -> None:
    """The reader is told at once, so that it can count and go on."""
    state = PartitionState()
    with pytest.raises(SchemaError):
        state.load(b"nonsense", bytes(20))
    with pytest.raises(SchemaError):
        state.load(codec.encode_key(VALUES[0][0]), bytes(8) + b"\x02")

    assert 0 == len(state)


def test_port_is_no_part_of_a_v9_session() -> None:
    """The Templates of v9 belong to address and Source ID (RFC 3954, 5.1), IPFIX's to the port."""
    assert [0, 5000] == [session_key(EXPORTER, 5000, 1, version).port for version in (9, 10)]
