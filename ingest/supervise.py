"""Several receiving processes under one: started, started again, stopped together.

The supervisor has no threads (it forks), answers ``/metrics`` for all from the shared rows, and
holds the sockets, so that the queue of a process that died waits for its successor.
"""

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable

from ingest.counts import Row, Table
from service.exits import Exit
from service.health import HealthServer
from service.logs import Logger

_WAIT_SECONDS = 0.2
"""Between two looks at the processes."""

_DEATHS = 5
"""So many within ``_DEATHS_SECONDS`` are no accident: the supervisor ends, and its own supervisor
sees it."""

_DEATHS_SECONDS = 60.0

_GRACE_SECONDS = 3.0
"""Beyond the time that a process has for its flush, before it is killed."""

Receive = Callable[[int, Row, Callable[[], bool]], Exit]
"""What a process does: its number, its row, and the question whether to stop."""


class Supervisor:
    """Keeps one process for each row of the table."""

    def __init__(
        self,
        receive: Receive,
        table: Table,
        server: HealthServer | None,
        stop_seconds: float,
        log: Logger,
    ) -> None:
        self._receive = receive
        self._table = table
        self._server = server
        self._stop_seconds = stop_seconds
        self._log = log
        self._running: dict[int, int] = {}  # pid to number
        self._deaths: list[float] = []

    def run(self, should_stop: Callable[[], bool]) -> Exit:
        """Start all; until a stop is asked for, or a process ends in a way that no start cures."""
        for index in range(len(self._table.rows)):
            self._start(index)
        result = Exit.OK
        while not should_stop() and result is Exit.OK:
            self._wait()
            result = self._look(restart=not should_stop())
        return self._stop(result)

    def _start(self, index: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._running[pid] = index
            return
        code: int = Exit.INTERNAL
        try:
            if self._server is not None:
                self._server.close()
            stop = _ChildStop(parent)
            code = self._receive(index, self._table.rows[index], stop.asked)
        except BaseException:  # noqa: BLE001 - a child must not return into its parent's code
            self._log.error("a receiving process failed", traceback=traceback.format_exc())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _wait(self) -> None:
        if self._server is None:
            time.sleep(_WAIT_SECONDS)
            return
        readable, _, _ = select.select([self._server], [], [], _WAIT_SECONDS)
        if readable:
            self._server.answer()

    def _look(self, *, restart: bool) -> Exit:
        """See who ended."""
        for pid in list(self._running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            index = self._running.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            if code == Exit.ERROR:
                return Exit.ERROR  # it has said why
            if not restart:
                continue
            self._log.error(
                "a receiving process ended and is started again", process=index, code=code
            )
            now = time.monotonic()
            self._deaths = [at for at in self._deaths if now - at < _DEATHS_SECONDS] + [now]
            if len(self._deaths) >= _DEATHS:
                self._log.error("receiving processes end again and again", deaths=len(self._deaths))
                return Exit.INTERNAL
            self._start(index)
        return Exit.OK

    def _stop(self, result: Exit) -> Exit:
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + self._stop_seconds + _GRACE_SECONDS
        while self._running and time.monotonic() < deadline:
            self._wait()
            self._look(restart=False)
        for pid, index in self._running.items():
            self._log.error("a receiving process does not stop and is killed", process=index)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._running.clear()
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
