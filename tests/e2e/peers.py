"""Real exporters and a real collector: softflowd, pmacctd's nfprobe, nfcapd with nfdump."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

TRAFFIC = Path(__file__).resolve().parent.parent / "golden" / "peers-traffic" / "traffic.pcap"
"""What the exporters see."""

PROGRAMS = ("softflowd", "pmacctd", "nfcapd", "nfdump")
"""Of Debian's packages softflowd, pmacct and nfdump."""

PATIENCE_SECONDS = 60.0
"""With a process of others on a busy machine; pmacctd takes 5 s when it is idle."""

_FIRST_ADDRESS = 1
_RECEIVE_OCTETS = 4_000_000


def require_peers() -> None:
    """Skip visibly where a program is missing; with ``REQUIRE_PEERS=1`` that is a failure."""
    missing = [name for name in PROGRAMS if find(name) is None]
    if not missing:
        return
    line = f"not installed: {', '.join(missing)} (Debian: apt-get install softflowd pmacct nfdump)"
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(f"REQUIRE_PEERS=1: {line}", pytrace=False)
    pytest.skip(line)


def find(name: str) -> str | None:
    """Where a program is; daemons live in sbin, which not everybody has in the PATH."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    return shutil.which(name, path=path)


class Exporter(NamedTuple):
    """One run of a real exporter.

    Attributes:
        name: For people.
        version: 5, 9 or 10.
        command: Given a folder of its own and the port of 127.0.0.1 to send to.
    """

    name: str
    version: int
    command: Callable[[Path, int], Sequence[str]]


def softflowd(version: int) -> Exporter:
    """The probe of that name, reading the capture."""

    def command(folder: Path, port: int) -> Sequence[str]:
        return (
            *(str(find("softflowd")), "-d", "-a", "-r", str(TRAFFIC), "-v", str(version)),
            # Without "-c none" it may wait for a connection to its control socket for ever.
            *("-n", f"127.0.0.1:{port}", "-c", "none", "-p", str(folder / "softflowd.pid")),
        )

    return Exporter("softflowd", version, command)


def nfprobe(version: int) -> Exporter:
    """The nfprobe plug-in of pmacctd, reading the capture."""

    def command(folder: Path, port: int) -> Sequence[str]:
        timeouts = "tcp=5:tcp.rst=5:tcp.fin=5:udp=5:icmp=5:general=5:maxlife=20:expint=2"
        settings = {
            "daemonize": "false",
            "pcap_savefile": str(TRAFFIC),
            "aggregate": "src_host, dst_host, src_port, dst_port, proto, tos, tcpflags",
            "plugins": "nfprobe",
            "nfprobe_receiver": f"127.0.0.1:{port}",
            "nfprobe_version": str(version),
            "nfprobe_timeouts": timeouts,
        }
        file = folder / "pmacctd.conf"
        file.write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
        return (str(find("pmacctd")), "-f", str(file))

    return Exporter("nfprobe", version, command)


EXPORTERS = (*map(softflowd, (5, 9, 10)), *map(nfprobe, (5, 9, 10)))
"""All that are compared; each has an address of its own: 127.18.0.1 and so on."""


def address_of(exporter: Exporter) -> str:
    """The address that both collectors see."""
    return f"127.18.0.{_FIRST_ADDRESS + EXPORTERS.index(exporter)}"


@dataclass
class Tee:
    """Sends what it receives to several collectors, from an address of its own.

    Attributes:
        address: It sends from here, one port for each port that it receives from.
        targets: UDP ports of 127.0.0.1.
        datagrams: Passed on so far.
    """

    address: str
    targets: Sequence[int]
    datagrams: int = 0
    _socket: socket.socket = field(init=False)
    _thread: threading.Thread = field(init=False)
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Listen and begin."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_OCTETS)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self._thread = threading.Thread(target=self._pass, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where the exporter sends to."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Pass on what has come, then end."""
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _pass(self) -> None:
        outgoing: dict[int, socket.socket] = {}
        while True:
            try:
                payload, (_, port) = self._socket.recvfrom(65_535)
            except TimeoutError:
                # The exporter is gone before this is set: what it sent waits in the socket.
                if self._over.is_set():
                    break
                continue
            if port not in outgoing:
                outgoing[port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                outgoing[port].bind((self.address, 0))
            for target in self.targets:
                outgoing[port].sendto(payload, ("127.0.0.1", target))
            self.datagrams += 1
        for each in outgoing.values():
            each.close()


class Nfcapd:
    """The collector of nfdump's tools, on a free port."""

    def __init__(self, folder: Path) -> None:
        """Start it and wait until it listens."""
        self.port = _free_udp_port()
        self._folder = folder
        with (folder.parent / "nfcapd.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(str(find("nfcapd")), "-w", str(folder), "-b", "127.0.0.1", "-t", "3600"),
                    *("-p", str(self.port), "-B", str(_RECEIVE_OCTETS)),
                ],
                stdout=log,
                stderr=log,
                env=_UTC,
            )
        _await(lambda: waiting_octets(self.port) is not None, "nfcapd does not listen")

    def flows(self) -> list[dict[str, Any]]:
        """Stop it when it has taken all; what it has, as nfdump prints it."""
        _await(lambda: waiting_octets(self.port) == 0, "nfcapd does not read")
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)
        done = subprocess.run(
            [str(find("nfdump")), "-R", str(self._folder), "-o", "json"],
            capture_output=True,
            check=True,
            env=_UTC,
        )
        flows: list[dict[str, Any]] = json.loads(done.stdout)
        return flows

    def kill(self) -> None:
        """End it for good."""
        self._process.kill()
        self._process.wait()


_UTC = {**os.environ, "TZ": "UTC"}


def export(exporter: Exporter, folder: Path, targets: Sequence[int]) -> int:
    """Run an exporter to its end, to all collectors.

    Returns:
        How many datagrams it sent.
    """
    folder.mkdir()
    tee = Tee(address_of(exporter), targets)
    try:
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                exporter.command(folder, tee.port), stdout=output, stderr=output, cwd=folder
            )
            try:
                code = process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
        assert 0 == code, log.read_text(errors="replace")[-500:]
    finally:
        tee.close()
    return tee.datagrams


def waiting_octets(port: int) -> int | None:
    """What waits in the socket of a UDP port, by the kernel; None where nobody listens on it."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        columns = line.split()
        if int(columns[1].split(":")[1], 16) == port:
            return int(columns[4].split(":")[1], 16)
    return None


def _await(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.05)


def _free_udp_port() -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
