"""The generator's edge: sockets, the clock, and the account of what was sent."""

import contextlib
import resource
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import IO, NamedTuple

import orjson

from envizzy.generator.fleet import Behaviour, Fleet, Sent
from envizzy.generator.routers.network import Network, NetworkBehaviour
from envizzy.generator.routers.router import Datagram

_TICK_SECONDS = 0.004
"""Between two looks at what is due: at 2,000 flows/s eight datagrams at a time."""

_FIRST_SOURCE = int(IPv4Address("127.16.0.1"))
"""Sources of generated endpoints on loopback: Linux takes all of 127.0.0.0/8 as local."""

_FIRST_ROUTER = 1 << 20
"""Routers have addresses of their own behind those of all endpoints: from 127.32.0.1 on."""

_SPARE_FILES = 64


class Sender(NamedTuple):
    """Whose datagram it is.

    Attributes:
        address: Number of its source address; endpoints count from 0, routers from 1,048,576.
        port: Which of its source ports; most have one, 0.
    """

    address: int
    port: int = 0


class Outgoing(NamedTuple):
    """One datagram that is due.

    Attributes:
        sender: Whose it is.
        payload: Of UDP.
        sent: The records in it.
    """

    sender: Sender
    payload: bytes
    sent: tuple[Sent, ...]


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
    _sockets: dict[Sender, tuple[socket.socket, str]] = field(default_factory=dict)

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

    def address(self, sender: Sender) -> str:
        """The sender's source address; empty where only the system knows it."""
        return self._socket(sender)[1]

    def send(self, sender: Sender, payload: bytes) -> None:
        """Send one datagram.

        Raises:
            OSError: It could not be sent.
        """
        # Not connected: a refusal that came for an earlier datagram would swallow this one.
        self._socket(sender)[0].sendto(payload, self._address)

    def _socket(self, sender: Sender) -> tuple[socket.socket, str]:
        found = self._sockets.get(sender)
        if found is None:
            found = self._sockets[sender] = self._open(sender)
        return found

    def close(self) -> None:
        """Close all sockets."""
        for each, _ in self._sockets.values():
            each.close()

    def _open(self, sender: Sender) -> tuple[socket.socket, str]:
        opened = socket.socket(self._family, socket.SOCK_DGRAM)
        host = ip_address(self._address[0].partition("%")[0])
        if not host.is_loopback:
            return opened, ""
        if host.version == 4:  # noqa: PLR2004 - the IP version
            own = str(IPv4Address(_FIRST_SOURCE + sender.address))
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
    network: NetworkBehaviour,
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
        network: Of the routers.
        seconds: None without end.
        account: File for what was sent.
        stopped: Asked between two ticks.
        report: Told the totals about once a second.

    Raises:
        OSError: No such host, or nothing can be sent to it.
    """
    sources = Sources(target)
    sources.room_for(behaviour.endpoints + 2 * network.routers)
    totals = Totals()
    with contextlib.ExitStack() as stack:
        stack.callback(sources.close)
        file = stack.enter_context(account.open("wb", buffering=1 << 20)) if account else None
        books = Account(file)
        fleet = Fleet(behaviour, time.time_ns())
        routers = Network(network, time.time_ns())
        begin = reported = time.monotonic()
        while not stopped() and (seconds is None or time.monotonic() - begin < seconds):
            _send(_due(fleet, routers, time.time_ns()), sources, books, totals)
            if time.monotonic() - reported >= 1:
                reported = time.monotonic()
                books.total(totals)
                report(totals)
            time.sleep(_TICK_SECONDS)
        rest = (_of_router(each) for each in routers.finish(time.time_ns()))
        _send(rest, sources, books, totals)
        books.total(totals)
    report(totals)
    return totals


def _due(fleet: Fleet, routers: Network, now_ns: int) -> Iterator[Outgoing]:
    for emission in fleet.advance(now_ns):
        sent = () if emission.sent is None else (emission.sent,)
        yield Outgoing(Sender(emission.endpoint), emission.payload, sent)
    for datagram in routers.advance(now_ns):
        yield _of_router(datagram)


def _of_router(datagram: Datagram) -> Outgoing:
    sender = Sender(_FIRST_ROUTER + datagram.router, datagram.port)
    return Outgoing(sender, datagram.payload, datagram.sent)


def _send(due: Iterable[Outgoing], sources: Sources, books: Account, totals: Totals) -> None:
    outgoing = list(due)
    # Noted before it is sent: whoever reads a record from a topic finds it in the account.
    for each in outgoing:
        address = sources.address(each.sender)
        for sent in each.sent:
            # A router's records have its address as their key.
            key = sent.key if each.sender.address < _FIRST_ROUTER else address
            books.write(sent._replace(exporter=address, key=key))
            totals.records += 1
    books.flush()
    for each in outgoing:
        sources.send(each.sender, each.payload)
        totals.datagrams += 1
        totals.octets += len(each.payload)
