"""A real rsyslogd receives the lines, over a restart in the run (``make rsyslog``: 100,000)."""

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.subscriber import DELIVERED, Outcome, UnavailableError
from streams.subscribers.contract import ContractContext, make_events, marks
from streams.subscribers.make import line_writer
from streams.subscribers.relp import RelpSubscriber
from streams.subscribers.settings import RelpSettings
from tests.brokers import Broker
from tests.certificates import Authority
from tests.subscribers import rsyslog
from tests.subscribers.deployment import until

NUMBER = 5000


def deliver(settings: RelpSettings) -> Sequence[Outcome]:
    """Three events to it."""
    subscriber = RelpSubscriber(settings, ContractContext(), line_writer(settings))
    try:
        return subscriber.deliver(make_events(3))
    finally:
        subscriber.close()


@pytest.fixture
def program() -> str:
    """The program; a visible skip where it is not installed, in CI a failure."""
    found = rsyslog.find()
    if found is None:
        if os.environ.get("REQUIRE_PEERS") == "1":
            pytest.fail(rsyslog.PACKAGES, pytrace=False)
        pytest.skip(rsyslog.PACKAGES)
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
    if transport in rsyslog.CONFIRMING:
        assert 0 == result.missing
    if transport in ("tcp", "tls"):
        # What lay in the socket of the process that ended, and no more.
        assert result.missing < NUMBER // 4


@pytest.mark.e2e
def test_relp_inside_tls_wants_certificates_of_the_authority(program: str, tmp_path: Path) -> None:
    """Another authority's server is refused by us, a client without certificate by rsyslogd."""
    server = rsyslog.Rsyslog(program, tmp_path, "relp-tls")
    server.start()
    try:
        table = tomllib.loads(server.settings()) | {"host": "127.0.0.1", "timeout_seconds": 20}
        settings = RelpSettings.model_validate(table)
        other = Authority(tmp_path, "other")
        strangers: dict[str, dict[str, Path | None]] = {
            "CERTIFICATE_VERIFY_FAILED": {"tls_ca_file": other.own.file},
            # or only the end of the connection, where that is there before the alert is read
            "ALERT_CERTIFICATE_REQUIRED|EOF occurred|reset by peer|Broken pipe": {
                "tls_certificate_file": None,
                "tls_key_file": None,
            },
        }
        for reason, values in strangers.items():
            with pytest.raises(UnavailableError, match=reason):
                deliver(settings.model_copy(update=values))
        assert [DELIVERED] * 3 == deliver(settings)
        until(lambda: 3 == len(server.received()), "the lines of the client that fits")
    finally:
        server.stop()
    assert marks([e.value or b"" for e in make_events(3)]) == marks(server.received())
