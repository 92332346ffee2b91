"""``envizzy send``: replay a capture over UDP."""

import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from envizzy.captures import Captured, CaptureError, Format, Tally, read
from service.exits import Exit

DEFAULT_RATE = 1000.0
"""Datagrams a second: what a socket buffer of default size takes without loss."""

_MOST_SOCKETS = 256
"""Each exporter and port of the capture gets a source port of its own, so that sessions stay apart;
more exporters than this share them."""

_LARGEST_PAYLOAD = 65507
"""Of UDP over IPv4."""


def address_of(text: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Resolve ``HOST:PORT``, ``[IPv6]:PORT``.

    Raises:
        ValueError: It has another form, or the name does not resolve.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdigit() or not 0 < int(port) <= 0xFFFF:  # noqa: PLR2004 - ports
        raise ValueError(f"{text!r} is no HOST:PORT, as in 127.0.0.1:2055 or [::1]:2055")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)[0]
    except OSError as error:
        raise ValueError(f"{host}: {error.strerror}") from error
    return family, (str(address[0]), int(address[1]))


class Sender:
    """Sends datagrams at a steady pace, one socket for each session of the capture."""

    def __init__(self, to: str, rate: float) -> None:
        self._family, self._address = address_of(to)
        self._rate = rate
        self._sockets: dict[tuple[bytes | None, int] | int, socket.socket] = {}
        self.sent = 0
        self.too_large = 0

    def send(self, datagrams: Iterable[Captured]) -> None:
        """Send all, in order; the pace is kept over the whole, not between two."""
        begun, first = time.monotonic(), self.sent
        for captured in datagrams:
            if len(captured.payload) > _LARGEST_PAYLOAD:
                self.too_large += 1
                continue
            if self._rate:
                ahead = (self.sent - first) / self._rate - (time.monotonic() - begun)
                if ahead > 0:
                    time.sleep(ahead)
            self._socket(captured).sendto(captured.payload, self._address)
            self.sent += 1

    def _socket(self, captured: Captured) -> socket.socket:
        key: tuple[bytes | None, int] | int = (captured.exporter, captured.port)
        if key not in self._sockets and len(self._sockets) >= _MOST_SOCKETS:
            key = hash(key) % _MOST_SOCKETS
        found = self._sockets.get(key)
        if found is None:
            found = self._sockets[key] = socket.socket(self._family, socket.SOCK_DGRAM)
        return found

    def close(self) -> None:
        """Close all sockets."""
        for one in self._sockets.values():
            one.close()


def send(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Captures, in order.")],
    to: Annotated[str, typer.Option("--to", metavar="HOST:PORT", help="Where to send.")],
    rate: Annotated[
        float,
        typer.Option(
            "--rate", min=0, metavar="RATE", help="Datagrams a second; 0: as fast as it goes."
        ),
    ] = DEFAULT_RATE,
    port: Annotated[
        list[int] | None,
        typer.Option("--port", metavar="PORT", help="Only what went to this port; repeatable."),
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="How to read the files, if not as it looks.")
    ] = None,
) -> None:
    """Replay captures over UDP.

    Every UDP payload of FILE (or Message of an IPFIX file) is sent again, in order.

    For example:

        envizzy send clients.pcap --to 127.0.0.1:2055

        envizzy send clients.pcapng --to [::1]:2055 --rate 500 --port 2055
    """
    tally = Tally()
    try:
        sender = Sender(to, rate)
    except ValueError as error:
        typer.echo(f"--to {error}", err=True)
        raise typer.Exit(Exit.USAGE) from error
    try:
        for path in files:
            sender.send(read(path, ports=port or None, format=form, tally=tally))
    except CaptureError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.USAGE) from error
    except OSError as error:
        typer.echo(f"sending to {to}: {error.strerror}", err=True)
        raise typer.Exit(Exit.ERROR) from error
    finally:
        sender.close()
    for note in tally.notes():
        typer.echo(note, err=True)
    if sender.too_large:
        typer.echo(f"{sender.too_large} payloads are too large for UDP and were not sent", err=True)
    typer.echo(f"{sender.sent} datagrams sent to {to}")
