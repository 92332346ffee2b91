"""Receivers of the tests' own: they take lines over UDP, TCP and TLS, and can be away."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable

from tests.brokers import free_port

PATIENCE_SECONDS = 20.0
"""For a thread to do its part."""


class UdpReceiver:
    """Takes datagrams on one port of 127.0.0.1."""

    def __init__(self) -> None:
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port: int = self.socket.getsockname()[1]
        self.datagrams: list[bytes] = []

    def received(self) -> list[bytes]:
        """What came so far."""
        with contextlib.suppress(TimeoutError):
            while True:
                self.datagrams.append(self.socket.recv(65_536))
        return self.datagrams

    def close(self) -> None:
        """Stop."""
        self.socket.close()


class StreamReceiver:
    """Takes connections on one port and gives what each brings to ``serve``, in threads."""

    def __init__(
        self,
        serve: Callable[[socket.socket], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = free_port()
        self.connections: list[socket.socket] = []
        self._serve = serve
        self._tls = tls
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self.start()

    def start(self) -> None:
        """Listen."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._begin(self._accept, self._listener)

    def stop(self) -> None:
        """Listen no more and break what is open, as a process that is gone."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        # Again and again: a thread in the middle of TLS's handshake has another socket behind it.
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            for each in tuple(self.connections):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
            alive = [each for each in self._threads if each.is_alive()]
            if not alive or time.monotonic() > deadline:
                break
            alive[0].join(0.02)
        self.connections.clear()
        self._threads.clear()

    def _begin(self, work: Callable[[socket.socket], None], argument: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(argument,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.connections.append(connection)
                self._begin(self._one, connection)

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self.connections.append(connection)
            self._serve(connection)
        with contextlib.suppress(OSError):
            connection.close()


class LineReceiver(StreamReceiver):
    """Keeps the lines that come in frames of either kind (RFC 6587)."""

    def __init__(self, framing: str, tls: ssl.SSLContext | None = None) -> None:
        self._framing = framing
        self.lines: list[bytes] = []
        super().__init__(self._read, tls)

    def _read(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while line := self._one_line(stream):
                self.lines.append(line)

    def _one_line(self, stream: "object") -> bytes:
        if self._framing == "newline":
            line: bytes = stream.readline()  # type: ignore[attr-defined]
            return line.removesuffix(b"\n") if line.endswith(b"\n") else b""
        length = b""
        while (octet := stream.read(1)) not in (b" ", b""):  # type: ignore[attr-defined]
            length += octet
        text: bytes = stream.read(int(length or b"0"))  # type: ignore[attr-defined]
        return text if len(text) == int(length or b"0") else b""
