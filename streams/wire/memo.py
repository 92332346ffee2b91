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

    __slots__ = ("_make", "_room")

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make
        self._room = OCTETS

    def __missing__(self, key: Any) -> Any:  # Any: octets, text or a number
        """Make, keep and return; what ``_make`` raises leaves, and nothing is kept."""
        value = self._make(key)
        self._room -= 8 if isinstance(key, int) else len(key)
        if self._room < 0 or len(self) >= ENTRIES:
            self.clear()
            self._room = OCTETS
        self[key] = value
        return value
