"""What holds of NetFlow whatever comes: interleaving, determinism, malformed input, restarts."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.pipeline.counts import Count
from streams.pipeline.model import Outcome
from tests.pipeline.messages import SECOND, T0, Worker, exporter
from tests.wire.octets import a_set, field, template, v9_message, v9_options_template
from tests.wire.test_fixed import RECORDS, datagram

SETS = st.one_of(
    st.just(a_set(0, template(256, field(8, 4), field(12, 4)))),
    st.just(a_set(0, template(256, field(1, 8), field(2, 8)), template(257, field(48, 2)))),
    st.just(a_set(1, v9_options_template(258, (b"\0\2\0\4",), (field(82, 8),)), bytes(2))),
    st.integers(0, 4).map(lambda count: a_set(256, bytes(8) * count)),
    st.binary(max_size=3).map(lambda padding: a_set(257, b"\0\7\0\7", padding[:1])),
    st.just(a_set(258, b"\0\0\0\7", b"Gi0/7\0\0\0")),
    st.binary(max_size=6).map(lambda octets: a_set(9, octets)),
)

PAYLOADS = st.one_of(
    st.tuples(
        st.lists(SETS, max_size=4), st.integers(0, 99), st.sampled_from([1, 2]), st.sampled_from(
            [b"", bytes(8)]
        )
    ).map(lambda it: v9_message(*it[0], sequence=it[1], source_id=it[2]) + it[3]),
    st.tuples(st.sampled_from([1, 5, 7]), st.integers(0, 3)).map(
        lambda it: datagram(it[0], it[1], *[RECORDS[it[0]]] * it[1])
    ),
)  # fmt: skip

EVENTS = st.lists(
    st.tuples(
        st.integers(1, 2),  # exporter
        st.sampled_from([5000, 6000]),  # port
        PAYLOADS,
        st.sampled_from([0, SECOND]),  # time that passes
    ),
    max_size=12,
)


def where(event: Any, at: int) -> dict[str, Any]:
    return {"of": exporter(event[0]), "port": event[1], "at": at}


def stream_of(payload: bytes) -> bytes:
    """What tells the streams of one exporter apart: version, and v9's Source ID."""
    return payload[:2] + (payload[16:20] if payload[1] == 9 else b"")


def said(outcome: Outcome) -> str:
    """All of an Outcome, whatever holds it."""
    return repr([sorted(it.items()) if isinstance(it, Mapping) else [*it] for it in outcome])


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_interleaved_streams_give_what_each_gives_alone(events: list) -> None:
    """Address, version and Source ID stay apart; v9 whatever the port."""
    together, now = Worker(compile_after=2), T0
    alone: dict[tuple[int, bytes], Worker] = {}
    for event in events:
        now += event[3]
        worker = alone.setdefault((event[0], stream_of(event[2])), Worker(compile_after=2))
        worker.offset = together.offset

        both = (it.feed(event[2], **where(event, now)) for it in (together, worker))
        assert 1 == len({said(outcome) for outcome in both})


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_same_event_on_same_state_gives_the_same_outcome(events: list) -> None:
    """Compiled or not: the state alone says what comes of it."""
    fast, slow, now = Worker(compile_after=1), Worker(compile_after=1 << 60), T0
    for event in events:
        now += event[3]
        outcomes = [it.look(event[2], **where(event, now)) for it in (fast, fast, slow)]
        assert 1 == len({said(outcome) for outcome in outcomes})
        for worker in (fast, slow):
            worker.feed(event[2], **where(event, now))


@settings(deadline=None, max_examples=30)
@given(EVENTS, EVENTS)
def test_worker_that_read_the_state_goes_on_alike(before: list, after: list) -> None:
    """Templates, options and what waits are written; numbers are not, and lose nothing."""
    one, now = Worker(), T0
    for event in before:
        now += event[3]
        one.feed(event[2], **where(event, now))
    two = one.restarted()
    for event in after:
        now += event[3]
        left, right = (worker.feed(event[2], **where(event, now)) for worker in (one, two))
        assert (left.records, left.dead_letters, left.changes) == (
            right.records,
            right.dead_letters,
            right.changes,
        )


@settings(deadline=None, max_examples=60)
@given(EVENTS, PAYLOADS, st.binary(max_size=12), st.integers(2, 120))
def test_malformed_message_leaves_the_state_as_it_was(
    events: list, payload: bytes, noise: bytes, place: int
) -> None:
    """A refused Message is one dead letter with its octets, and no change."""
    worker = Worker()
    for event in events:
        worker.feed(event[2], **where(event, T0))
    broken = payload[:place] + noise + payload[place + len(noise) + 1 :]
    before = len(worker.state), dict(worker.state.notes)

    outcome = worker.look(broken)

    assert before == (len(worker.state), dict(worker.state.notes))
    if outcome.counts.get(Count.MALFORMED_MESSAGES):
        assert [broken] == [letter.octets for letter in outcome.dead_letters]
        assert ((), (), ()) == (
            tuple(outcome.records),
            tuple(outcome.changes),
            tuple(outcome.notes),
        )
