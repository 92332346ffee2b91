"""A TCP or TLS connection that knows what the peer's system has not taken yet."""

import contextlib
import fcntl
import select
import socket
import ssl
import struct
import sys
import termios
from collections.abc import Callable

from schemas.subscriber import MisconfiguredError
from streams.subscribers.settings import TlsSettings

_READ_OCTETS = 65_536
_POLL_SECONDS = 0.002
_LONGEST_POLL_SECONDS = 0.1
_GOODBYE_SECONDS = 1.0


def tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """Make the client's side of TLS; 1.2 and up.

    Raises:
        MisconfiguredError: A file cannot be read or is no PEM.
    """
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file)
        context.check_hostname = settings.tls_check_hostname
        if settings.tls_certificate_file is not None:
            context.load_cert_chain(settings.tls_certificate_file, settings.tls_key_file)
    except OSError as error:  # ssl.SSLError is one
        files = (settings.tls_ca_file, settings.tls_certificate_file, settings.tls_key_file)
        named = ", ".join(str(each) for each in files if each)
        raise MisconfiguredError(f"TLS files ({named}): {error}") from error
    return context


class Connection:
    """One connection; whatever goes wrong is an ``OSError`` (TLS and time-outs are)."""

    def __init__(
        self, host: str, port: int, seconds: float, context: ssl.SSLContext | None
    ) -> None:
        """Connect.

        Args:
            host: Name or address.
            port: TCP.
            seconds: Patience with each step.
            context: For TLS; None for plain TCP.

        Raises:
            OSError: Nobody answers, or the certificate does not fit.
        """
        plain = socket.create_connection((host, port), seconds)
        try:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket = context.wrap_socket(plain, server_hostname=host) if context else plain
        except BaseException:
            plain.close()
            raise
        self._seconds = seconds
        self.socket.settimeout(seconds)

    def send(self, octets: bytes) -> None:
        """Hand octets to the system.

        Raises:
            OSError: The connection is broken, or the peer takes nothing for too long.
        """
        self.socket.sendall(octets)

    def read(self, seconds: float) -> bytes | None:
        """What the peer sent; None if nothing came in time.

        Raises:
            ConnectionError: The peer has closed.
            OSError: The connection is broken.
        """
        pending = isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()
        if not pending and not select.select([self.socket], [], [], max(0.0, seconds))[0]:
            return None
        # What came may be TLS's own (a session ticket), behind which a read would wait.
        self.socket.settimeout(0)
        try:
            octets = self.socket.recv(_READ_OCTETS)
        except (ssl.SSLWantReadError, BlockingIOError):
            return None
        finally:
            self.socket.settimeout(self._seconds)
        if not octets:
            raise ConnectionResetError("the peer closed the connection")
        return octets

    def require_open(self) -> None:
        """See whether the peer has closed; what it sent is dropped.

        Raises:
            OSError: It has, or the connection is broken.
        """
        while self.read(0) is not None:
            pass

    def drain(self, seconds: float, wait: Callable[[float], bool]) -> None:
        """Wait until the peer's system has confirmed all octets.

        That is more than ``send`` says and less than that they were read: what the peer's process
        has not read is lost when it dies.

        Args:
            seconds: Patience.
            wait: Lets time pass; False ends it.

        Raises:
            OSError: The connection is broken, or it takes too long.
        """
        waited, step = 0.0, _POLL_SECONDS
        while self._unconfirmed():
            self.require_open()
            if waited >= seconds or not wait(step):
                raise TimeoutError("the peer does not confirm what was sent")
            waited += step
            step = min(step * 2, _LONGEST_POLL_SECONDS)
        self.require_open()

    def close(self) -> None:
        """Close it; what the peer has not confirmed may be lost."""
        with contextlib.suppress(OSError):
            if isinstance(self.socket, ssl.SSLSocket):
                self.socket.settimeout(_GOODBYE_SECONDS)
                self.socket.unwrap()  # close_notify (RFC 5425, 4.4)
        self.socket.close()

    def _unconfirmed(self) -> int:
        """Octets in the send queue of a TCP socket, sent and unsent (tcp(7), SIOCOUTQ)."""
        if sys.platform != "linux":
            return 0
        # SIOCOUTQ has the value of TIOCOUTQ
        answer = fcntl.ioctl(self.socket, termios.TIOCOUTQ, struct.pack("i", 0))
        return int(struct.unpack("i", answer)[0])
