"""The totals of one minute, and what is remembered of each."""

from collections.abc import Iterable
from typing import Protocol

OCTETS, PACKETS, FLOWS, ENDED, FIRST, LAST, BITS, SAMPLING, REVISION, PUBLISHED = range(10)
"""Places in a ``Total``."""

LATE, AT_RECEIPT, CAPPED, MIXED_SAMPLING = 1, 2, 4, 8
"""Bits of a total: members of ``schemas.totals.FLAGS``."""

NEVER = -1
"""``PUBLISHED`` of a total that was not published."""

Total = list[int]
"""A list and not a class: half the memory, and the hot path adds into it. Octets, packets, flows,
flows that end here, first and last packet in ns, bits, sampling rate (0: not said; it may be a
float), offset before which all is included, and the same of what was last published."""


class Spill(Protocol):
    """Where totals go that memory has no room for."""

    def find(self, bucket: int, key: str) -> Total | None:
        """Return what was put there last."""
        ...

    def put(self, bucket: int, totals: Iterable[tuple[str, Total]]) -> None:
        """Keep them; what is there under a key is replaced."""
        ...

    def drop(self, bucket: int) -> None:
        """Forget a bucket."""
        ...


class Bucket:
    """The totals of one minute of one lane.

    Attributes:
        number: Names it in the spill.
        minute: Since 1970-01-01T00:00Z.
        totals: By key (``streams.totals.flows``), those in memory.
        changed: Keys that may differ from what was published; None: any may.
        dirty_from: Offset of the oldest record that was added since; None: nothing was.
        due_ns: When that is to be published, by the lane's clock.
        first_output: Offset of the oldest record of it on ``netflow-1m``; None: none is known.
        spilled: Whether some of it is in the spill.
    """

    __slots__ = (
        "changed",
        "dirty_from",
        "due_ns",
        "first_output",
        "minute",
        "number",
        "spilled",
        "totals",
    )

    def __init__(self, number: int, minute: int) -> None:
        self.number = number
        self.minute = minute
        self.totals: dict[str, Total] = {}
        self.changed: set[str] | None = None
        self.dirty_from: int | None = None
        self.due_ns = 0
        self.first_output: int | None = None
        self.spilled = False

    def wrote(self, offset: int) -> None:
        """One of its records stands on ``netflow-1m``."""
        if self.first_output is None or offset < self.first_output:
            self.first_output = offset

    def dirty(self) -> list[tuple[str, Total]]:
        """Return the totals that differ from what was published."""
        totals = self.totals
        if self.changed is None:
            return [item for item in totals.items() if item[1][REVISION] != item[1][PUBLISHED]]
        return [
            (key, totals[key])
            for key in self.changed
            if totals[key][REVISION] != totals[key][PUBLISHED]
        ]
