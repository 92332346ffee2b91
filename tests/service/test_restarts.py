"""When a dead process is started again."""

from service.restarts import BACK_OFF_SECONDS, CALM_SECONDS, Restarts


def test_each_death_is_waited_for_longer_and_then_given_up() -> None:
    """The first start again comes at once; the death after the last wait is one too many."""
    restarts, now = Restarts(), 100.0
    restarts.starts(now)
    waits = []
    while (wait := restarts.dies(now)) is not None:
        waits.append(wait)
        assert restarts.is_due(now + wait)
        assert wait == 0 or not restarts.is_due(now + wait - 0.5)
        now += wait
        restarts.starts(now)

    assert list(BACK_OFF_SECONDS) == waits
    assert waits == sorted(waits)


def test_who_lived_for_long_begins_anew() -> None:
    """A death a day is no reason to give up."""
    restarts, now = Restarts(), 0.0
    for _ in range(3 * len(BACK_OFF_SECONDS)):
        restarts.starts(now)
        now += CALM_SECONDS
        assert BACK_OFF_SECONDS[0] == restarts.dies(now)


def test_a_running_process_is_not_due() -> None:
    """Nor one that was given up."""
    restarts = Restarts()
    assert not restarts.is_due(1e9)
    restarts.starts(0.0)
    restarts.dies(1.0)
    restarts.starts(2.0)
    assert not restarts.is_due(1e9)
