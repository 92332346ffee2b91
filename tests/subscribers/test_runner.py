"""Deliver, then commit; try again; bury what is refused; stop and go on."""

from collections.abc import Callable, Sequence

import pytest

from schemas.subscriber import (
    DELIVERED,
    Event,
    MisconfiguredError,
    Outcome,
    UnavailableError,
    refused,
    retry,
)
from streams.subscribers.contract import make_events
from streams.subscribers.runner import DefectError, Runner
from streams.subscribers.settings import SubscriberSettings
from tests.subscribers.fakes import Bench, FakeLetters, FakeSource, Scripted

Step = Callable[[Sequence[Event]], Sequence[Outcome]]


class Setting:
    """A runner with everything faked around it."""

    def __init__(self, events: Sequence[Event], *steps: Step, **values: object) -> None:
        self.source = FakeSource(events)
        self.letters = FakeLetters()
        self.subscriber = Scripted(*steps)
        self.bench = Bench()
        self.now = 1_534_755_860.0
        settings = SubscriberSettings.model_validate(values)
        self.runner = Runner(
            "test",
            settings,
            self.subscriber,
            self.source,
            self.letters,
            self.bench.counters,
            self.bench.stop,
            clock=lambda: self.now,
        )

    def value(self, what: str) -> float | None:
        """A metric."""
        return self.bench.value(f"subscribers_{what}")


def away(_: Sequence[Event]) -> Sequence[Outcome]:
    """The destination takes nothing."""
    raise UnavailableError("connection refused")


def cut(_: Sequence[Event]) -> Sequence[Outcome]:
    """The socket speaks."""
    raise ConnectionResetError(104, "Connection reset by peer")


def busy(_: Sequence[Event]) -> Sequence[Outcome]:
    """It asks for a pause."""
    raise UnavailableError("503 server is busy", 7)


def test_what_was_delivered_is_done() -> None:
    """The offset behind the last event of each partition."""
    setting = Setting(make_events(5))
    setting.runner.turn()

    assert {("flow", 0): 5, ("flow", 1): 4} == setting.source.offsets
    assert (5, 5) == (setting.value("records_total"), setting.value("delivered_records_total"))
    assert 1 == setting.value("latency_seconds_count")


def test_what_fails_is_given_again_with_growing_pauses() -> None:
    """For as long as it takes; nothing is done before it is delivered."""
    events = make_events(2)
    setting = Setting(events, away, cut, away, retry_seconds=1, max_retry_seconds=3)
    setting.runner.turn()

    assert [1, 2, 3] == setting.source.pauses
    assert [events] * 4 == setting.subscriber.calls
    assert {("flow", 0): 1, ("flow", 1): 2} == setting.source.offsets
    assert (3, 6) == (setting.value("failures_total"), setting.value("retried_records_total"))
    assert (None, "", 0) == (
        setting.runner.failing_since,
        setting.runner.trouble,
        setting.value("failing_seconds"),
    )


@pytest.mark.parametrize(("longest", "pauses"), [(30, [7]), (5, [5])])
def test_a_destination_may_ask_for_a_longer_pause(longest: float, pauses: list[float]) -> None:
    """Within what the settings allow."""
    setting = Setting(make_events(1), busy, max_retry_seconds=longest)
    setting.runner.turn()

    assert pauses == setting.source.pauses


def test_only_what_is_not_delivered_is_given_again() -> None:
    """And the offsets show how far each partition is."""
    events = make_events(6)
    seen: list[dict[tuple[str, int], int]] = []
    setting = Setting(
        events, lambda _: [DELIVERED, DELIVERED, retry("x"), DELIVERED, retry("y"), DELIVERED]
    )
    setting.source.idle = lambda *_: seen.append(dict(setting.source.offsets))  # type: ignore[method-assign]
    setting.runner.turn()

    assert [{("flow", 0): 2, ("flow", 1): 6}] == seen
    assert [events[2], events[4]] == setting.subscriber.calls[1]
    assert {("flow", 0): 5, ("flow", 1): 6} == setting.source.offsets


def test_a_refused_record_is_buried_and_the_rest_goes_on() -> None:
    """Its dead letter is safe before its offset is done."""
    events = make_events(3)
    setting = Setting(events, lambda _: [DELIVERED, refused("400: no"), DELIVERED])
    setting.runner.turn()

    assert [(events[1], "400: no")] == setting.letters.buried
    assert 1 == setting.letters.safe
    assert {("flow", 0): 3, ("flow", 1): 2} == setting.source.offsets
    assert (1, 2) == (
        setting.value("refused_records_total"),
        setting.value("delivered_records_total"),
    )


