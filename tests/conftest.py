"""Fixtures that all tests may use: brokers, started on first use and once a session."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.brokers import Broker, BrokerUnavailableError, running, start_kafka, start_tansu

# The same inputs at every run: a change is judged, not luck.
# HYPOTHESIS_PROFILE=search looks further.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

_used: dict[str, str] = {}
"""What each kind of broker was, for the summary."""


def provided(kind: str, start: Callable[[Path], Broker], folder: Path) -> Iterator[Broker]:
    """Start a broker; what cannot be had is a visible skip, with ``REQUIRE_KAFKA=1`` a failure."""
    try:
        for broker in running(start, folder):
            _used[kind] = f"{broker.origin} at {broker.bootstrap}"
            yield broker
    except BrokerUnavailableError as error:
        _used[kind] = f"NOT RUN: {error}"
        if os.environ.get("REQUIRE_KAFKA") == "1":
            pytest.fail(f"REQUIRE_KAFKA=1: {error}", pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def tansu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Tansu, in memory."""
    yield from provided("tansu", start_tansu, tmp_path_factory.mktemp("tansu"))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Real Apache Kafka: the authority."""
    yield from provided("kafka", start_kafka, tmp_path_factory.mktemp("kafka"))


@pytest.fixture(
    params=[
        pytest.param("tansu", marks=pytest.mark.kafka),
        pytest.param("kafka", marks=pytest.mark.kafka),
    ]
)
def broker(request: pytest.FixtureRequest) -> Broker:
    """Both brokers, one after the other."""
    found: Broker = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def prefix() -> str:
    """A prefix for the topics and groups of one test, so that tests share a broker."""
    return f"t{uuid.uuid4().hex[:8]}-"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which brokers were used, and which could not be had."""
    for kind, what in sorted(_used.items()):
        terminalreporter.write_line(f"broker {kind}: {what}")
