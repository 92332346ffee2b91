"""A real rsyslogd as the peer: what it received, over a restart in the run."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from streams.subscribers.contract import make_events, marks
from tests.brokers import Broker, free_port
from tests.certificates import Authority
from tests.subscribers.deployment import records, until

TRANSPORTS = ("udp", "tcp", "tls", "relp", "relp-tls")

CONFIRMING = ("relp", "relp-tls")
"""Those that lose nothing over a restart."""

STOP_SECONDS = 60
"""Patience with a subscriber that is to end: the machine may be busy with others."""

PACKAGES = "no rsyslogd: apt-get install rsyslog rsyslog-relp rsyslog-openssl"

_MODULES = {
    "udp": 'module(load="imudp")\ninput(type="imudp" {at} rcvbufSize="16m")',
    "tcp": 'module(load="imtcp")\ninput(type="imtcp" {at})',
    "tls": 'module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1"'
    ' streamDriver.authMode="anon")\ninput(type="imtcp" {at})',
    "relp": 'module(load="imrelp")\ninput(type="imrelp" {at} maxDataSize="65536")',
    # It wants a certificate of the client's, too.
    "relp-tls": 'module(load="imrelp" tls.tlslib="openssl")\n'
    'input(type="imrelp" {at} maxDataSize="65536" tls="on" tls.authMode="certvalid"'
    ' tls.caCert="{ca}" tls.myCert="{certificate}" tls.myPrivKey="{key}")',
}

# A line of about the size of real ones.
_REST = (
    ',"sa":"10.1.2.3","sp":50123,"da":"203.0.113.7","dp":443,"fss":1534755850,"fes":1534755859,'
    '"udid":"00112233445566778899AABBCCDDEEFF01234567","liuid":"EXAMPLE\\\\ana","pn":"a.exe",'
    f'"ph":"{"0A" * 32}","ppn":"b.exe","pph":"{"1B" * 32}","ibc":5120,"obc":733,"iid":32,'
    f'"mnl":["net.dll","crypt.dll"],"mhl":["{"2C" * 32}","{"3D" * 32}"]'
)


def find() -> str | None:
    """The program; None where it is not installed."""
    return shutil.which("rsyslogd", path="/usr/sbin:/sbin:/usr/local/sbin:/usr/bin")


@dataclass
class Rsyslog:
    """One rsyslogd with one input, which writes what it receives as it came."""

    program: str
    folder: Path
    transport: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    authority: Authority | None = None
    """Signs its certificate; made at the first start with TLS."""

    def start(self) -> None:
        """Start it and wait until it listens."""
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        options = f'workDirectory="{work}" maxMessageSize="64k"'
        of_tls = self._certificates()
        if of_tls:
            options += (
                f' defaultNetstreamDriverCAFile="{of_tls["ca"]}"'
                f' defaultNetstreamDriverCertFile="{of_tls["certificate"]}"'
                f' defaultNetstreamDriverKeyFile="{of_tls["key"]}"'
            )
        at = f'address="127.0.0.1" port="{self.port}" ruleset="out"'
        config = self.folder / "rsyslog.conf"
        config.write_text(
            f"global({options})\n"
            'template(name="raw" type="string" string="%rawmsg%\\n")\n'
            f'ruleset(name="out") {{ action(type="omfile" file="{self.output}" template="raw") }}\n'
            f"{_MODULES[self.transport].format(at=at, **of_tls)}\n"
        )
        log = (self.folder / "rsyslog.log").open("ab")
        self.process = subprocess.Popen(
            [self.program, "-n", "-f", str(config), "-i", str(self.folder / "pid")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()
        until(self._listens, f"rsyslogd on {self.transport} {self.port}")

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    @property
    def output(self) -> Path:
        """Where it writes."""
        return self.folder / "received.log"

    def received(self) -> list[bytes]:
        """The lines."""
        return self.output.read_bytes().splitlines() if self.output.exists() else []

    def settings(self) -> str:
        """Of the subscriber that sends to it."""
        if self.transport in CONFIRMING:
            table = f'type = "relp"\nport = {self.port}\n'
        else:
            table = f'type = "syslog"\ntransport = "{self.transport}"\nflow_port = {self.port}\n'
        if self.authority is not None:
            table += f'tls_ca_file = "{self.authority.own.file}"\n'
        if self.authority is not None and self.transport == "relp-tls":
            client = self.authority.sign("client")
            table += f'tls = true\ntls_certificate_file = "{client.file}"\n'
            table += f'tls_key_file = "{client.key}"\n'
        return table

    def _certificates(self) -> dict[str, Path]:
        if not self.transport.endswith("tls"):
            return {}
        if self.authority is None:
            self.authority = Authority(self.folder, "authority")
            self.authority.sign("localhost")
        own = self.folder / "localhost.pem"
        return {
            "ca": self.authority.own.file,
            "certificate": own,
            "key": own.with_suffix(".key"),
        }

    def _listens(self) -> bool:
        assert self.process is not None
        log = (self.folder / "rsyslog.log").read_text(errors="replace")
        assert self.process.poll() is None, f"rsyslogd ended: {log[-500:]}"
        if self.transport == "udp":
            ports = Path("/proc/net/udp").read_text(encoding="ascii")
            return f":{self.port:04X} " in ports
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False


class Result(NamedTuple):
    """What became of the lines of a run.

    Attributes:
        sent: Records on the topic.
        received: Lines at rsyslogd, repeats included.
        missing: Records whose line never came.
        repeated: Lines that came before.
        broken: Lines that are not whole.
        resent: What the subscriber counted as sent again on a new connection.
    """

    transport: str
    sent: int
    received: int
    missing: int
    repeated: int
    broken: int
    resent: int

    def __str__(self) -> str:
        return (
            f"rsyslogd {self.transport:8}: sent {self.sent}, received {self.received}, missing "
            f"{self.missing}, repeated {self.repeated}, broken {self.broken} "
            f"(sent again on a new connection: {self.resent})"
        )


def run(
    program: str, broker: Broker, prefix: str, folder: Path, transport: str, number: int
) -> Result:
    """Send lines through ``envizzy subscribe`` to rsyslogd, which is restarted in the run.

    Half of the records are there at the start; a quarter has come when rsyslogd is stopped, and
    the other half is published while it is down.
    """
    server = Rsyslog(program, folder, transport)
    server.start()
    settings = (
        '[subscribers.siem]\nhost = "127.0.0.1"\ntopics = ["flow"]\nsession_seconds = 6\n'
        f"batch_records = {max(100, min(1000, number // 20))}\nmax_retry_seconds = 1\n"
    )
    settings += server.settings()
    events = make_events(number, value=_REST)
    try:
        with records(broker, prefix, folder, settings) as deployment:
            deployment.publish(events[: number // 2])
            child = deployment.start("siem")

            def quarter() -> bool:
                # over UDP nobody knows how much arrives
                delivered = deployment.metric("subscribers_delivered_records_total")
                came = delivered if transport == "udp" else len(server.received())
                return came >= number // 4

            until(quarter, "a quarter of the lines")
            server.stop()
            deployment.publish(events[number // 2 :])
            server.start()
            until(
                lambda: deployment.metric("subscribers_delivered_records_total") >= number,
                "all delivered",
                600,
            )
            resent = int(deployment.metric("subscribers_resent_records_total"))
            _settle(server)
            child.process.terminate()
            assert 0 == child.process.wait(STOP_SECONDS), child.tail()
    finally:
        server.stop()
    lines = server.received()
    counted = Counter(marks(lines))
    wanted = set(marks([each.value or b"" for each in events]))
    return Result(
        transport,
        number,
        len(lines),
        len(wanted - set(counted)),
        sum(counted.values()) - len(counted),
        sum(1 for line in lines if not line.startswith(b"<14>") or not line.endswith(b'"')),
        resent,
    )


def _settle(server: Rsyslog) -> None:
    """Until rsyslogd has written nothing more for a while."""
    quiet, size = 0, -1
    while quiet < 20:
        found = server.output.stat().st_size
        quiet = quiet + 1 if found == size else 0
        size = found
        time.sleep(0.1)
