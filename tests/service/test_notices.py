"""How several processes say that they are well."""

import threading

from service.health import Verdict
from service.notices import STALE_SECONDS, Notices

SECOND = 1_000_000_000
WELL = Verdict(ok=True, detail="ok")
NOT = Verdict(ok=False, detail="no partition assigned")


def test_ready_where_all_are() -> None:
    """The first that is not says why; before all have said so they are not, but well."""
    notices = Notices(["siem", "archive"])
    notices.write(0, WELL, WELL, SECOND)
    assert not notices.ready(SECOND).ok
    assert notices.well(SECOND).ok

    notices.write(1, WELL, NOT, SECOND)
    assert Verdict(ok=False, detail="process archive: no partition assigned") == notices.ready(
        SECOND
    )
    notices.write(1, WELL, WELL, 2 * SECOND)
    assert Verdict(ok=True, detail="ok, 2 processes") == notices.ready(2 * SECOND)


def test_who_is_silent_is_neither_well_nor_ready() -> None:
    """A process that hangs writes nothing."""
    notices = Notices(range(2))
    for index in range(2):
        notices.write(index, WELL, WELL, SECOND)
    late = SECOND + int((STALE_SECONDS + 1) * SECOND)
    notices.write(0, WELL, WELL, late)

    assert "process 1 is silent for 16 s" == notices.well(late).detail
    assert not notices.well(late).ok
    assert not notices.ready(late).ok


def test_who_is_gone_is_not_ready_but_no_reason_to_restart_all() -> None:
    """The supervisor starts it again."""
    notices = Notices(range(1))
    notices.write(0, WELL, WELL, SECOND)
    notices.clear(0)

    assert notices.well(SECOND).ok
    assert "process 0 does not answer (yet)" == notices.ready(SECOND).detail


def test_long_words_are_cut_and_short_ones_behind_them_are_whole() -> None:
    """A row is of fixed size."""
    notices = Notices(range(1))
    notices.write(0, Verdict(ok=False, detail="é" * 500), NOT, SECOND)
    assert notices.well(SECOND).detail.startswith("process 0: éé")
    notices.write(0, Verdict(ok=False, detail="short"), NOT, SECOND)
    assert "process 0: short" == notices.well(SECOND).detail
    assert "process 0: no partition assigned" == notices.ready(SECOND).detail


def test_a_row_is_kept_by_a_thread() -> None:
    """It asks both questions and writes the answers, until it is stopped."""
    notices, asked = Notices(range(1)), threading.Event()

    def ready() -> Verdict:
        asked.set()
        return NOT

    stop = notices.keep(0, lambda: WELL, ready)
    assert asked.wait(10)
    stop.set()
