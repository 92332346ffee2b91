"""Sequence Numbers (RFC 7011, 3.1): what was lost before us, and what fits no rule."""

from streams.pipeline.counts import Count
from streams.state.model import Numbering

_MODULUS = 1 << 32
_LARGEST_GAP = 1 << 20
"""More records than this missing at once is a restart, not a loss."""

_LARGEST_STEP_BACK = 1 << 16
"""So far behind a Message may be and still be a late one; further back is a restart."""


def next_numbering(
    before: Numbering | None, sequence: int, records: int | None
) -> tuple[Numbering, Count | None, int]:
    """Compare a Message's Sequence Number with the one that was due.

    Args:
        before: Of the session; None for its first Message.
        sequence: Of this Message.
        records: Data Records in it; None where a Set could not be read.

    Returns:
        What is due next, which count it makes, and how much.
    """
    expected = None if records is None else (sequence + records) % _MODULUS
    after = Numbering(sequence, expected)
    if before is None or before.expected is None or before.expected == sequence:
        return after, None, 0
    # softflowd counts the Message itself in, Open vSwitch gives the last record's number: both
    # move on by the records of this Message instead of those of the last one.
    if records is not None and sequence == (before.sequence + records) % _MODULUS:
        return after, Count.IRREGULAR_MESSAGES, 1
    missing = (sequence - before.expected) % _MODULUS
    if missing <= _LARGEST_GAP:
        return after, Count.MISSING_RECORDS, missing
    if _MODULUS - missing <= _LARGEST_STEP_BACK:
        return before, Count.IRREGULAR_MESSAGES, 1
    return after, Count.IRREGULAR_MESSAGES, 1
