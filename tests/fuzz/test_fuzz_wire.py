"""The fuzz target, short: the long run is ``make fuzz``."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.fuzz_wire import plain

TARGET = Path(__file__).with_name("fuzz_wire.py")


def test_a_few_thousand_mutated_messages() -> None:
    """Only MalformedMessage leaves, compiled and interpreted agree; the same inputs every time."""
    assert plain(runs=6000, seconds=60, seed=20151116, quiet=True) == 0


def test_the_guided_target_runs(tmp_path: Path) -> None:
    """Under atheris, where it is installed."""
    pytest.importorskip("atheris")
    done = subprocess.run(
        [sys.executable, str(TARGET), "--runs", "300", "--seconds", "30"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr[-2000:]
