"""How subscribers are asked to end, and the clock and pause that they are given."""

import threading
import time

from schemas.subscriber import Tally
from streams.subscribers.metrics import Counters

STOP_SECONDS = 8.0
"""After SIGTERM what is in delivery has this long; a supervisor sends SIGKILL after 10 s. What is
cut short is not committed, and delivered again after the next start."""

_SLICE_SECONDS = 0.2


class Stop:
    """One for all subscribers of a process."""

    def __init__(self, grace_seconds: float = STOP_SECONDS) -> None:
        self._grace = grace_seconds
        self._asked = threading.Event()
        self._deadline = 0.0

    def request(self) -> None:
        """Ask for an end in good order; may be called from a signal handler, and again."""
        if not self._asked.is_set():
            self._deadline = time.monotonic() + self._grace
            self._asked.set()

    @property
    def requested(self) -> bool:
        """Whether no new delivery is to begin."""
        return self._asked.is_set()

    @property
    def overdue(self) -> bool:
        """Whether a delivery in work is to give up."""
        return self._asked.is_set() and time.monotonic() >= self._deadline

    def wait(self, seconds: float) -> bool:
        """Let time pass in a delivery; False where it is to give up."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.overdue:
            if self.requested:
                time.sleep(min(left, _SLICE_SECONDS))
            else:
                self._asked.wait(left)
        return not self.overdue


class LiveContext:
    """The ``Context`` of a running subscriber."""

    def __init__(self, name: str, stop: Stop, counters: Counters) -> None:
        self._name = name
        self._counters = counters
        self.wait = stop.wait

    @property
    def name(self) -> str:
        """As in ``[subscribers.NAME]``."""
        return self._name

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        return time.time()

    def count(self, what: Tally, number: int = 1) -> None:
        """Add to a metric."""
        self._counters.add(what, number)
