"""When a process that died is started again, and when that is given up. Time is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass, field

BACK_OFF_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Wait before each start after the first. The first one comes at once: a kernel's receive buffer
fills meanwhile. The death after the last of them is one too many: what ends so often ends again."""

CALM_SECONDS = 60.0
"""A process that has lived for so long is well again: its deaths are forgotten."""


@dataclass(slots=True)
class Restarts:
    """What is known of the deaths of one process.

    Attributes:
        back_off: Wait before each start after the first, seconds.
    """

    back_off: Sequence[float] = BACK_OFF_SECONDS
    _started: float = 0.0
    _deaths: int = 0
    _due: float | None = field(default=None)

    def starts(self, now: float) -> None:
        """It is started.

        Args:
            now: Seconds of a clock that only goes forward.
        """
        self._started = now
        self._due = None

    def dies(self, now: float) -> float | None:
        """It died.

        Returns:
            Seconds until it is to be started again; None where that has no sense any more.
        """
        if now - self._started >= CALM_SECONDS:
            self._deaths = 0
        if self._deaths >= len(self.back_off):
            return None
        wait = self.back_off[self._deaths]
        self._deaths += 1
        self._due = now + wait
        return wait

    def is_due(self, now: float) -> bool:
        """Whether it is to be started now."""
        return self._due is not None and now >= self._due
