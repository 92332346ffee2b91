"""Sequence Numbers: gaps, restarts, and exporters that count otherwise."""

from typing import TYPE_CHECKING

import pytest

from streams.pipeline.counts import Count
from streams.pipeline.numbering import next_numbering

if TYPE_CHECKING:
    from streams.state.model import Numbering


def run(*messages: tuple[int, int | None], version: int = 10) -> list[tuple[Count | None, int]]:
    """Compare a row of (Sequence Number, records)."""
    numbering: Numbering | None = None
    seen = []
    for sequence, records in messages:
        numbering, what, number = next_numbering(numbering, version, sequence, records)
        seen.append((what, number))
    return seen


NOTHING = (None, 0)
IRREGULAR = (Count.IRREGULAR_MESSAGES, 1)


@pytest.mark.rfc("7011", "3.1")
def test_gapless_numbers_count_nothing() -> None:
    """Each Message's number is that of the last one and its records, modulo 2**32."""
    assert [NOTHING] * 4 == run((4294967290, 5), (4294967295, 3), (2, 0), (2, 1))


def test_gap_counts_the_records_that_are_missing() -> None:
    """What was lost before us is counted in records."""
    assert [NOTHING, (Count.MISSING_RECORDS, 7), NOTHING] == run((0, 3), (10, 1), (11, 1))


def test_late_message_is_irregular_and_moves_nothing() -> None:
    """Reordering does not count again what was missing."""
    assert [NOTHING, (Count.MISSING_RECORDS, 1), IRREGULAR, NOTHING] == run(
        (0, 1), (2, 1), (1, 1), (3, 1)
    )


def test_restart_is_irregular() -> None:
    """A number far from the one due begins anew."""
    assert [NOTHING, IRREGULAR, NOTHING] == run((3_000_000_000, 1), (0, 1), (1, 1))


def test_exporters_that_count_the_message_in_are_irregular_not_lossy() -> None:
    """Softflowd and Open vSwitch move on by the records of this Message."""
    assert [NOTHING, IRREGULAR, IRREGULAR, IRREGULAR] == run((2, 2), (7, 5), (8, 1), (11, 3))


def test_unread_message_leaves_the_next_one_alone() -> None:
    """Where a Set could not be read its records are not known."""
    assert [NOTHING, NOTHING, NOTHING] == run((0, 3), (3, None), (99, 1))


@pytest.mark.rfc("3954", "5.1")
def test_version_9_counts_export_packets() -> None:
    """Whatever is in them, and whether or not it can be read."""
    assert [NOTHING, NOTHING, NOTHING, (Count.MISSING_MESSAGES, 2)] == run(
        (4294967294, 30), (4294967295, None), (0, 0), (3, 5), version=9
    )


def test_version_5_counts_flows() -> None:
    """As IPFIX counts Data Records."""
    assert [NOTHING, NOTHING, (Count.MISSING_RECORDS, 30)] == run(
        (0, 30), (30, 30), (90, 30), version=5
    )


def test_version_1_has_no_numbers() -> None:
    """Nothing is missing and nothing is remembered."""
    assert (None, None, 0) == next_numbering(None, 1, 0, 24)


@pytest.mark.parametrize(
    ("version", "messages"),
    [(9, ((0, 10), (10, 7), (17, 3))), (10, ((0, 10), (1, 7), (2, 3))), (5, ((0, 30), (1, 30)))],
)
def test_exporters_that_count_the_other_thing_are_irregular_not_lossy(
    version: int, messages: tuple[tuple[int, int], ...]
) -> None:
    """Records where Export Packets are due, and Messages where records are."""
    assert [NOTHING, *[IRREGULAR] * (len(messages) - 1)] == run(*messages, version=version)
