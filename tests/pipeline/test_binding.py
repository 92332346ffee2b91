"""Which Template reads a Set: siblings, the fleet, parking and release (design of the bindings)."""

import pytest

from streams.pipeline.counts import Count
from streams.state.limits import StateLimits
from tests.pipeline.messages import (
    DAY,
    ENDPOINT,
    FLOW,
    HOUR,
    OTHER_FLOW,
    ROUTER,
    SECOND,
    T0,
    Worker,
    data_set,
    exporter,
    flow,
    message,
    other_flow,
    reasons,
    set_of,
    template_set,
    total,
    values,
)

NAMES = (Count.FLOW_RECORDS, Count.ENDPOINT_RECORDS, Count.INTERFACE_RECORDS)


@pytest.mark.rfc("7011", "8")
def test_sibling_reads_what_its_own_session_cannot() -> None:
    """Templates from one port, data from another: decoded and marked, or not where switched off."""
    worker = Worker(fleet_layouts=False)
    worker.feed(message(template_set(FLOW)), port=5000)

    outcome = worker.feed(message(data_set(267, flow())), port=6000)
    elsewhere = worker.feed(message(data_set(267, flow()), domain=128), port=6000)
    other_host = worker.feed(message(data_set(267, flow())), of=exporter(2))

    assert ["sibling"] == [record.origin for record in outcome.records]
    assert 1 == outcome.counts[Count.SIBLING_RECORDS]
    assert [1, 1] == [item.counts[Count.PARKED_SETS] for item in (elsewhere, other_host)]


def test_most_recently_refreshed_sibling_that_fits_is_taken() -> None:
    """The newest sibling speaks first; one that does not fit is passed over."""
    worker = Worker(fleet_layouts=False)
    worker.feed(message(template_set(FLOW)), port=5000, at=T0)
    worker.feed(message(template_set(OTHER_FLOW)), port=5001, at=T0 + HOUR)

    older = worker.feed(message(data_set(267, flow(1))), port=6000, at=T0 + HOUR)
    newer = worker.feed(message(data_set(267, other_flow(2))), port=6000, at=T0 + HOUR)

    assert [1] == values(older, "dp")
    assert [2] == values(newer, "dp")


def test_dead_session_does_not_speak_for_its_address() -> None:
    """A session that was idle for several refresh intervals is no sibling any more."""
    worker = Worker(fleet_layouts=False)
    for day in range(3):
        worker.feed(message(template_set(FLOW)), at=T0 + day * DAY)

    alive = worker.look(message(data_set(267, flow())), port=6000, at=T0 + 5 * DAY)
    dead = worker.look(message(data_set(267, flow())), port=6000, at=T0 + 7 * DAY)

    assert 1 == len(alive.records)
    assert 1 == dead.counts[Count.PARKED_SETS]


def test_thousand_endpoints_without_templates_are_read_by_the_fleet() -> None:
    """One endpoint of the same client version sends Templates: all others are decoded, marked."""
    worker = Worker()
    worker.feed(message(template_set(FLOW, ENDPOINT)), of=exporter(0))

    outcomes = [
        worker.feed(message(data_set(267, flow(number))), of=exporter(number))
        for number in range(1, 1001)
    ]

    assert 1000 == total(outcomes, NAMES)
    assert {"fleet"} == {record.origin for outcome in outcomes for record in outcome.records}
    assert list(range(1, 1001)) == [value for item in outcomes for value in values(item, "dp")]
    assert 1000 == total(outcomes, (Count.FLEET_RECORDS,))


def test_differing_layout_under_the_same_id_decodes_nothing_wrongly() -> None:
    """What the fleet's layout does not fill exactly is parked, never decoded by it."""
    worker = Worker(limits=StateLimits(parked=2000))
    worker.feed(message(template_set(OTHER_FLOW)), of=exporter(0))

    outcomes = [
        worker.feed(message(data_set(267, flow(number))), of=exporter(number))
        for number in range(1, 1001)
    ]

    assert 0 == total(outcomes, NAMES)
    assert 1000 == total(outcomes, (Count.PARKED_SETS,))
    own = worker.feed(message(template_set(FLOW)), of=exporter(17))
    assert [17] == values(own, "dp")


def test_set_that_two_layouts_fit_is_parked() -> None:
    """More than one layout of that id fits: none is taken."""
    worker = Worker()
    swapped = type(ENDPOINT)(262, (*ENDPOINT.fields[1:2], *ENDPOINT.fields[:1], ENDPOINT.fields[2]))
    for number, template in enumerate((ENDPOINT, swapped), start=1):
        worker.feed(message(template_set(template)), of=exporter(number))
    ambiguous = b"\x14" + b"A" * 20 + b"\x14" + b"A" * 4 + b"\x00" + b"A" * 15

    outcome = worker.feed(message(set_of(262, ambiguous)), of=exporter(9))

    assert outcome.counts.get(Count.PARKED_SETS, 0) + total([outcome], NAMES) == 1


def test_router_layouts_never_speak_for_the_fleet() -> None:
    """Only layouts with elements of enterprise 9 are of the fleet."""
    worker = Worker()
    worker.feed(message(template_set(ROUTER)), of=exporter(1))

    outcome = worker.feed(message(data_set(300, bytes(8))), of=exporter(2))

    assert 1 == outcome.counts[Count.PARKED_SETS]


