"""Batches of datagrams per partition, and ticks where there are none. Time is an argument."""

from typing import NamedTuple

_MS = 1_000_000
_SECOND = 1_000_000_000


class Batch(NamedTuple):
    """One event of ``raw``.

    Attributes:
        partition: Of ``raw``.
        sealed_at_ns: When it was closed; not before its newest datagram.
        newest_ns: When its newest datagram was received; for a tick ``sealed_at_ns``. Kafka's
            timestamp: who seeks to a time misses nothing that was received after it.
        items: Encoded datagrams in order of receipt; none for a tick.
    """

    partition: int
    sealed_at_ns: int
    newest_ns: int
    items: list[bytes]


class _Open:
    """A batch that still takes datagrams."""

    __slots__ = ("items", "newest_ns", "octets", "opened_ns")

    def __init__(self, opened_ns: int) -> None:
        self.items: list[bytes] = []
        self.octets = 0
        self.opened_ns = opened_ns
        self.newest_ns = 0


class Batcher:
    """The open batches of all partitions.

    Linger begins at ``linger_ms``. When more batches are closed by it in a second than
    ``batches_per_second`` (many partitions with few datagrams each), it grows in proportion up to
    ``max_linger_ms``: events are what the workers' budget is counted in. It falls again as soon as
    the budget would bear twice the events.

    Attributes:
        linger_ns: How long a batch waits now.
    """

    def __init__(
        self,
        partitions: int,
        linger_ms: int,
        max_linger_ms: int,
        batch_octets: int,
        batches_per_second: int,
    ) -> None:
        self.linger_ns = linger_ms * _MS
        self._least_ns = linger_ms * _MS
        self._most_ns = max_linger_ms * _MS
        self._octets = batch_octets
        self._budget = batches_per_second
        self._open: dict[int, _Open] = {}  # in the order of opening
        self._spoken = [False] * partitions  # in this second
        self._second_ns: int | None = None
        self._lingered = 0

    def add(self, partition: int, item: bytes, received_at_ns: int, now_ns: int) -> Batch | None:
        """Put a datagram into its batch; the batch, if that fills it."""
        batch = self._open.get(partition)
        if batch is None:
            batch = self._open[partition] = _Open(now_ns)
        batch.items.append(item)
        batch.octets += len(item)
        # Stamps of several sockets need not come in order. (A call of max costs three times this.)
        if received_at_ns > batch.newest_ns:  # noqa: PLR1730
            batch.newest_ns = received_at_ns
        return self._seal(partition, now_ns) if batch.octets >= self._octets else None

    def due(self, now_ns: int) -> list[Batch]:
        """Close the batches that have waited long enough."""
        sealed = []
        while self._open:
            partition, first = next(iter(self._open.items()))
            # A clock that was set back must not hold a batch.
            if 0 <= now_ns - first.opened_ns < self.linger_ns:
                break
            sealed.append(self._seal(partition, now_ns))
        self._lingered += len(sealed)
        return sealed

    def all(self, now_ns: int) -> list[Batch]:
        """Close all batches."""
        return [self._seal(partition, now_ns) for partition in list(self._open)]

    def wait_ns(self, now_ns: int) -> int | None:
        """Until the next batch is due; None where none is open."""
        for first in self._open.values():
            return max(0, first.opened_ns + self.linger_ns - now_ns)
        return None

    def pass_second(self, now_ns: int) -> list[Batch] | None:
        """Once a second: adapt linger, and make a tick for each partition that said nothing.

        Returns:
            The ticks; None if no second has passed since the last time.
        """
        if self._second_ns is None:
            self._second_ns = now_ns
        if 0 <= now_ns - self._second_ns < _SECOND:
            return None
        self._second_ns = now_ns
        self._adapt()
        quiet = [
            Batch(partition, now_ns, now_ns, [])
            for partition, spoken in enumerate(self._spoken)
            if not spoken and partition not in self._open
        ]
        self._spoken = [False] * len(self._spoken)
        return quiet

    def _adapt(self) -> None:
        lingered, self._lingered = self._lingered, 0
        if lingered > self._budget:
            self.linger_ns = min(self._most_ns, self.linger_ns * lingered // self._budget)
        elif lingered * 2 < self._budget:
            self.linger_ns = max(self._least_ns, self.linger_ns // 2)

    def _seal(self, partition: int, now_ns: int) -> Batch:
        batch = self._open.pop(partition)
        self._spoken[partition] = True
        return Batch(partition, max(now_ns, batch.newest_ns), batch.newest_ns, batch.items)
