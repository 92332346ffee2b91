"""Opens the UDP sockets: options of the kernel, and errors as one line."""

import errno
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.settings import Address
from service.logs import Logger

# Linux, asm-generic/socket.h; Python 3.11 has no names for them.
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
SO_MEMINFO = 55

_MEMINFO = struct.Struct("=9I")
_MEMINFO_DROPS = 8  # SK_MEMINFO_DROPS, linux/sock_diag.h
_DROPS_MODULUS = 1 << 32


class ListenError(OSError):
    """An address cannot be listened on; one line that says why and what to do."""


@dataclass(slots=True)
class Opened:
    """A socket that receives.

    Attributes:
        socket: Non-blocking, with kernel receive stamps where there are any.
        local_port: The one that is bound, also where 0 was asked for.
        drops: Datagrams that the kernel dropped since the socket was opened, as last read.
    """

    socket: socket.socket
    local_port: int
    drops: int = 0

    def read_drops(self) -> int:
        """The kernel's count of datagrams dropped for want of buffer, over its 32-bit wrap.

        The same counter as SO_RXQ_OVFL, but asked for once a second: that one comes with each
        datagram, costs a parse each, and tells nothing after the last one.
        """
        try:
            found = self.socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return self.drops  # before Linux 4.12
        if len(found) == _MEMINFO.size:
            now = _MEMINFO.unpack(found)[_MEMINFO_DROPS]
            self.drops += (now - self.drops) % _DROPS_MODULUS
        return self.drops


def open_sockets(
    addresses: Sequence[Address], processes: int, buffer_octets: int, log: Logger
) -> list[list[Opened]]:
    """Open one socket for each process and address, before any process is forked.

    They stay open in the process that opened them, so a process that is started again takes up the
    queue of the one that died.

    Raises:
        ListenError: One address cannot be had.
    """
    opened: list[list[Opened]] = [[] for _ in range(processes)]
    without: list[str] = []
    for address in addresses:
        try:
            bound = address
            if processes > 1:
                # With SO_REUSEPORT a second ingest of the same user would silently take a share:
                # whether the port is free is asked without it first.
                with _bound(address, shared=False) as probe:
                    bound = Address(address.host, probe.getsockname()[1])
            for own in opened:
                made = _bound(bound, shared=processes > 1)
                _prepare(made, buffer_octets)
                bound = Address(address.host, made.getsockname()[1])
                own.append(Opened(made, bound.port))
        except OSError as error:
            if address.host == "::" and error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                # Containers often have none, and the default lists both families.
                without.append(str(address))
                continue
            raise ListenError(_explain(address, error)) from error
    if without:
        log.warning("this host has no IPv6, not listening on it", addresses=without)
    if not opened[0]:
        raise ListenError("ingest.listen: no address of it can be listened on")
    _check_buffer(opened[0][0].socket, buffer_octets, log)
    return opened


def _bound(address: Address, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            # IPv4 has its own socket: both families then behave alike whatever bindv6only says.
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((address.host, address.port))
    except OSError:
        made.close()
        raise
    return made


def _prepare(made: socket.socket, buffer_octets: int) -> None:
    made.setblocking(False)
    try:
        made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, buffer_octets)
    except OSError:  # needs CAP_NET_ADMIN
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_octets)
    try:
        made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:  # not Linux: our own clock is read instead
        return


def _check_buffer(made: socket.socket, wanted: int, log: Logger) -> None:
    # Linux doubles what is asked for, for its own book-keeping (socket(7)).
    got = made.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    if got < wanted:
        log.warning(
            "the kernel caps the receive buffer: bursts may be dropped",
            octets=got,
            wanted=wanted,
            remedy=f"sysctl -w net.core.rmem_max={wanted}",
        )


def _explain(address: Address, error: OSError) -> str:
    remedy = ""
    if error.errno == errno.EADDRINUSE:
        remedy = (
            f"; find the owner with 'ss -ulpn sport = :{address.port}', or change ingest.listen"
        )
    elif error.errno == errno.EACCES:
        remedy = "; ports below 1024 need CAP_NET_BIND_SERVICE"
    elif error.errno == errno.EADDRNOTAVAIL:
        remedy = "; it is no address of this host (ip address)"
    reason = "port in use" if error.errno == errno.EADDRINUSE else error.strerror
    return f"cannot listen on {address} (UDP): {reason}{remedy}"
