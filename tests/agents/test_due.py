"""No event is passed over."""

import pytest

from streams.agents.consumer import Due


def test_events_in_order_are_fine() -> None:
    """Each offset follows the one before."""
    due = Due()
    due.begin(0, 10)

    assert [None, None, None] == [due.passed_over(0, offset) for offset in (10, 11, 12)]


@pytest.mark.parametrize(("begin", "offset"), [(0, 340), (10, 11)])
def test_a_jump_is_seen(begin: int, offset: int) -> None:
    """It names the offset that was due."""
    due = Due()
    due.begin(4, begin)

    assert begin == due.passed_over(4, offset)


def test_an_event_of_a_partition_that_was_not_read_is_seen() -> None:
    """Nothing is due there: the gate was passed."""
    assert -1 == Due().passed_over(0, 0)


def test_a_repeat_is_done_again_and_moves_nothing() -> None:
    """After a repeat the same offset is due as before."""
    due = Due()
    due.begin(0, 10)
    due.passed_over(0, 10)

    assert None is due.passed_over(0, 3)
    assert 11 == due.passed_over(0, 12)
