"""Who has how much: counts by Exporter, with the largest at hand."""

import heapq


class Shares:
    """Sizes by Exporter and in all. The heap holds old entries too; they are passed over."""

    def __init__(self) -> None:
        self.total = 0
        self._sizes: dict[bytes, int] = {}
        self._heap: list[tuple[int, bytes]] = []

    def of(self, exporter: bytes) -> int:
        """Return the size of one Exporter."""
        return self._sizes.get(exporter, 0)

    def add(self, exporter: bytes, size: int) -> None:
        """Add to one Exporter's size; a negative number takes away."""
        self.total += size
        now = self._sizes.get(exporter, 0) + size
        if now <= 0:
            self._sizes.pop(exporter, None)
            return
        self._sizes[exporter] = now
        heapq.heappush(self._heap, (-now, exporter))
        if len(self._heap) > 64 + 4 * len(self._sizes):
            self._heap = [(-value, key) for key, value in self._sizes.items()]
            heapq.heapify(self._heap)

    def largest(self) -> bytes | None:
        """Return the Exporter with the largest share; None where nobody has any."""
        while self._heap:
            size, exporter = self._heap[0]
            if self._sizes.get(exporter, 0) == -size:
                return exporter
            heapq.heappop(self._heap)
        return None
