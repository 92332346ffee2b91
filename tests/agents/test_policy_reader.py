"""The filter policy's file: when it is read, and what becomes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from schemas.field_keys import load_field_keys
from streams.agents import policy_reader
from streams.agents.policy_reader import PolicyReader, Settling, stamp_of
from streams.filtering import Policy, load_policy
from streams.metrics import StreamsMetrics

KEYS = load_field_keys()
DNS, HTTPS = {"dp": 53}, {"dp": 443}


def test_a_change_is_due_once_it_has_settled() -> None:
    """Not while it still changes, and once only."""
    settling = Settling()

    assert [False, True, False, False, False, True, False] == [
        settling.is_due(stamp) for stamp in ((1,), (1,), (1,), (2,), (3,), (3,), (3,))
    ]


def test_a_file_that_goes_and_comes_back_is_due(tmp_path: Path) -> None:
    """Also with the same content: its inode is another."""
    file = tmp_path / "p"
    assert () == stamp_of(file)
    file.write_text("a")
    before = stamp_of(file)
    other = tmp_path / "q"
    other.write_text("a")
    other.rename(file)

    assert before != stamp_of(file)


class _Worker:
    """A reader with what it put in force."""

    def __init__(self, path: Path | None) -> None:
        self.taken: list[Policy] = []
        self.metrics = StreamsMetrics()
        first = load_policy(path, KEYS) if path else None
        self.reader = PolicyReader(path, KEYS, first, self.taken.append, self.metrics)

    def count(self, outcome: str) -> float:
        """Of the metric."""
        value = self.metrics.registry.get_sample_value(
            "streams_policy_reads_total", {"outcome": outcome}
        )
        return value or 0.0


async def _until(is_done: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_done():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def _follow(worker: _Worker, act: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        task = asyncio.create_task(worker.reader.follow())
        await asyncio.sleep(0)
        await act()
        task.cancel()

    asyncio.run(run())


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_reader, "LOOK_SECONDS", 0.005)


def test_a_changed_file_is_taken(tmp_path: Path) -> None:
    """The new policy is in force and counted; the gauge has its rules."""
    file = tmp_path / "p.conf"
    file.write_text('{"rules": {"exclude": [{"dp": 53}]}}')
    worker = _Worker(file)

    async def act() -> None:
        file.write_text('{"rules": {"exclude": [{"dp": 443}, {"dp": 80}]}}')
        await _until(lambda: worker.count("taken") == 1)

    _follow(worker, act)

    (policy,) = worker.taken
    assert (True, False) == (policy.keeps(DNS), policy.keeps(HTTPS))
    assert 2 == worker.metrics.registry.get_sample_value("streams_policy_rules")


def test_a_broken_file_is_refused_and_the_old_one_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says where and what; the next sound one is taken."""
    file = tmp_path / "p.conf"
    file.write_text('{"rules": {"exclude": [{"dp": 53}]}}')
    worker = _Worker(file)

    async def act() -> None:
        file.write_text('{"rules": {"exclude": [{"dp": 443},]}}')
        await _until(lambda: worker.count("refused") == 1)
        assert not worker.taken
        file.unlink()
        await _until(lambda: worker.count("refused") == 2)
        file.write_text("{}")
        await _until(lambda: worker.count("taken") == 1)

    _follow(worker, act)

    printed = capsys.readouterr()
    said = printed.out + printed.err
    assert "p.conf:1:35: found ',' before ']', expected no comma behind the last entry" in said
    assert worker.taken[0].keeps(DNS)


def test_who_asks_has_it_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As SIGHUP does; an unchanged policy is said to be one, and is not put in force again."""
    file = tmp_path / "p.conf"
    file.write_text('{"rules": {"exclude": [{"dp": 53}]}}')
    worker = _Worker(file)
    said: list[str] = []

    async def act() -> None:
        worker.reader.ask()

        def is_said() -> bool:
            printed = capsys.readouterr()
            said.append(printed.out + printed.err)
            return "filter policy read again: unchanged" in "".join(said)

        await _until(is_said)

    _follow(worker, act)

    assert not worker.taken


def test_asking_without_a_file_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """And does nothing else."""
    worker = _Worker(None)
    said: list[str] = []

    async def act() -> None:
        worker.reader.ask()

        def is_said() -> bool:
            printed = capsys.readouterr()
            said.append(printed.out + printed.err)
            return "names no file to read" in "".join(said)

        await _until(is_said)

    _follow(worker, act)
