"""The state is read before the first event; the greatest version counts, the rest is repaired."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from streams.agents.consumer import Due
from streams.agents.state_reader import StateReader
from streams.metrics import StreamsMetrics
from streams.state.model import Change, Session, SessionKey, TemplateEntry
from streams.state.partition import PartitionState
from streams.wire.model import FieldSpecifier, Template
from tests.agents.fakes import FakeConsumer, FakeMessage, end_of

KEY = SessionKey(bytes(15) + b"\x01", 2055, 1, 10)


def record(length: int, version: int, key: SessionKey = KEY) -> tuple[bytes, bytes]:
    """A state record whose one Template has a field of this length."""
    template = Template(256, (FieldSpecifier(0, 1, length),))
    session = Session({256: TemplateEntry(template, 1, 1)}, 1)
    state = PartitionState()
    change = Change((key, "templates"), session)
    state.apply([change])
    octets, value = state.encode(change, version)
    assert value is not None
    return octets, value


def length_of(state: PartitionState, key: SessionKey = KEY) -> int:
    """What ``record`` was given."""
    session = state.session(key)
    assert session is not None
    return session.templates[256].template.fields[0].length


class Group:
    """A worker's reader in a group that a test moves about."""

    def __init__(self) -> None:
        self.generation, self.rebalances, self.mine = 1, 1, frozenset({0})
        self.consumers: list[FakeConsumer] = []
        self.due = Due()
        self.metrics = StreamsMetrics()
        self.reader = StateReader(
            {},
            "raw",
            "state",
            self.due,
            lambda: (self.generation, self.rebalances, self.mine),
            PartitionState,
            self.metrics,
            lambda _: self.consumers[-1],
        )

    def load(
        self,
        *batches: Sequence[FakeMessage],
        committed: dict[int, int] | None = None,
        lows: dict[int, int] | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> Any:
        """Read what the state topic holds."""
        self.consumers.append(FakeConsumer(batches, committed, lows, before))
        return asyncio.run(self.reader.load())


def message(pair: tuple[bytes, bytes], offset: int, partition: int = 0) -> FakeMessage:
    """A record of the state topic."""
    return FakeMessage("state", pair[1], pair[0], partition, offset)


def test_the_greatest_version_counts_and_a_late_write_is_repaired() -> None:
    """A frozen worker wrote version 5 behind its successor's 9."""
    group = Group()

    loaded = group.load([message(record(4, 9), 0), message(record(2, 5), 1), end_of(0, 2)])

    assert 1 == loaded
    assert 4 == length_of(group.reader.states[0])
    octets, value = record(4, 9)
    assert [(0, octets, value)] == list(group.reader.rewrites())
    assert [] == list(group.reader.rewrites())


def test_of_equal_versions_the_later_record_wins() -> None:
    """``raw`` made anew begins at offset 0; the version stands still until it has caught up."""
    group = Group()

    group.load([message(record(4, 9), 0), message(record(2, 9), 1), end_of(0, 2)])

    assert 2 == length_of(group.reader.states[0])
    assert [] == list(group.reader.rewrites())


def test_a_new_generation_reads_the_tail_only() -> None:
    """It goes on from where the last reading stopped."""
    group = Group()
    group.load([message(record(4, 1), 0), end_of(0, 1)])
    group.generation, group.rebalances = 2, 2

    group.load([message(record(2, 2), 1), end_of(0, 2)])

    assert [1] == [each.offset for each in group.consumers[-1].assigned]
    assert 2 == group.reader.loaded
    assert 2 == length_of(group.reader.states[0])


def test_partitions_that_went_away_are_forgotten_and_read_anew() -> None:
    """Their next owner may have written meanwhile; and memory is bounded."""
    group = Group()
    group.mine = frozenset({0, 1})
    group.load([message(record(4, 1), 5), end_of(0, 6), end_of(1, 3)])
    group.generation, group.mine = 2, frozenset({1})
    group.load([end_of(1, 3)])
    assert {1} == set(group.reader.states)
    group.generation, group.mine = 3, frozenset({0, 1})

    group.load([message(record(2, 7), 9), end_of(0, 10), end_of(1, 3)])

    assert [0, 3] == sorted(each.offset for each in group.consumers[-1].assigned)
    assert 2 == length_of(group.reader.states[0])


def test_a_rebalance_cuts_the_reading_short_and_the_next_goes_on() -> None:
    """Nothing counts as loaded; what was read is kept."""
    group = Group()

    def rebalance() -> None:
        if len(group.consumers[-1].batches) == 1:
            group.rebalances += 1

    loaded = group.load([message(record(4, 1), 0)], [end_of(0, 1)], before=rebalance)
    assert None is loaded
    assert None is group.reader.loaded

    group.generation = 2
    assert 2 == group.load([end_of(0, 1)])
    assert [1] == [each.offset for each in group.consumers[-1].assigned]
    assert 4 == length_of(group.reader.states[0])


def test_the_due_offset_is_the_committed_one_else_the_begin_of_the_log() -> None:
    """Retention may have cut the log behind the committed offset."""
    group = Group()
    group.mine = frozenset({0, 1, 2})

    group.load(
        [end_of(0, 0), end_of(1, 0), end_of(2, 0)], committed={0: 12, 2: 5}, lows={1: 7, 2: 100}
    )

    assert [12, 7, 100] == [group.due.first(partition) for partition in range(3)]


def test_a_generation_is_read_once() -> None:
    """The hook and the gate may both ask."""
    group = Group()
    group.load([end_of(0, 0)])

    assert 1 == group.load([])
    assert [] == group.consumers[-1].assigned


def test_an_unreadable_record_is_passed_over_and_counted() -> None:
    """One bad record must not keep a worker from its work."""
    group = Group()

    group.load([FakeMessage("state", b"\0", b"?", 0, 0), message(record(4, 1), 1), end_of(0, 2)])

    assert 4 == length_of(group.reader.states[0])
    assert 1 == group.metrics.registry.get_sample_value("streams_state_unreadable_total")
