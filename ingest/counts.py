"""What ingest counts, in memory that its processes share.

Each process owns one row of unsigned 64-bit numbers in an anonymous shared mapping; only it writes
the row, and the process that answers ``/metrics`` reads all rows. No pipe, no lock, no file: an
aligned number is written at once, and the row of a process that died keeps what it had counted.
"""

import mmap
from collections.abc import Iterable
from enum import IntEnum, StrEnum, auto

_OCTETS = 8


class Drop(StrEnum):
    """Why a datagram did not get into ``raw``: a closed set, a metric's label."""

    DENIED = "denied"
    OVERSIZE = "oversize"
    KERNEL = "kernel"
    QUEUE_FULL = "queue_full"
    DELIVERY = "delivery"
    STOPPED = "stopped"


INTENDED = frozenset({Drop.DENIED, Drop.OVERSIZE})
"""Drops that the settings ask for."""


class Count(IntEnum):
    """The columns of a row."""

    DATAGRAMS = 0
    OCTETS = auto()
    BATCHES = auto()
    TICKS = auto()
    BATCH_OCTETS = auto()
    DELIVERED = auto()
    DENIED = auto()
    OVERSIZE = auto()
    KERNEL = auto()
    QUEUE_FULL = auto()
    DELIVERY = auto()
    STOPPED = auto()
    HIDDEN = auto()
    STARTS = auto()
    LINGER_US = auto()
    WAITING = auto()
    SESSIONS = auto()
    KAFKA_UP = auto()
    BEAT_NS = auto()


DROPS: dict[Drop, Count] = {drop: Count[drop.name] for drop in Drop}

Row = memoryview
"""One process's numbers, by ``Count``."""


class Table:
    """The rows of all processes; made before they are forked."""

    def __init__(self, processes: int) -> None:
        width = len(Count)
        self._memory = mmap.mmap(-1, processes * width * _OCTETS)
        numbers = memoryview(self._memory).cast("Q")
        self.rows: tuple[Row, ...] = tuple(
            numbers[index * width : (index + 1) * width] for index in range(processes)
        )

    def total(self, count: Count) -> int:
        """The sum over all processes."""
        return sum(self.values(count))

    def values(self, count: Count) -> Iterable[int]:
        """One number for each process."""
        return (row[count] for row in self.rows)
