"""Behind by the broker's count; ready means that it does not grow."""

import pytest

from service.lag import SAMPLES, LagMonitor


class Broker:
    """Tells committed offsets and ends."""

    def __init__(self) -> None:
        self.end = 0

    def committed(self, asked: list, **_: object) -> list:  # a stand-in
        """100 everywhere."""
        for each in asked:
            each.offset = 100
        return asked

    def get_watermark_offsets(self, *_: object, **__: object) -> tuple[int, int]:
        """The end that the test says."""
        return 0, self.end


def monitor() -> tuple[LagMonitor, list[float]]:
    """Of two partitions, and what it reported."""
    reported: list[float] = []
    return LagMonitor({}, lambda: frozenset({("raw", 0), ("raw", 1)}), reported.append), reported


def test_the_lag_is_summed_over_our_partitions() -> None:
    """Committed to end, twice."""
    room, reported = monitor()
    broker = Broker()
    broker.end = 130

    room.sample(broker)

    assert 60 == room.events
    assert [60] == reported


def test_a_broker_that_counts_wrongly_gives_no_negative_lag() -> None:
    """Tansu says 1 for every end."""
    room, _ = monitor()
    broker = Broker()
    broker.end = 1

    room.sample(broker)

    assert 0 == room.events


@pytest.mark.parametrize(
    ("ends", "growing"),
    [
        ([100 + 50 * number for number in range(SAMPLES)], True),
        ([100 + 50 * number for number in range(SAMPLES - 1)], False),
        ([100 + 50 * number for number in range(SAMPLES - 1)] + [120], False),
        ([100 + number for number in range(SAMPLES)], False),
        ([9000] * SAMPLES, False),
    ],
    ids=["each time more", "too few answers", "fell at last", "noise", "stands"],
)
def test_growing_means_each_answer_of_half_a_minute(ends: list[int], *, growing: bool) -> None:
    """A burst is no growth, and a backlog that is worked off is none."""
    room, _ = monitor()
    broker = Broker()
    for broker.end in ends:
        room.sample(broker)

    assert growing == room.is_growing()
