"""Child processes of the lab: in groups of their own, ended by their id, never left behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from envizzy.lab.errors import LabError

STOP_SECONDS = 10.0
"""Patience with SIGTERM before SIGKILL: a Faust worker stopped in its first second can hang."""

_ASK_SECONDS = 2.0
_TAIL_LINES = 12

_GUARD = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Linux ends the child when its parent is gone, however that came; then becomes the command."""


@dataclass(slots=True)
class Child:
    """A process that the lab started.

    Attributes:
        name: For people.
        process: The process.
        log: What it wrote to stdout and stderr.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self.process.poll() is not None

    def stop(self) -> int:
        """SIGTERM, and SIGKILL when that does not help in time.

        Returns:
            Its exit code, negative for a signal.
        """
        if not self.ended:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """SIGKILL to it and to all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    def tail(self) -> str:
        """The last lines of its log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
        return ""


def spawn(
    name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> Child:
    """Start a child; it ends with this process.

    Args:
        name: For people.
        command: An absolute path and its arguments.
        log: For its output.
        env: Added to the environment.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _GUARD, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    return Child(name, process, log)


def envizzy(*arguments: str) -> list[str]:
    """The command of one of our own commands, by the interpreter that runs now."""
    return [sys.executable, "-m", "envizzy", *arguments]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(url: str) -> str:
    """The text behind a URL of a service; empty where it does not answer with 200."""
    try:
        with urlopen(url, timeout=_ASK_SECONDS) as answer:  # noqa: S310 - http to ourselves
            return str(answer.read().decode())
    except (URLError, TimeoutError, OSError):
        return ""


def await_ready(child: Child, url: str, seconds: float) -> None:
    """Wait until a service says that it is ready.

    Raises:
        LabError: It ended, or took too long; with the end of its log.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if child.ended:
            code = child.process.returncode
            raise LabError(f"{child.name} ended with {code} at its start:\n{child.tail()}")
        if fetch(url):
            return
        time.sleep(0.05)
    raise LabError(f"{child.name} is not ready after {seconds:.0f} s ({url}):\n{child.tail()}")


def resident_octets(pid: int) -> int:
    """Memory of a process; 0 where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True, text=True
        )
        return int(shown.stdout) * 1024
    return 0
