"""Signals that several rooms of a process want: each adds its call, all are made in order.

``SIGTERM`` and ``SIGINT`` are not among them: whoever runs the process owns its end.
"""

import contextlib
import signal
from collections.abc import Callable

FOLLOWED = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Read settings and files again; more in the log; as the settings say again."""

_calls: dict[int, list[Callable[[], None]]] = {}


def on_signal(number: signal.Signals, call: Callable[[], None]) -> None:
    """Add a call; to be used in the main thread. A child process that is forked has it too.

    Args:
        number: One of ``FOLLOWED``.
        call: Made in the main thread, between two of its instructions; must not raise.
    """
    _calls.setdefault(number, []).append(call)
    signal.signal(number, _call)


def forget(call: Callable[[], None]) -> None:
    """Take a call away again; nothing where it is not there."""
    for calls in _calls.values():
        with contextlib.suppress(ValueError):
            calls.remove(call)


def _call(number: int, _frame: object) -> None:
    for call in list(_calls.get(number, ())):
        call()
