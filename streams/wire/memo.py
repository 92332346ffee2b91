"""A bounded memory of results: octets repeat from record to record, their reading need not."""

from collections.abc import Callable
from typing import Any

ENTRIES = 8192
"""Of one memo. Hashes and programs of a fleet repeat; 8,192 hold the busy ones."""

OCTETS = 1 << 20
"""Keys of one memo in all, octets; what is made of them is about three times as large."""


class Memo(dict[Any, Any]):
    """A dictionary that makes what it lacks; emptied when full, which costs less than an order.

    A subscript that hits runs in C alone: this is why it is a dictionary and no function cache.
    """

    __slots__ = ("_entries", "_make", "_octets", "_room")

    def __init__(
        self, make: Callable[[Any], Any], entries: int = ENTRIES, octets: int = OCTETS
    ) -> None:
        super().__init__()
        self._make = make
        self._entries = entries
        self._octets = self._room = octets

    def __missing__(self, key: Any) -> Any:  # Any: octets, text or a number
        """Make, keep and return; what ``_make`` raises leaves, and nothing is kept."""
        value = self._make(key)
        self._room -= 8 if isinstance(key, int) else len(key)
        if self._room < 0 or len(self) >= self._entries:
            self.clear()
            self._room = self._octets
        self[key] = value
        return value
