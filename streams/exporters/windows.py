"""The largest value, or the sum, of the last half hour to hour: two buckets that take turns."""

from collections.abc import Callable
from dataclasses import dataclass, field

from schemas.exporter_records import WINDOW_SECONDS

WINDOW_NS = WINDOW_SECONDS * 1_000_000_000


@dataclass(slots=True)
class Window:
    """Numbers by name, forgotten after a while.

    Attributes:
        combine: Of two numbers of one name: ``max``, or their sum.
    """

    combine: Callable[[int, int], int]
    _since_ns: int = 0
    _now: dict[str, int] = field(default_factory=dict)
    _before: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, number: int, at_ns: int) -> None:
        """Take in one number.

        Args:
            name: Of a closed set: nothing else bounds it.
            number: Not negative.
            at_ns: Receive time.
        """
        self._turn(at_ns)
        held = self._now.get(name)
        self._now[name] = number if held is None else self.combine(held, number)

    def values(self, at_ns: int) -> dict[str, int]:
        """The numbers by name, in the order of their names.

        Args:
            at_ns: Receive time now.
        """
        self._turn(at_ns)
        both = dict(self._before)
        for name, number in self._now.items():
            both[name] = self.combine(both[name], number) if name in both else number
        return dict(sorted(both.items()))

    def value(self, name: str, at_ns: int) -> int:
        """One number; 0 where there is none."""
        return self.values(at_ns).get(name, 0)

    def _turn(self, at_ns: int) -> None:
        age = at_ns - self._since_ns
        if age < WINDOW_NS:
            return
        self._before = self._now if age < 2 * WINDOW_NS else {}
        self._now = {}
        self._since_ns = at_ns


def total(one: int, other: int) -> int:
    """The sum."""
    return one + other
