"""How each of several processes says that it is well, in memory that they share with their parent.

A process writes its row once a second, the parent reads all rows when it is asked. A row that is
not written any more says that its process hangs. No pipe, no port: who hangs holds nobody up.
"""

import mmap
import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Sequence

from service.health import Verdict

EVERY_SECONDS = 1.0
"""Between two writings of a row."""

STALE_SECONDS = 15.0
"""A row this old is no answer: a busy machine may hold a process up for some seconds."""

_HEAD = struct.Struct("<QBBHH")
"""When it was written (nanoseconds, 0: never), well, ready, octets of the two texts."""

_TEXT_OCTETS = 200
_ROW_OCTETS = _HEAD.size + 2 * _TEXT_OCTETS
_NS = 1_000_000_000


class Notices:
    """A row for each process; made before they are forked."""

    def __init__(self, names: Sequence[str | int]) -> None:
        """Make the memory.

        Args:
            names: What the processes are called, one each; numbers will do.
        """
        self._names = names
        self._memory = mmap.mmap(-1, len(names) * _ROW_OCTETS)

    def write(self, index: int, well: Verdict, ready: Verdict, now_ns: int) -> None:
        """Say how it is.

        Args:
            index: Of the process.
            well: Whether it is well.
            ready: Whether it does its work.
            now_ns: Of the monotonic clock, which all processes of a host share.
        """
        texts = [each.detail.encode()[:_TEXT_OCTETS] for each in (well, ready)]
        at = index * _ROW_OCTETS
        body = at + _HEAD.size
        for place, text in zip((body, body + _TEXT_OCTETS), texts, strict=True):
            self._memory[place : place + len(text)] = text
        _HEAD.pack_into(self._memory, at, now_ns, well.ok, ready.ok, *map(len, texts))

    def clear(self, index: int) -> None:
        """Its process is gone."""
        _HEAD.pack_into(self._memory, index * _ROW_OCTETS, 0, 0, 0, 0, 0)

    def well(self, now_ns: int) -> Verdict:
        """Well where every process that has begun is."""
        for index, name in enumerate(self._names):
            at_ns, well, _ = self._read(index)
            if at_ns and now_ns - at_ns > STALE_SECONDS * _NS:
                seconds = (now_ns - at_ns) // _NS
                return Verdict(ok=False, detail=f"process {name} is silent for {seconds} s")
            if at_ns and not well.ok:
                return Verdict(ok=False, detail=f"process {name}: {well.detail}")
        return Verdict(ok=True, detail=f"ok, {len(self._names)} processes")

    def ready(self, now_ns: int) -> Verdict:
        """Ready where all are."""
        for index, name in enumerate(self._names):
            at_ns, _, ready = self._read(index)
            if not at_ns or now_ns - at_ns > STALE_SECONDS * _NS:
                return Verdict(ok=False, detail=f"process {name} does not answer (yet)")
            if not ready.ok:
                return Verdict(ok=False, detail=f"process {name}: {ready.detail}")
        return Verdict(ok=True, detail=f"ok, {len(self._names)} processes")

    def keep(
        self, index: int, well: Callable[[], Verdict], ready: Callable[[], Verdict]
    ) -> threading.Event:
        """Write a row once a second, in a thread; ends this process when its parent is gone.

        Returns:
            What stops the thread when it is set.
        """
        stop = threading.Event()
        parent = os.getppid()

        def write() -> None:
            while True:
                self.write(index, well(), ready(), time.monotonic_ns())
                if stop.wait(EVERY_SECONDS):
                    return
                if os.getppid() != parent:
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

        threading.Thread(target=write, name="notices", daemon=True).start()
        return stop

    def _read(self, index: int) -> tuple[int, Verdict, Verdict]:
        at = index * _ROW_OCTETS
        at_ns, well, ready, *lengths = _HEAD.unpack_from(self._memory, at)
        body = at + _HEAD.size
        texts = [
            self._memory[place : place + min(length, _TEXT_OCTETS)].decode(errors="replace")
            for place, length in zip((body, body + _TEXT_OCTETS), lengths, strict=True)
        ]
        return at_ns, Verdict(bool(well), texts[0]), Verdict(bool(ready), texts[1])
