"""Totals that memory has no room for."""

from pathlib import Path

import pytest

from streams.totals_worker.errors import StartError
from streams.totals_worker.spill import SqliteSpill

TOTAL = [1 << 70, 2, 3, 4, 5, 6, 7, 0.5, 9, 10]


def test_what_was_put_there_is_found_until_it_is_dropped(tmp_path: Path) -> None:
    """By bucket and key; the last one counts; integers of any size."""
    spill = SqliteSpill(tmp_path, 1 << 30)
    spill.put(1, [("a", [1]), ("b", TOTAL)])  # type: ignore[list-item]
    spill.put(1, [("a", [2])])
    spill.put(2, [("a", [3])])

    assert [[2], TOTAL, None, [3]] == [
        spill.find(*each) for each in ((1, "a"), (1, "b"), (1, "c"), (2, "a"))
    ]
    before = spill.octets
    spill.drop(1)
    assert spill.octets < before
    assert [3] == spill.find(2, "a")
    spill.close()


def test_the_file_has_no_name(tmp_path: Path) -> None:
    """It is gone with the process, however that ends."""
    spill = SqliteSpill(tmp_path, 1 << 30)

    spill.put(1, [("a", [1])])

    assert [] == list(tmp_path.iterdir())


def test_nothing_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    """Most workers never need it."""
    assert 0 == SqliteSpill(tmp_path / "not there", 1).octets


def test_a_full_file_is_one_clear_line(tmp_path: Path) -> None:
    """It names the settings."""
    spill = SqliteSpill(tmp_path, 20_000)

    with pytest.raises(StartError, match=r"totals\.spill_octets"):
        spill.put(1, ((f"key {number}", [number] * 10) for number in range(5000)))
