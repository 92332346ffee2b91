"""The small HTTP server of each service: ``/metrics``, ``/healthz``, ``/readyz``."""

import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

_REQUEST_SECONDS = 5.0
"""Patience with a client that sends nothing."""


class Verdict(NamedTuple):
    """An answer to "are you well?" or "are you ready?".

    Attributes:
        ok: 200 if so, else 503.
        detail: One line for people.
    """

    ok: bool
    detail: str


class HealthError(OSError):
    """The server cannot listen; the message is one line that says what to do."""


class HealthServer:
    """A server that was started by ``serve``.

    Attributes:
        port: The one it listens on, also where port 0 was asked for.
    """

    def __init__(self, server: ThreadingHTTPServer, *, threaded: bool) -> None:
        self._server = server
        self.port: int = server.server_address[1]
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
            )
            self._thread.start()

    def fileno(self) -> int:
        """For a selector, where the owner calls ``answer`` itself."""
        return self._server.fileno()

    def answer(self) -> None:
        """Take one waiting request; for an owner without a thread."""
        self._server.handle_request()

    def close(self) -> None:
        """Stop listening."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def serve(
    host: str,
    port: int,
    registry: CollectorRegistry,
    health: Callable[[], Verdict],
    ready: Callable[[], Verdict],
    *,
    threaded: bool = True,
) -> HealthServer:
    """Start to answer.

    Args:
        host: An IP address of either family.
        port: 0 takes any free one.
        registry: What ``/metrics`` shows.
        health: False only where a restart would help; called in the server's thread.
        ready: Whether the service does its work now; called in the server's thread.
        threaded: False for a process that must not have threads (it forks): it calls ``answer``.

    Raises:
        HealthError: The port is in use, or the address is not of this host.
    """

    class Handler(BaseHTTPRequestHandler):
        """Answers three paths."""

        timeout = _REQUEST_SECONDS
        server_version = "envizzy"
        sys_version = ""

        def do_GET(self) -> None:
            """Answer one request."""
            path = self.path.split("?", 1)[0]
            if path == "/metrics":
                self._send(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif path in ("/healthz", "/readyz"):
                verdict = health() if path == "/healthz" else ready()
                status = HTTPStatus.OK if verdict.ok else HTTPStatus.SERVICE_UNAVAILABLE
                self._send(status, "text/plain; charset=utf-8", f"{verdict.detail}\n".encode())
            else:
                text = b"/metrics, /healthz or /readyz\n"
                self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", text)

        def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent: a scrape every few seconds is no event."""

    class Server(ThreadingHTTPServer):
        """For the family of the address."""

        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True
        # A restarted service finds its port free at once; a second service on it is still refused.
        allow_reuse_address = True

        def server_bind(self) -> None:
            """Bind without the name lookup of the base class, which may take seconds."""
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)
            self.server_address = self.socket.getsockname()
            self.server_name, self.server_port = host, self.server_address[1]

    try:
        return HealthServer(Server((host, port), Handler), threaded=threaded)
    except OSError as error:
        raise HealthError(
            f"health: cannot listen on {host} port {port}: {error.strerror}; "
            f"find the owner with 'ss -tlpn sport = :{port}' or change the port in [health]"
        ) from error
