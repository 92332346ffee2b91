"""How many processes a service starts."""

import os
from pathlib import Path

import pytest

from service.processors import available, count_processes


@pytest.mark.parametrize(
    ("setting", "processors", "expected"),
    [(3, 64, 3), (32, 2, 32), ("auto", 1, 1), ("auto", 4, 4), ("auto", 64, 16)],
)
def test_auto_is_one_for_each_processor_up_to_a_limit(
    setting: int | str, processors: int, expected: int
) -> None:
    """A number stands as it is."""
    assert expected == count_processes(setting, 16, processors)


@pytest.mark.parametrize(
    ("quota", "most"),
    [("50000 100000\n", 1), ("100001 100000\n", 2), ("max 100000\n", None), ("", None)],
)
def test_a_containers_share_of_the_processors_is_the_limit(
    quota: str, most: int | None, tmp_path: Path
) -> None:
    """Rounded up; without a share, or with an unreadable one, all count."""
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    everything = len(os.sched_getaffinity(0))

    assert min(everything, most or everything) == available(file)
    assert everything == available(tmp_path / "none")
