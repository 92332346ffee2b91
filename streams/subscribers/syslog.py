"""The ``syslog`` subscriber: the collector's line over UDP, TCP or TLS, a port for each kind."""

import socket
import ssl
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from schemas.subscriber import (
    DELIVERED,
    Context,
    Event,
    Outcome,
    UnavailableError,
)
from streams.subscribers.connection import Connection, tls_context
from streams.subscribers.line import LineWriter, write_lines
from streams.subscribers.settings import MAX_UDP_OCTETS, SyslogSettings


class Transport(Protocol):
    """Brings lines to one port."""

    def send(self, lines: Sequence[bytes]) -> None:
        """Bring lines, in their order.

        Raises:
            OSError: Not all are there; nothing is said about any of them.
        """
        ...

    def look(self) -> None:
        """See whether what is open still is; raises nothing."""
        ...

    def close(self) -> None:
        """Give back the socket."""
        ...


class SyslogSubscriber:
    """Lines to the port of their kind."""

    def __init__(self, settings: SyslogSettings, context: Context, lines: LineWriter) -> None:
        """Take what it needs; nothing is connected yet.

        Args:
            settings: ``[subscribers.NAME]``.
            context: Clock and counters.
            lines: Writes the lines.

        Raises:
            MisconfiguredError: A file for TLS cannot be used.
        """
        self._settings = settings
        self._context = context
        self._lines = lines
        self._limit = settings.line_octets
        if settings.transport == "udp":
            self._limit = min(settings.line_octets or MAX_UDP_OCTETS, MAX_UDP_OCTETS)
        self._transports: dict[int, Transport] = {}
        self._tls = tls_context(settings) if settings.transport == "tls" else None

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Send each event's line; over UDP that is all that can be known.

        Raises:
            UnavailableError: A port does not take lines; all lines of the call come again.
        """
        outcomes = [DELIVERED] * len(events)
        lines: dict[int, list[bytes]] = {}
        for line in write_lines(self._lines, events, self._context, self._limit, outcomes):
            port = self._settings.port(events[line.at].topic)
            lines.setdefault(port, []).append(line.octets)
        for port, its in lines.items():
            try:
                self._transport(port).send(its)
            except OSError as error:
                settings = self._settings
                raise UnavailableError(
                    f"{settings.transport} {settings.host}:{port}: {error.strerror or error}"
                ) from error
        return outcomes

    def tick(self) -> None:
        """Notice a break when it happens: what goes again is what was sent shortly before it."""
        for each in self._transports.values():
            each.look()

    def close(self) -> None:
        """Close the sockets."""
        for each in self._transports.values():
            each.close()
        self._transports = {}

    def _transport(self, port: int) -> Transport:
        found = self._transports.get(port)
        if found is None:
            settings = self._settings
            found = (
                UdpTransport(settings.host, port)
                if settings.transport == "udp"
                else StreamTransport(settings, port, self._tls, self._context)
            )
            self._transports[port] = found
        return found


class UdpTransport:
    """A line a datagram; nobody says whether it arrived."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._socket: socket.socket | None = None

    def send(self, lines: Sequence[bytes]) -> None:
        """Hand the datagrams to the system.

        Raises:
            OSError: The name is not known, or the system refuses (no route). That nobody listens
                (ICMP port unreachable) is no error: it concerns datagrams that are gone.
        """
        if self._socket is None:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_DGRAM
            )[0]
            made = socket.socket(family, kind, protocol)
            try:
                # Connected: a name lookup and a route for all datagrams, not for each.
                made.connect(address)
            except OSError:
                made.close()
                raise
            self._socket = made
        send = self._socket.send
        try:
            for line in lines:
                try:
                    send(line)
                except ConnectionRefusedError:
                    send(line)
        except ConnectionRefusedError:
            pass
        except OSError:
            self.close()
            raise

    def look(self) -> None:
        """Nothing: there is no connection."""

    def close(self) -> None:
        """Close the socket; the next line looks the name up again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Sent(NamedTuple):
    """Lines that the peer's system has confirmed, and its process has perhaps not read.

    Attributes:
        at: When, seconds since 1970-01-01T00:00:00Z.
        records: How many lines.
        octets: With their frames.
    """

    at: float
    records: int
    octets: bytes


class StreamTransport:
    """TCP or TLS; what was sent shortly before a break goes again, before anything new."""

    def __init__(
        self,
        settings: SyslogSettings,
        port: int,
        tls: ssl.SSLContext | None,
        context: Context,
    ) -> None:
        self._settings = settings
        self._port = port
        self._tls = tls
        self._context = context
        self._connection: Connection | None = None
        self._sent: deque[_Sent] = deque()
        self._sent_octets = 0
        self._broke_at: float | None = None
        """Of the first break since anything was confirmed: an outage may be long."""

    def send(self, lines: Sequence[bytes]) -> None:
        """Bring lines, until the peer's system has confirmed them.

        Raises:
            OSError: The connection cannot be made, or broke.
        """
        framed = b"".join(map(self._framed, lines))
        self.look()
        try:
            connection = self._connection or self._connect()
            connection.send(framed)
            connection.drain(self._settings.timeout_seconds, self._context.wait)
        except OSError:
            self._break()
            raise
        self._keep(len(lines), framed)

    def look(self) -> None:
        """See whether the peer has closed: no failure, the next lines make a new connection."""
        if self._connection is not None:
            try:
                self._connection.require_open()
            except OSError:
                self._break()

    def close(self) -> None:
        """Close the connection; what was sent stays in memory for the next one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _break(self) -> None:
        self.close()
        if self._broke_at is None:
            self._broke_at = self._context.now()

    def _framed(self, line: bytes) -> bytes:
        if self._settings.framing == "newline":
            return line + b"\n"
        return b"%d %s" % (len(line), line)

    def _connect(self) -> Connection:
        settings = self._settings
        made = Connection(settings.host, self._port, settings.timeout_seconds, self._tls)
        self._connection = made
        self._context.count("connections")
        if self._broke_at is not None:
            self._resend(made, self._broke_at - settings.resend_seconds)
        return made

    def _resend(self, connection: Connection, since: float) -> None:
        while self._sent and self._sent[0].at < since:
            self._sent_octets -= len(self._sent.popleft().octets)
        for each in self._sent:
            connection.send(each.octets)
            self._context.count("resent_records", each.records)

    def _keep(self, records: int, octets: bytes) -> None:
        now = self._context.now()
        if self._broke_at is not None:
            self._broke_at = None
            # Sent again just now, and perhaps again not read.
            self._sent = deque(each._replace(at=now) for each in self._sent)
        self._sent.append(_Sent(now, records, octets))
        self._sent_octets += len(octets)
        while self._sent and self._sent_octets > self._settings.resend_octets:
            self._sent_octets -= len(self._sent.popleft().octets)
