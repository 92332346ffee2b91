"""A server that answers as Splunk documents for its HTTP Event Collector."""

import gzip
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "4bf51d30-0000-0000-0000-c4f61a7c9c1e"  # noqa: S105 - of the test's own server

Fault = Callable[["Handler", list[Any]], bool]
"""Answers in place of the server and says True, or leaves the request to it."""

CODES = {
    0: (200, "Success"),
    1: (403, "Token disabled"),
    2: (401, "Token is required"),
    4: (403, "Invalid token"),
    5: (400, "No data"),
    6: (400, "Invalid data format"),
    7: (400, "Incorrect index"),
    9: (503, "Server is busy"),
    10: (400, "Data channel is missing"),
    12: (400, "Event field is required"),
    13: (400, "Event field cannot be blank"),
    14: (400, "ACK is disabled"),
}


class Splunk:
    """The server and what it has indexed.

    Attributes:
        events: Indexed, as they were sent.
        disabled: Whether the token is.
        acknowledges: Whether the token has indexer acknowledgement.
        polls: So often an acknowledgement is asked for before it is there.
        indexes: Those there are.
        faults: One for each request for events, as long as there are some.
        requests: Headers of all requests for events.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.disabled = False
        self.acknowledges = True
        self.polls = 1
        self.indexes = {"main"}
        self.faults: list[Fault] = []
        self.requests: list[dict[str, str]] = []
        self.asked: dict[int, int] = {}
        self.next_ack = 0
        self.lock = threading.Lock()
        self._tls = tls
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before."""
        splunk = self

        class Bound(Handler):
            """Of this server."""

            server_side = splunk

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Bound)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more; acknowledgements that were not asked for are gone, as at a restart."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.asked.clear()


class Handler(BaseHTTPRequestHandler):
    """One connection; a stopped server answers nothing more on it."""

    server_side: Splunk
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Events or a question for acknowledgements."""
        splunk = self.server_side
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if splunk._server is None:
            self.close_connection = True
            return
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        token = self.headers.get("Authorization", "")
        if not token:
            self.code(2)
        elif token != f"Splunk {TOKEN}":
            self.code(4)
        elif splunk.disabled:
            self.code(1)
        elif self.path.startswith("/services/collector/ack"):
            self._acks(body)
        elif self.path == "/services/collector/event":
            splunk.requests.append(dict(self.headers))
            self._events(body)
        else:
            self.answer(404, {"text": "The requested URL was not found on this server."})

    def _events(self, body: bytes) -> None:
        splunk = self.server_side
        try:
            events = [json.loads(line) for line in body.splitlines()]
        except ValueError:
            events = []
        if splunk.faults and splunk.faults.pop(0)(self, events):
            return
        if not events:
            self.code(5 if not body else 6, **({"invalid-event-number": 0} if body else {}))
            return
        if splunk.acknowledges and not self.headers.get("X-Splunk-Request-Channel"):
            self.code(10)
            return
        for number, event in enumerate(events):
            bad = self._bad(event)
            if bad:
                # Splunk has taken what stands before.
                with splunk.lock:
                    splunk.events += events[:number]
                self.code(bad, **{"invalid-event-number": number})
                return
        self.index(events)

    def index(self, events: list[Any]) -> int:
        """Take events and answer with an acknowledgement id."""
        splunk = self.server_side
        with splunk.lock:
            splunk.events += events
            number = splunk.next_ack
            splunk.next_ack += 1
            splunk.asked[number] = 0
        self.code(0, **({"ackId": number} if splunk.acknowledges else {}))
        return number

    def _bad(self, event: dict[str, Any]) -> int:
        if "event" not in event:
            return 12
        if event["event"] in ("", None):
            return 13
        if "refuse me" in str(event["event"]):
            return 6
        return 0 if event.get("index", "main") in self.server_side.indexes else 7

    def _acks(self, body: bytes) -> None:
        splunk = self.server_side
        if not splunk.acknowledges:
            self.code(14)
            return
        states = {}
        with splunk.lock:
            for number in json.loads(body)["acks"]:
                asked = splunk.asked.get(number)
                if asked is not None:
                    splunk.asked[number] = asked + 1
                states[str(number)] = asked is not None and asked + 1 >= splunk.polls
                if states[str(number)]:
                    del splunk.asked[number]  # told once, then forgotten
        self.answer(200, {"acks": states})

    def code(self, code: int, **more: Any) -> None:
        """Answer with one of Splunk's codes."""
        status, text = CODES[code]
        self.answer(status, {"text": text, "code": code, **more})

    def answer(self, status: int, document: dict[str, Any], **headers: str) -> None:
        """Answer."""
        octets = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(octets)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def busy(handler: Handler, _: list[Any]) -> bool:
    """503, code 9, with a time to wait."""
    handler.answer(503, {"text": "Server is busy", "code": 9}, Retry_After="3")
    return True


def cut_before(handler: Handler, _: list[Any]) -> bool:
    """The connection breaks before anything is indexed."""
    handler.close_connection = True
    handler.connection.close()
    return True


def cut_after(handler: Handler, events: list[Any]) -> bool:
    """It breaks after the events are indexed: their repeats are told by record id."""
    handler.server_side.events += events
    return cut_before(handler, events)


def never_acknowledged(handler: Handler, events: list[Any]) -> bool:
    """Indexed, but the acknowledgement is never there."""
    number = handler.index(events)
    del handler.server_side.asked[number]
    return True


def no_json(handler: Handler, _: list[Any]) -> bool:
    """A proxy's own refusal."""
    handler.answer(502, {})
    return True


def too_large(limit: int) -> Fault:
    """413 for requests of more events than so many."""

    def fault(handler: Handler, events: list[Any]) -> bool:
        if len(events) > limit:
            handler.answer(413, {"text": "Content-Length of request is too large"})
            return True
        return False

    return fault
