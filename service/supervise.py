"""Several processes of one service under one: started, started again, stopped together.

The supervisor has no threads (it forks) and answers for all on the health port. What it opened
before, sockets among it, outlives a process that dies: its successor goes on with it.
"""

import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from service.children import fork
from service.exits import Exit
from service.health import HealthServer
from service.logs import Logger
from service.restarts import BACK_OFF_SECONDS, Restarts
from service.signals import FOLLOWED, forget, on_signal

_WAIT_SECONDS = 0.2
"""Between two looks at the processes."""

_GRACE_SECONDS = 3.0
"""Beyond the time that a process has for its stop, before it is killed."""

_OWNED = frozenset({signal.SIGTERM, signal.SIGINT, *FOLLOWED})
"""Held back around a fork: a signal is either the parent's or the child's, never lost."""

Work = Callable[[int, Callable[[], bool]], int]
"""What a process does: its number, and the question whether to stop; its exit code."""


class Stop:
    """SIGTERM and SIGINT as a question; a second one changes nothing."""

    def __init__(self) -> None:
        self._asked = False

    def install(self) -> None:
        """Take the signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def asked(self) -> bool:
        """Whether a stop was asked for."""
        return self._asked

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True


class Supervisor:
    """Keeps a number of processes running.

    Args of the constructor:
        work: Called in each process.
        names: What the processes are called in the log, one each; numbers will do.
        server: Of the health port; this answers its requests. None: there is none.
        stop_seconds: What a process needs for a stop in good order, at most.
        log: Of the service.
        final: Exit codes that no start cures: all ends with it. The process has said why.
        gone: Told the number of a process that died, before it is started again.
        back_off: Seconds before each start of one that died; after the last it is given up.
    """

    def __init__(
        self,
        work: Work,
        names: Sequence[str | int],
        server: HealthServer | None,
        stop_seconds: float,
        log: Logger,
        *,
        final: frozenset[Exit] = frozenset({Exit.ERROR, Exit.USAGE}),
        gone: Callable[[int], None] = lambda _: None,
        back_off: Sequence[float] = BACK_OFF_SECONDS,
    ) -> None:
        self._work = work
        self._names = names
        self._server = server
        self._stop_seconds = stop_seconds
        self._log = log
        self._final = final
        self._gone = gone
        self._restarts = [Restarts(back_off) for _ in names]
        self._running: dict[int, int] = {}  # pid to number
        self._pid = os.getpid()

    def run(self, should_stop: Callable[[], bool]) -> Exit:
        """Start all; until a stop is asked for, or a process ends in a way that no start cures.

        Returns:
            0 after a stop; a final code of a process; 70 where one dies again and again.
        """
        calls = {number: self._passing_on(number) for number in FOLLOWED}
        for number, call in calls.items():
            on_signal(number, call)
        try:
            for index in range(len(self._restarts)):
                self._start(index)
            result = Exit.OK
            while not should_stop() and result is Exit.OK:
                self._wait()
                result = self._look(restart=not should_stop())
                self._start_due()
            return self._stop(result)
        finally:
            for call in calls.values():
                forget(call)

    def _passing_on(self, number: signal.Signals) -> Callable[[], None]:
        def pass_on() -> None:
            if os.getpid() != self._pid:  # a child has our calls, but no children
                return
            for pid in self._running:
                os.kill(pid, number)

        return pass_on

    def _start(self, index: int) -> None:
        self._restarts[index].starts(time.monotonic())
        parent = os.getpid()
        stops: list[_ChildStop] = []

        def prepare() -> None:
            if self._server is not None:
                self._server.close()
            stops.append(_ChildStop(parent))

        pid = fork(prepare, lambda: self._work(index, stops[0].asked), self._log, _OWNED)
        self._running[pid] = index

    def _start_due(self) -> None:
        now = time.monotonic()
        for index, restarts in enumerate(self._restarts):
            if restarts.is_due(now):
                self._start(index)

    def _wait(self) -> None:
        if self._server is None:
            time.sleep(_WAIT_SECONDS)
            return
        readable, _, _ = select.select([self._server], [], [], _WAIT_SECONDS)
        if readable:
            self._server.answer()

    def _look(self, *, restart: bool) -> Exit:
        """See who ended."""
        result = Exit.OK
        for pid in list(self._running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            index = self._running.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            self._gone(index)
            if restart and result is Exit.OK:
                result = self._judge(index, code)
        return result

    def _judge(self, index: int, code: int) -> Exit:
        """Decide what becomes of a process that ended though nobody asked for it."""
        if code in self._final:
            self._log.error(
                "a process ended for good: all end", process=self._names[index], code=code
            )
            return Exit(code)
        wait = self._restarts[index].dies(time.monotonic())
        if wait is None:
            self._log.error(
                "a process ends again and again: given up", process=self._names[index], code=code
            )
            return Exit.INTERNAL
        self._log.error(
            "a process ended and is started again",
            process=self._names[index],
            code=code,
            after_seconds=wait,
        )
        return Exit.OK

    def _stop(self, result: Exit) -> Exit:
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + self._stop_seconds + _GRACE_SECONDS
        while self._running and time.monotonic() < deadline:
            self._wait()
            self._look(restart=False)
        for pid, index in self._running.items():
            self._log.error("a process does not stop and is killed", process=self._names[index])
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._running.clear()
        self._log.info("all processes ended", exit_code=int(result))
        return result


class _ChildStop:
    """Stop at SIGTERM, or when the supervisor is gone; it passes Ctrl-C on as SIGTERM."""

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._asked = False
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._ask)

    def asked(self) -> bool:
        """Whether to stop."""
        return self._asked or os.getppid() != self._parent

    def _ask(self, _number: int, _frame: object) -> None:
        self._asked = True
