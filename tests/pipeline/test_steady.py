"""Runs: what ``step`` gives datagram by datagram, a run gives at once."""

from copy import copy
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.datagram import Coordinates, Datagram
from streams.pipeline import Count, read_run, step
from streams.pipeline.model import Outcome, Record
from streams.pipeline.steady import Run
from streams.state.partition import PartitionState
from tests.pipeline.messages import (
    DAY,
    ENDPOINT,
    FLOW,
    INTERFACES,
    OTHER_FLOW,
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
)

AT = Coordinates("00000000", 3, 77, 0).prefix()[:-4]
POLICY = {"rules": {"exclude": [{"dp": 53}]}}
TEMPLATES = message(*[template_set(each) for each in (FLOW, ENDPOINT, INTERFACES)])

DATAGRAMS = st.lists(
    st.tuples(
        st.one_of(
            st.lists(st.sampled_from([53, 80, 443]), max_size=3).map(
                lambda ports: data_set(267, *[flow(port) for port in ports])
            ),
            st.integers(1, 2).map(lambda count: data_set(262, *[endpoint()] * count)),
            st.sampled_from(
                [
                    template_set(FLOW),
                    template_set(OTHER_FLOW),  # another meaning of the same id
                    data_set(267, other_flow()),
                    data_set(267, flow()[:-1]),  # malformed
                    data_set(999, b"no template"),
                    data_set(267, flow()) + data_set(267, flow(80)),
                    b"",
                ]
            ),
        ),
        st.integers(1, 2),  # exporter
        st.sampled_from([0, 1, 2, 5, 900]),  # Sequence Number
        st.sampled_from([0, SECOND, DAY // 2]),  # time that passes
    ),
    max_size=12,
)


@cache
def compiled(filters: bool) -> Worker:
    """A worker that has compiled the layouts; made once, for the registry is large."""
    worker = Worker(policy=POLICY if filters else None, compile_after=1)
    feed_known(worker)
    return worker


def known(*, filters: bool = False) -> Worker:
    """A worker that knows two sessions and nothing else, with all layouts compiled."""
    worker = copy(compiled(filters))
    worker.state, worker.written = PartitionState(), []
    feed_known(worker)
    return worker


def feed_known(worker: Worker) -> None:
    """Templates and a record of each kind, of two sessions."""
    for number in (1, 2):
        worker.feed(TEMPLATES, of=exporter(number))
        worker.feed(message(data_set(267, flow())), of=exporter(number))
        worker.feed(message(data_set(262, endpoint()), sequence=1), of=exporter(number))


def batch(worker: Worker, items: list) -> list[Datagram]:
    """What ingest would have written."""
    at, made = T0, []
    for sets, number, sequence, passes in items:
        at += passes
        made.append(worker.datagram(message(sets, sequence=sequence), at=at, of=exporter(number)))
    return made


def one_step(worker: Worker, datagram: Datagram, index: int) -> Outcome:
    """One datagram, taken over."""
    prefix, now_ns = f"{AT}{index:04x}", datagram.received_at_ns
    outcome = step(datagram, prefix, worker.state, worker.fleet, now_ns, worker.context)
    worker.take(outcome)
    worker.offset = 0  # all are of one event
    return outcome


def by_runs(worker: Worker, datagrams: list[Datagram]) -> list[Run | Outcome]:
    """As the agent does it."""
    made: list[Run | Outcome] = []
    index = 0
    while True:
        run = read_run(datagrams, index, AT, worker.state, worker.context, Record)
        worker.state.number(run.numberings)
        made.append(run)
        index = run.end
        if index == len(datagrams):
            return made
        made.append(one_step(worker, datagrams[index], index))
        index += 1


def sums(parts: list) -> dict[str, int]:
    """All counts; none that is zero."""
    total: dict[str, int] = {}
    for part in parts:
        for name, number in part.counts.items():
            total[name] = total.get(name, 0) + number
    return {name: number for name, number in total.items() if number}


@settings(deadline=None, max_examples=80)
@given(DATAGRAMS, st.booleans())
def test_runs_give_what_steps_give(items: list, filters: bool) -> None:
    """Records with their ids, order, counts and the state afterwards are the same."""
    one, other = known(filters=filters), known(filters=filters)
    one.offset = other.offset = 0
    datagrams = batch(one, items)

    steps = [one_step(one, datagram, index) for index, datagram in enumerate(datagrams)]
    runs = by_runs(other, datagrams)

    assert [each for part in steps for each in part.records] == [
        each for part in runs for each in part.records
    ]
    assert sums(steps) == sums(runs)
    assert one.state.notes == other.state.notes
    assert one.written == other.written


def test_what_is_steady_is_one_run() -> None:
    """Known sessions and layouts: no datagram of them needs more."""
    worker = known()
    items = [(data_set(267, flow(80), flow(443)), 1 + number % 2, 0, 0) for number in range(30)]

    run = read_run(batch(worker, items), 0, AT, worker.state, worker.context, Record)

    assert (30, 60) == (run.end, len(run.records))
    assert {Count.DATAGRAMS: 30, Count.FLOW_RECORDS: 60} == {
        name: run.counts[name] for name in (Count.DATAGRAMS, Count.FLOW_RECORDS)
    }
    assert [f"{AT}0000-0000-0000", f"{AT}0000-0000-0001", f"{AT}0001-0000-0000"] == [
        record.record_id for record in run.records[:3]
    ]


def test_a_run_changes_nothing() -> None:
    """It may be thrown away: Sequence Numbers are taken over by the state's owner."""
    worker = known()
    notes = dict(worker.state.notes)

    run = read_run(
        batch(worker, [(data_set(267, flow()), 1, 2, 0)]),
        0,
        AT,
        worker.state,
        worker.context,
        Record,
    )

    assert 1 == len(run.numberings)
    assert notes == worker.state.notes
