"""A memory that was read from ``state``: what its last owner left half done."""

from streams.pipeline.counts import Count
from streams.state.model import PARKED, Forgotten
from streams.state.partition import PartitionState
from tests.pipeline.messages import (
    FLOW,
    T0,
    Worker,
    data_set,
    flow,
    message,
    template_set,
    values,
)


def successor(dead: Worker, *, without_ends: bool) -> Worker:
    """Who takes the partition over from what stands in Kafka."""
    after = Worker(fleet_layouts=False)
    after.state = PartitionState(after.context.state_limits)
    for change, (key, value) in zip(dead.changes, dead.written, strict=True):
        if without_ends and change.key[1] == PARKED and isinstance(change.value, Forgotten):
            continue
        after.state.load(key, value)
    after.offset = dead.offset
    return after


def killed_while_releasing() -> Worker:
    """The Template came, its state is in Kafka, and what was released is not."""
    worker = Worker(fleet_layouts=False)
    worker.feed(message(data_set(267, flow(7))))
    released = worker.feed(message(template_set(FLOW)))
    assert [7] == values(released, "dp")
    return worker


def test_what_was_not_released_for_certain_is_released_after_loading() -> None:
    """The Template is known already and comes in no message any more: the parked Set is tried."""
    worker = successor(killed_while_releasing(), without_ends=True)

    outcome = worker.tick(T0)

    assert [7] == values(outcome, "dp")
    assert 1 == outcome.counts[Count.RELEASED_SETS]
    assert [] == list(worker.tick(T0).records)


def test_what_was_released_for_certain_is_not_released_again() -> None:
    """Its end is in Kafka, behind the records."""
    worker = successor(killed_while_releasing(), without_ends=False)

    assert [] == list(worker.tick(T0).records)


def test_what_has_no_template_yet_stays_parked() -> None:
    """It is tried once, and waits on."""
    dead = Worker(fleet_layouts=False)
    dead.feed(message(data_set(267, flow(7))))
    worker = successor(dead, without_ends=True)

    assert [] == list(worker.tick(T0).records)
    assert [7] == values(worker.feed(message(template_set(FLOW))), "dp")