@pytest.mark.rfc("7011", "9.3")
def test_parked_sets_come_out_in_order_with_their_own_identity() -> None:
    """When the Template comes, what waited is published first, as it was received."""
    worker = Worker(fleet_layouts=False)
    for number in range(3):
        worker.feed(message(data_set(267, flow(number))), at=T0 + number)

    outcome = worker.feed(message(template_set(FLOW), data_set(267, flow(9))), at=T0 + SECOND)

    assert [0, 1, 2, 9] == values(outcome, "dp")
    assert [True, True, True, False] == [record.parked for record in outcome.records]
    assert [T0, T0 + 1, T0 + 2, T0 + SECOND] == [item.received_at_ns for item in outcome.records]
    assert sorted(record.record_id for record in outcome.records) == [
        record.record_id for record in outcome.records
    ]
    assert 3 == outcome.counts[Count.RELEASED_SETS]
    assert 0 == worker.state.parked_sets.total


def test_parked_set_that_the_template_does_not_fill_stays() -> None:
    """A Template that came later may be another than the one the Set was made with."""
    worker = Worker(fleet_layouts=False)
    worker.feed(message(data_set(267, flow())))

    worker.feed(message(template_set(OTHER_FLOW)))
    right = worker.feed(message(template_set(FLOW)), at=T0 + SECOND)

    assert [443] == values(right, "dp")


def test_new_layout_of_the_fleet_releases_what_is_parked() -> None:
    """A layout that another partition has shown is tried on what is parked, a part a call."""
    worker = Worker(limits=StateLimits(releases=4))
    for number in range(10):
        worker.feed(message(data_set(267, flow(number))), of=exporter(number))
    worker.fleet = worker.fleet.with_template(FLOW)

    outcomes = [worker.tick(T0 + SECOND) for _ in range(4)]

    assert [4, 4, 2, 0] == [len(outcome.records) for outcome in outcomes]
    assert list(range(10)) == [value for item in outcomes for value in values(item, "dp")]
    assert {"fleet"} == {record.origin for item in outcomes for record in item.records}


@pytest.mark.rfc("7011", "9.3")
def test_parked_set_expires_into_a_dead_letter() -> None:
    """No Template came in time: the Set leaves with its octets and its own coordinates."""
    worker = Worker()
    worker.feed(message(data_set(267, flow())))

    early, late = worker.tick(T0 + 25 * HOUR), worker.tick(T0 + 27 * HOUR)

    assert [] == reasons(early)
    assert ["no_template"] == reasons(late)
    assert flow() == late.dead_letters[0].octets
    assert "00000000-0003-000000000000-0000-0000" == late.dead_letters[0].record_id


def test_overflow_is_the_exporters_own_oldest() -> None:
    """Beyond its quota an Exporter loses its own oldest; another's stay."""
    worker = Worker(limits=StateLimits(parked_per_exporter=2))
    worker.feed(message(data_set(267, flow(1))), of=exporter(1))
    outcomes = [
        worker.feed(message(data_set(267, flow(number))), of=exporter(2)) for number in range(3)
    ]

    assert [[], [], ["parked_overflow"]] == [reasons(outcome) for outcome in outcomes]
    assert flow(0) == outcomes[2].dead_letters[0].octets
    assert (1, 2) == (
        worker.state.parked_sets.of(exporter(1)),
        worker.state.parked_sets.of(exporter(2)),
    )


def test_when_all_is_full_the_largest_share_pays() -> None:
    """The exporter with the most octets loses its oldest, whoever came last."""
    worker = Worker(limits=StateLimits(parked=4))
    for number in range(3):
        worker.feed(message(data_set(267, flow(number))), of=exporter(1))
    worker.feed(message(data_set(267, flow(5))), of=exporter(2))

    outcome = worker.feed(message(data_set(267, flow(6))), of=exporter(3))

    assert [exporter(1)] == [letter.exporter for letter in outcome.dead_letters]
    assert [2, 1, 1] == [worker.state.parked_sets.of(exporter(number)) for number in (1, 2, 3)]


def test_set_larger_than_the_quota_is_not_parked() -> None:
    """A Set that alone exceeds the quota leaves at once."""
    worker = Worker(limits=StateLimits(parked_octets_per_exporter=10))

    outcome = worker.feed(message(data_set(267, flow())))

    assert ["parked_overflow"] == reasons(outcome)
    assert () == outcome.changes


def test_sessions_of_an_address_have_a_quota() -> None:
    """A host that changes its port all the time loses its own oldest sessions."""
    worker = Worker(limits=StateLimits(sessions_per_exporter=3))
    worker.feed(message(template_set(FLOW)), of=exporter(2))
    outcomes = [worker.feed(message(template_set(FLOW)), port=1000 + turn) for turn in range(5)]

    assert 2 == total(outcomes, (Count.SESSIONS_EVICTED,))
    assert [1002, 1003, 1004] == [key.port for key in worker.state.session_keys(exporter())]
    assert 1 == worker.state.sessions.of(exporter(2))


@pytest.mark.rfc("7011", "9.3")
def test_idle_sessions_are_swept() -> None:
    """After several refresh intervals a session is forgotten; its tombstone follows later."""
    worker = Worker()
    for day in range(2):
        worker.feed(message(template_set(FLOW)), at=T0 + day * DAY)

    assert {} == worker.tick(T0 + 4 * DAY).counts
    gone = worker.tick(T0 + 6 * DAY)
    buried = worker.tick(T0 + 6 * DAY + 3 * HOUR)

    assert 1 == gone.counts[Count.SESSIONS_EXPIRED]
    assert [None] == [change.value for change in buried.changes]
    assert None is worker.written[-1][1]
    assert 0 == len(worker.state)
