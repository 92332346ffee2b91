"""A real rsyslogd receives the lines, over a restart in the run (``make rsyslog``: 100,000)."""

import os
from pathlib import Path

import pytest

from tests.brokers import Broker
from tests.subscribers import rsyslog

NUMBER = 5000


@pytest.fixture
def program() -> str:
    """The program; a visible skip where it is not installed, in CI a failure."""
    found = rsyslog.find()
    if found is None:
        reason = "no rsyslogd: apt-get install rsyslog rsyslog-relp rsyslog-openssl"
        if os.environ.get("REQUIRE_PEERS") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found


@pytest.mark.e2e
@pytest.mark.parametrize("transport", rsyslog.TRANSPORTS)
def test_rsyslogd_receives_the_lines(
    program: str, tansu: Broker, prefix: str, tmp_path: Path, transport: str
) -> None:
    """RELP: none is missing. TCP and TLS: loss and repeats are printed. None is broken."""
    result = rsyslog.run(program, tansu, prefix, tmp_path, transport, NUMBER)
    print(result)

    assert 0 == result.broken
    assert result.received
    if transport == "relp":
        assert 0 == result.missing
    if transport in ("tcp", "tls"):
        # What lay in the socket of the process that ended, and no more.
        assert result.missing < NUMBER // 4
