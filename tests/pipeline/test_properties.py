"""What holds whatever comes: the ledger of records, interleaving, determinism, malformed input."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.pipeline.counts import Count
from streams.pipeline.model import Outcome
from streams.state.limits import StateLimits
from tests.pipeline.messages import (
    DAY,
    ENDPOINT,
    FLOW,
    INTERFACES,
    OTHER_FLOW,
    ROUTER,
    SECOND,
    T0,
    Worker,
    data_set,
    endpoint,
    exporter,
    flow,
    message,
    other_flow,
    template_set,
    text,
)

POLICY = {"rules": {"exclude": [{"dp": 53}]}}
SMALL = StateLimits(
    parked=6, parked_per_exporter=4, sessions_per_exporter=2, sessions=5, sweep_exporters=2
)

SETS = st.one_of(
    st.sampled_from([FLOW, OTHER_FLOW, ENDPOINT, ROUTER, INTERFACES]).map(
        lambda template: (template_set(template), 0)
    ),
    # one record each: under a Template that lies about them, more would be read as fewer
    st.sampled_from([53, 80, 443]).map(lambda port: (data_set(267, flow(port)), 1)),
    st.sampled_from([53, 80]).map(lambda port: (data_set(267, other_flow(port)), 1)),
    st.integers(1, 3).map(lambda count: (data_set(262, *[endpoint()] * count), count)),
    st.integers(1, 3).map(lambda count: (data_set(300, *[bytes(8)] * count), count)),
    st.integers(1, 3).map(
        lambda count: (data_set(400, *[bytes(3) + b"\x07" + text("eth7")] * count), count)
    ),
)
"""A Set and how many Data Records are in it."""

EVENTS = st.lists(
    st.tuples(
        st.integers(1, 3),  # exporter
        st.sampled_from([5000, 6000, 7000]),  # port
        st.sampled_from([0, 127]),  # Observation Domain
        st.lists(SETS, min_size=1, max_size=4),
        st.sampled_from([0, SECOND, 400 * SECOND, DAY // 2]),  # time that passes
    ),
    max_size=25,
)

PUBLISHED = (
    Count.FLOW_RECORDS,
    Count.ENDPOINT_RECORDS,
    Count.INTERFACE_RECORDS,
    Count.ROUTER_RECORDS,
)


def payload_of(event: tuple) -> bytes:
    """The Message of an event."""
    return message(*[octets for octets, _ in event[3]], domain=event[2])


def run(worker: Worker, events: list) -> list[Outcome]:
    """Feed all, a tick before each."""
    now, outcomes = T0, []
    for number, port, _, _, passes in events:
        now += passes
        outcomes.append(worker.tick(now))
        event = events[len(outcomes) // 2]
        outcomes.append(worker.feed(payload_of(event), of=exporter(number), port=port, at=now))
    return outcomes


@settings(deadline=None, max_examples=60)
@given(EVENTS)
def test_every_record_ends_in_exactly_one_place(events: list) -> None:
    """Published, filtered, options, dead letters and parked add up to what was sent."""
    worker = Worker(limits=SMALL, policy=POLICY, compile_after=2)
    outcomes = run(worker, events)

    sizes = {}
    for index, event in enumerate(events):
        # a tick and a datagram take an offset each
        for place, (_, count) in enumerate(event[3]):
            sizes[f"00000000-0003-{2 * index + 1:012x}-0000-{place:04x}"] = count
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts)
    by_set = Counter(record.record_id[:-5] for item in outcomes for record in item.records)
    published = [record.record_id for item in outcomes for record in item.records]
    dead: Counter[str] = Counter()
    refused = 0
    for outcome in outcomes:
        for letter in outcome.dead_letters:
            if letter.reason.startswith("malformed"):
                refused += sum(
                    size for key, size in sizes.items() if key.startswith(letter.record_id)
                )
            else:
                dead[letter.record_id] += 1
                assert not by_set[letter.record_id]
    parked = [key[-1] for key in worker.state.parked_keys()]
    assert len(published) == len(set(published))
    assert not (set(parked) & (set(by_set) | set(dead)))
    assert {1} >= set(dead.values())
    total = (
        len(published)
        + counts[Count.FILTERED_RECORDS]
        + counts[Count.OPTIONS_RECORDS]
        + sum(sizes[key] for key in dead)
        + sum(sizes[key] for key in parked)
        + refused
    )
    assert sum(sizes.values()) == total
    assert len(published) == sum(counts[name] for name in PUBLISHED)
    waiting = counts[Count.PARKED_SETS] - counts[Count.RELEASED_SETS]
    assert len(parked) == waiting - counts[Count.EXPIRED_SETS] - counts[Count.OVERFLOWN_SETS]


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_quotas_hold(events: list) -> None:
    """Whatever comes, nothing grows beyond its limit, and the sizes are what is there."""
    worker = Worker(limits=SMALL)
    run(worker, events)
    state = worker.state

    parked = [state.parked_set(key) for key in state.parked_keys()]
    assert (len(parked), sum(len(item.octets) for item in parked)) == (
        state.parked_sets.total,
        state.parked_octets.total,
    )
    assert state.parked_sets.total <= 6
    for number in (1, 2, 3):
        assert state.parked_sets.of(exporter(number)) <= 4
        assert len(list(state.session_keys(exporter(number)))) <= 2
    assert state.sessions.total <= 5


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_interleaved_exporters_and_domains_give_what_each_gives_alone(events: list) -> None:
    """Without the fleet, one address and domain knows nothing of another."""
    limits = StateLimits()
    together = Worker(fleet_layouts=False, limits=limits)
    now, seen = T0, {}
    alone: dict[tuple[int, int], Worker] = {}
    for event in events:
        now += event[4] % DAY
        key = event[0], event[2]
        worker = alone.setdefault(key, Worker(fleet_layouts=False, limits=limits))
        worker.offset = together.offset
        where = {"of": exporter(event[0]), "port": event[1], "at": now}
        one = together.feed(payload_of(event), **where)
        seen[key] = worker.feed(payload_of(event), **where)
        assert (one.records, one.dead_letters, one.changes, one.notes[-1:]) == (
            seen[key].records,
            seen[key].dead_letters,
            seen[key].changes,
            seen[key].notes[-1:],
        )


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_same_event_on_same_state_gives_the_same_outcome(events: list) -> None:
    """Step is pure: asked twice it says the same, and asking changes nothing."""
    worker = Worker(limits=SMALL, compile_after=2)
    now = T0
    for event in events:
        now += event[4]
        where = {"of": exporter(event[0]), "port": event[1], "at": now}
        assert worker.look(payload_of(event), **where) == worker.look(payload_of(event), **where)
        worker.feed(payload_of(event), **where)


@settings(deadline=None, max_examples=30)
@given(EVENTS, EVENTS)
def test_worker_that_read_the_state_goes_on_alike(before: list, after: list) -> None:
    """What was written is all that is needed: the next worker gives the same records."""
    one = Worker()
    run(one, before)
    two = one.restarted()
    assert dict(one.state.graves()) == dict(two.state.graves())
    now = T0 + 30 * DAY // 10
    for event in after:
        where = {"of": exporter(event[0]), "port": event[1], "at": now}
        left, right = one.feed(payload_of(event), **where), two.feed(payload_of(event), **where)
        assert (left.records, left.dead_letters, left.changes) == (
            right.records,
            right.dead_letters,
            right.changes,
        )


@settings(deadline=None, max_examples=60)
@given(EVENTS, st.binary(max_size=80), st.integers(0, 400))
def test_malformed_message_leaves_the_state_as_it_was(
    events: list, noise: bytes, place: int
) -> None:
    """Whatever octets come, a refused Message is one dead letter and no change."""
    worker = Worker(limits=SMALL)
    run(worker, events)
    whole = payload_of(events[-1]) if events else message(template_set(FLOW))
    broken = whole[:place] + noise + whole[place + len(noise) :]
    before = len(worker.state), dict(worker.state.notes)

    outcome = worker.look(broken)

    assert before == (len(worker.state), dict(worker.state.notes))
    if outcome.counts.get(Count.MALFORMED_MESSAGES):
        assert ((), (), (), ()) == (
            outcome.records,
            outcome.changes,
            outcome.layouts,
            outcome.notes,
        )
        assert [broken] == [letter.octets for letter in outcome.dead_letters]
