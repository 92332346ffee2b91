"""Fixtures of the agents' tests."""

from typing import NoReturn

import pytest

from streams.agents import agent as agent_room
from streams.agents import decode as room


class StoppedError(Exception):
    """The worker would have ended here."""


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> type[StoppedError]:
    """The end of the process becomes an exception, of this class."""

    def stop(reason: str, **_: object) -> NoReturn:
        raise StoppedError(reason)

    monkeypatch.setattr(room, "stop_process", stop)
    monkeypatch.setattr(agent_room, "stop_process", stop)
    return StoppedError
