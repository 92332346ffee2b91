"""The generator's edge: sockets, the clock, and the account of what was sent."""

import contextlib
import resource
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import IO

import orjson

from envizzy.generator.fleet import Behaviour, Fleet, Sent

_TICK_SECONDS = 0.004
"""Between two looks at what is due: at 2,000 flows/s eight datagrams at a time."""

_FIRST_SOURCE = int(IPv4Address("127.16.0.1"))
"""Sources of generated endpoints on loopback: Linux takes all of 127.0.0.0/8 as local."""

_SPARE_FILES = 64


@dataclass(slots=True)
class Sources:
    """A socket for each sender, so that the receiver sees several Exporters.

    On loopback each has an address of its own where the system allows it (Linux), else and to
    other hosts only a port of its own.

    Attributes:
        target: Address and port.
    """

    target: tuple[str, int]
    _family: int = field(init=False)
    _address: tuple[str, int] = field(init=False)
    _sockets: dict[int, tuple[socket.socket, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Resolve the target.

        Raises:
            OSError: It has no address.
        """
        found = socket.getaddrinfo(*self.target, type=socket.SOCK_DGRAM)[0]
        self._family = found[0]
        self._address = (str(found[4][0]), int(found[4][1]))

    def room_for(self, senders: int) -> None:
        """Allow as many open sockets as there are senders."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = senders + _SPARE_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))

    def address(self, sender: int) -> str:
        """The sender's source address; empty where only the system knows it."""
        return self._socket(sender)[1]

    def send(self, sender: int, payload: bytes) -> None:
        """Send one datagram.

        Raises:
            OSError: It could not be sent.
        """
        # Not connected: a refusal that came for an earlier datagram would swallow this one.
        self._socket(sender)[0].sendto(payload, self._address)

    def _socket(self, sender: int) -> tuple[socket.socket, str]:
        found = self._sockets.get(sender)
        if found is None:
            found = self._sockets[sender] = self._open(sender)
        return found

    def close(self) -> None:
        """Close all sockets."""
        for each, _ in self._sockets.values():
            each.close()

    def _open(self, sender: int) -> tuple[socket.socket, str]:
        opened = socket.socket(self._family, socket.SOCK_DGRAM)
        host = ip_address(self._address[0].partition("%")[0])
        if not host.is_loopback:
            return opened, ""
        if host.version == 4:  # noqa: PLR2004 - the IP version
            own = str(IPv4Address(_FIRST_SOURCE + sender))
            with contextlib.suppress(OSError):  # macOS has 127.0.0.1 only
                opened.bind((own, 0))
                return opened, own
        return opened, str(host)


@dataclass(slots=True)
class Account:
    """What was sent, a JSON list of ``Sent`` a line and totals between.

    Attributes:
        file: None where nobody asks.
    """

    file: IO[bytes] | None

    def write(self, sent: Sent) -> None:
        """Note one record."""
        if self.file is not None:
            self.file.write(orjson.dumps(tuple(sent)) + b"\n")

    def total(self, totals: "Totals") -> None:
        """Note how much was sent so far."""
        if self.file is not None:
            line = {"datagrams": totals.datagrams, "records": totals.records}
            self.file.write(orjson.dumps(line) + b"\n")
            self.file.flush()

    def flush(self) -> None:
        """Let the checker see it."""
        if self.file is not None:
            self.file.flush()


@dataclass(slots=True)
class Totals:
    """How much was sent."""

    datagrams: int = 0
    records: int = 0
    octets: int = 0


def run(
    target: tuple[str, int],
    behaviour: Behaviour,
    *,
    seconds: float | None,
    account: Path | None,
    stopped: Callable[[], bool],
    report: Callable[[Totals], None],
) -> Totals:
    """Generate until the time is over or somebody stops it.

    Args:
        target: Host and port.
        behaviour: Of the endpoints.
        seconds: None without end.
        account: File for what was sent.
        stopped: Asked between two ticks.
        report: Told the totals about once a second.

    Raises:
        OSError: No such host, or nothing can be sent to it.
    """
    sources = Sources(target)
    sources.room_for(behaviour.endpoints)
    totals = Totals()
    with contextlib.ExitStack() as stack:
        stack.callback(sources.close)
        file = stack.enter_context(account.open("wb", buffering=1 << 20)) if account else None
        books = Account(file)
        fleet = Fleet(behaviour, time.time_ns())
        begin = reported = time.monotonic()
        while not stopped() and (seconds is None or time.monotonic() - begin < seconds):
            _tick(fleet, sources, books, totals)
            if time.monotonic() - reported >= 1:
                reported = time.monotonic()
                books.total(totals)
                report(totals)
            time.sleep(_TICK_SECONDS)
        books.total(totals)
    report(totals)
    return totals


def _tick(fleet: Fleet, sources: Sources, books: Account, totals: Totals) -> None:
    due = list(fleet.advance(time.time_ns()))
    # Noted before it is sent: whoever reads a record from a topic finds it in the account.
    for emission in due:
        if emission.sent is not None:
            address = sources.address(emission.endpoint)
            books.write(emission.sent._replace(exporter=address))
            totals.records += 1
    books.flush()
    for emission in due:
        sources.send(emission.endpoint, emission.payload)
        totals.datagrams += 1
        totals.octets += len(emission.payload)
