"""Sequence Numbers: what was lost before us, and what fits no rule.

They count Data Records (RFC 7011, 3.1), which v5 and v7 call flows; in v9 Export Packets
(RFC 3954, 5.1); v1 has none.
"""

from streams.pipeline.counts import Count
from streams.state.model import Numbering
from streams.wire import VERSION_9

UNNUMBERED = 1
"""NetFlow v1."""

_MODULUS = 1 << 32
_LARGEST_GAP = 1 << 20
"""More than this missing at once is a restart, not a loss."""

_LARGEST_STEP_BACK = 1 << 16
"""So far behind a Message may be and still be a late one; further back is a restart."""


def next_numbering(
    before: Numbering | None, version: int, sequence: int, records: int | None
) -> tuple[Numbering | None, Count | None, int]:
    """Compare a Message's Sequence Number with the one that was due.

    Args:
        before: Of the session; None for its first Message.
        version: Of the Message: what is counted.
        sequence: Of this Message.
        records: Data Records in it; None where a Set could not be read.

    Returns:
        What is due next (None: this version has no numbers), which count it makes, and how much.
    """
    if version == UNNUMBERED:
        return None, None, 0
    by_records = None if records is None else (sequence + records) % _MODULUS
    by_messages = (sequence + 1) % _MODULUS
    if version == VERSION_9:
        after, missed = Numbering(sequence, by_messages, by_records), Count.MISSING_MESSAGES
    else:
        after, missed = Numbering(sequence, by_records, by_messages), Count.MISSING_RECORDS
    if before is None or before.expected is None or before.expected == sequence:
        return after, None, 0
    # Some count in the other unit. softflowd counts the Message itself in, Open vSwitch gives the
    # last record's number: both move on by the records of this Message instead of the last one's.
    if sequence == before.otherwise or (
        records is not None and sequence == (before.sequence + records) % _MODULUS
    ):
        return after, Count.IRREGULAR_MESSAGES, 1
    missing = (sequence - before.expected) % _MODULUS
    if missing <= _LARGEST_GAP:
        return after, missed, missing
    if _MODULUS - missing <= _LARGEST_STEP_BACK:
        return before, Count.IRREGULAR_MESSAGES, 1
    return after, Count.IRREGULAR_MESSAGES, 1
