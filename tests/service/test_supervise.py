"""Supervised processes, for real: they die, come again, are given up, end together."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.exits import Exit

PATIENCE = 30.0

SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from service.logs import configure, logger
from service.settings import LogSettings
from service.signals import on_signal
from service.supervise import Stop, Supervisor
folder, kind, stop_seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
configure(LogSettings())

def work(index, should_stop):
    with (folder / f"starts-{index}").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    if kind == "fails":
        return 70
    if kind == "raises":
        raise ValueError("a defect")
    if kind == "wrong":
        if index:
            return 2
    if kind == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    on_signal(signal.SIGUSR1, lambda: (folder / f"usr1-{index}").touch())
    (folder / f"ready-{index}").touch()
    while kind == "deaf" or not should_stop():
        time.sleep(0.02)
    (folder / f"stopped-{index}").touch()
    return 0

stop = Stop()
stop.install()
names, log = ["left", "right"], logger("x")
supervisor = Supervisor(work, names, None, stop_seconds, log, back_off=(0.0, 0.1))
sys.exit(supervisor.run(stop.asked))
"""


class Family:
    """A supervisor that was started for a test."""

    def __init__(self, folder: Path, kind: str, stop_seconds: float = 10.0) -> None:
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(folder), kind, str(stop_seconds)],
                stderr=output,
                cwd=Path(__file__).parents[2],
            )

    def starts(self, index: int) -> list[int]:
        """Ids of the processes so far."""
        file = self.folder / f"starts-{index}"
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def wait(self, what: Callable[[], object]) -> None:
        """Until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not what():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def has(self, name: str) -> bool:
        """Whether both processes have left this mark."""
        return all((self.folder / f"{name}-{index}").exists() for index in range(2))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Family]]:
    """Starts a family; nothing of it outlives the test."""
    made: list[Family] = []

    def _start(kind: str, stop_seconds: float = 10.0) -> Family:
        made.append(Family(tmp_path, kind, stop_seconds))
        return made[-1]

    yield _start
    for family in made:
        if family.process.poll() is None:
            family.process.kill()
            family.process.wait()


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_killed_process_is_started_again_and_all_end_together(
    start: Callable[..., Family],
) -> None:
    """SIGTERM to the supervisor ends all in good order: 0."""
    family = start("works")
    family.wait(lambda: family.has("ready"))
    os.kill(family.starts(1)[0], signal.SIGKILL)
    (family.folder / "ready-1").unlink()
    family.wait(lambda: family.has("ready"))
    family.process.terminate()

    assert Exit.OK == family.process.wait(PATIENCE)
    assert (1, 2) == (len(family.starts(0)), len(family.starts(1)))
    assert family.has("stopped")
    assert re.search(r"is started again .*process=right", family.log.read_text())
    assert all(_is_gone(pid) for index in range(2) for pid in family.starts(index))


@pytest.mark.parametrize("kind", ["fails", "raises"])
def test_who_dies_again_and_again_is_given_up(start: Callable[..., Family], kind: str) -> None:
    """Exit code 70, and a line that says so."""
    family = start(kind)

    assert Exit.INTERNAL == family.process.wait(PATIENCE)
    assert 3 == max(len(family.starts(index)) for index in range(2))
    log = family.log.read_text()
    assert "again and again: given up" in log
    assert ("a defect" in log) == (kind == "raises")


def test_what_no_start_cures_ends_all_with_its_code(start: Callable[..., Family]) -> None:
    """A wrong setting: 2, at once."""
    family = start("wrong")

    assert Exit.USAGE == family.process.wait(PATIENCE)
    assert 1 == len(family.starts(1))


def test_who_does_not_stop_is_killed(start: Callable[..., Family]) -> None:
    """After its time; the exit code is still that of a stop."""
    family = start("deaf", 0.1)
    family.wait(lambda: family.has("ready"))
    family.process.terminate()

    assert Exit.OK == family.process.wait(PATIENCE)
    assert "does not stop and is killed" in family.log.read_text()
    assert all(_is_gone(pid) for index in range(2) for pid in family.starts(index))


def test_signals_are_passed_on(start: Callable[..., Family]) -> None:
    """SIGUSR1 reaches each process; one that nobody asked for harms none."""
    family = start("works")
    family.wait(lambda: family.has("ready"))
    for number in (signal.SIGHUP, signal.SIGUSR2, signal.SIGUSR1):
        family.process.send_signal(number)
    family.wait(lambda: family.has("usr1"))
    family.process.terminate()

    assert Exit.OK == family.process.wait(PATIENCE)


def test_processes_end_when_their_supervisor_is_killed(start: Callable[..., Family]) -> None:
    """None is left behind."""
    family = start("works")
    family.wait(lambda: family.has("ready"))
    family.process.kill()
    family.process.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while not family.has("stopped"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