def test_a_destination_that_refuses_everything_ends_the_process() -> None:
    """Before the whole stream becomes dead letters; the last ones are not committed."""
    setting = Setting(
        make_events(9),
        *[lambda events: [refused("no such index")] * len(events)] * 3,
        batch_records=3,
        refusals_in_a_row=6,
    )
    setting.runner.turn()
    setting.runner.turn()
    with pytest.raises(MisconfiguredError, match=r"9 records refused .* no such index"):
        setting.runner.turn()

    assert 6 == len(setting.letters.buried)
    assert {("flow", 0): 5, ("flow", 1): 6} == setting.source.offsets


def test_one_delivered_record_between_refusals_is_enough() -> None:
    """Only refusals in a row count."""
    step: Step = lambda events: [refused("no")] * (len(events) - 1) + [DELIVERED]  # noqa: E731
    setting = Setting(make_events(9), step, step, step, batch_records=3, refusals_in_a_row=2)
    for _ in range(3):
        setting.runner.turn()

    assert 6 == len(setting.letters.buried)


def test_a_defect_at_one_record_buries_that_one() -> None:
    """The events of the call go one by one; the others are delivered."""
    events = make_events(4)

    def defect(given: Sequence[Event]) -> Sequence[Outcome]:
        if events[2] in given:
            raise KeyError("pn")
        return [DELIVERED] * len(given)

    setting = Setting(events, *[defect] * 9)
    setting.runner.turn()

    assert [(events[2], "defect: KeyError('pn')")] == setting.letters.buried
    assert (3, 1) == (setting.value("delivered_records_total"), setting.value("defects_total"))
    assert {("flow", 0): 3, ("flow", 1): 4} == setting.source.offsets


def test_a_defect_at_each_record_ends_the_process() -> None:
    """A bad deployment moves nothing into dead letters."""

    def defect(_: Sequence[Event]) -> Sequence[Outcome]:
        raise ZeroDivisionError

    setting = Setting(make_events(150), *[defect] * 200)
    with pytest.raises(DefectError, match="ZeroDivisionError"):
        setting.runner.turn()

    assert [] == setting.letters.buried
    assert {} == setting.source.offsets


@pytest.mark.parametrize("number", [0, 2, 4])
def test_a_wrong_number_of_outcomes_ends_the_process(number: int) -> None:
    """Which event is delivered is anybody's guess."""
    setting = Setting(make_events(3), lambda _: [DELIVERED] * number)
    with pytest.raises(DefectError, match=f"{number} outcomes for 3 events"):
        setting.runner.turn()

    assert {} == setting.source.offsets


def test_events_of_a_partition_that_moved_are_left_to_its_new_owner() -> None:
    """They are neither delivered nor done here."""
    events = make_events(4)
    setting = Setting(events, away)
    setting.source.idle = lambda *_: setting.source.lost.add(("flow", 0))  # type: ignore[method-assign]
    setting.runner.turn()

    assert [events[1], events[3]] == setting.subscriber.calls[1]
    assert {("flow", 0): 0, ("flow", 1): 4} == setting.source.offsets
    assert 2 == setting.value("moved_records_total")


def test_a_stop_leaves_the_rest_to_the_next_start() -> None:
    """What is not delivered is not done; everything is closed."""
    setting = Setting(make_events(2), away)
    setting.source.idle = lambda *_: setting.bench.stop.request()  # type: ignore[method-assign]
    setting.runner.run()

    assert 1 == len(setting.subscriber.calls)
    assert {("flow", 0): 0, ("flow", 1): 1} == setting.source.offsets
    assert (True, 1) == (setting.source.closed, setting.subscriber.closed)


def test_a_wrong_setting_ends_it_with_everything_closed() -> None:
    """Nothing of the call is done."""

    def wrong(_: Sequence[Event]) -> Sequence[Outcome]:
        raise MisconfiguredError("403 Invalid token")

    setting = Setting(make_events(2), wrong)
    with pytest.raises(MisconfiguredError, match="403"):
        setting.runner.run()

    assert {} == setting.source.offsets
    assert (True, 1) == (setting.source.closed, setting.subscriber.closed)


def test_an_idle_moment_is_the_subscribers() -> None:
    """Files are completed by age although nothing comes; trouble there is not the end."""
    setting = Setting([])
    setting.runner.turn()

    assert 1 == setting.subscriber.ticks
