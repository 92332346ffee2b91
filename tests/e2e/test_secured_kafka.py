"""Kafka as it stands in production: TLS, and a user with a password, for both client libraries."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.brokers import Broker, free_port, start_jars
from tests.certificates import Authority, make_certificate
from tests.conftest import provided
from tests.e2e.deployment import deployed

pytestmark = [pytest.mark.e2e, pytest.mark.kafka, pytest.mark.slow]

USER, PASSWORD = "collector", "s3cret"
END_SECONDS = 120.0
"""Patience with a command that is to end by itself."""


class Secured(NamedTuple):
    """A broker with a listener for TLS and SCRAM.

    Attributes:
        broker: Its open listener.
        servers: HOST:PORT of the secured one.
        authority: What its certificate is checked against.
        stranger: A certificate that has nothing to do with it.
    """

    broker: Broker
    servers: str
    authority: Path
    stranger: Path

    def connection(self, *, password: str = PASSWORD, authority: Path | None = None) -> str:
        """The table ``[kafka]`` of the settings."""
        return (
            f'bootstrap_servers = "{self.servers}"\nsecurity_protocol = "SASL_SSL"\n'
            f'sasl_mechanism = "SCRAM-SHA-512"\nsasl_username = "{USER}"\n'
            f'sasl_password = "{password}"\nssl_ca_file = "{authority or self.authority}"\n'
            "timeout_seconds = 20\n"
        )


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Apache Kafka from its jars: a broker that is there has no listener that we know of."""
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder, "authority")
    own = authority.sign("localhost")
    store = folder / "store.pem"
    store.write_text(own.key.read_text() + own.file.read_text())
    port = free_port()
    properties = {
        "listeners": f"{{}},SASL_SSL://:{port}",
        "advertised.listeners": f"{{}},SASL_SSL://localhost:{port}",
        "listener.security.protocol.map": "{},SASL_SSL:SASL_SSL",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(store),
    }
    users = [f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"]
    stranger = make_certificate(folder, "stranger").file
    for broker in provided("kafka, secured", lambda at: start_jars(at, properties, users), folder):
        yield Secured(broker, f"localhost:{port}", authority.own.file, stranger)


def test_nothing_is_lost_over_tls_with_a_password(
    secured: Secured, prefix: str, tmp_path: Path
) -> None:
    """ingest, a worker and the checker, all of them over the secured listener."""
    connection = secured.connection()
    with deployed(secured.broker, prefix, tmp_path, connection=connection) as deployment:
        deployment.ingest()
        deployment.worker()
        generator = deployment.generator("--endpoints", "3", "--rate", "50", "--for", "3")
        code = generator.process.wait(END_SECONDS)
        deployment.drain()
        report = deployment.watch.checker.report()

    assert (0, (), 0) == (code, report.examples, report.lost)
    assert report.sent == sum(report.published.values()) > 100


@pytest.mark.parametrize(
    "command",
    [("topics", "show"), ("tail", "flow"), ("streams", "--health-port", "0")],
    ids=lambda each: each[0],
)
def test_a_wrong_password_is_one_line(
    secured: Secured, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """It says what the broker says, and which settings to look at; not that it does not answer."""
    connection = secured.connection(password="not-it")  # noqa: S106 - as above
    code, line = run_to_end(tmp_path, command, connection)

    assert 1 == code
    assert f"Kafka at {secured.servers} refuses the log-in (" in line
    assert line.count("look at kafka.sasl_mechanism, kafka.sasl_username and kafka.sasl_pass") == 1
    assert "Authentication failed" in line
    assert "Traceback" not in line
    assert "not-it" not in line


def test_a_certificate_that_is_not_trusted_is_one_line(secured: Secured, tmp_path: Path) -> None:
    """It names the file of authorities."""
    connection = secured.connection(authority=secured.stranger)
    code, line = run_to_end(tmp_path, ("topics", "show"), connection)

    assert 1 == code
    assert f"Kafka at {secured.servers} is not reached by TLS (" in line
    assert "certificate verify failed" in line
    assert "look at kafka.ssl_ca_file" in line


def run_to_end(folder: Path, command: tuple[str, ...], connection: str) -> tuple[int, str]:
    """The exit code and what was said, without blank lines."""
    file = folder / "envizzy.toml"
    file.write_text(f"[kafka]\n{connection}[streams]\nprocesses = 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "envizzy", *command, "--config", str(file)],
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=False,
    )
    return done.returncode, done.stderr.strip()
