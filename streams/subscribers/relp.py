"""The ``relp`` subscriber: the collector's line over RELP, each confirmed by the receiver."""

from collections import deque
from collections.abc import Sequence

from schemas.subscriber import (
    DELIVERED,
    Context,
    Event,
    Outcome,
    UnavailableError,
    refused,
    retry,
)
from streams.subscribers import relp_frames as frames
from streams.subscribers.connection import Connection, tls_context
from streams.subscribers.line import LineWriter, Written, write_lines
from streams.subscribers.relp_frames import RelpError
from streams.subscribers.settings import RelpSettings

_OK = 200
_SLICE_SECONDS = 0.2
_GOODBYE_SECONDS = 1.0
_NOT_CONFIRMED = retry("not confirmed")


class RelpSubscriber:
    """Sends lines in a window; what is not confirmed when a connection breaks goes again."""

    def __init__(self, settings: RelpSettings, context: Context, lines: LineWriter) -> None:
        """Take what it needs; nothing is connected yet.

        Args:
            settings: ``[subscribers.NAME]``.
            context: Clock, pause and counters.
            lines: Writes the lines.

        Raises:
            MisconfiguredError: A file for TLS cannot be used.
        """
        self._settings = settings
        self._context = context
        self._lines = lines
        self._tls = tls_context(settings) if settings.tls else None
        self._session: _Session | None = None

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Send each event's line, and wait for the answer to each.

        Raises:
            UnavailableError: The receiver cannot be reached.
        """
        outcomes: list[Outcome] = [DELIVERED] * len(events)
        limit = self._settings.line_octets
        lines = write_lines(self._lines, events, self._context, limit, outcomes)
        if not lines:
            return outcomes
        try:
            session = self._open_session()
        except OSError as error:
            self._drop()
            raise UnavailableError(f"{self._where()}: {_reason(error)}") from error
        for line in lines:
            outcomes[line.at] = _NOT_CONFIRMED
        try:
            session.exchange(lines, self._settings.window_records, outcomes)
        except OSError as error:
            self._drop()
            unconfirmed = [line.at for line in lines if outcomes[line.at] is _NOT_CONFIRMED]
            self._context.count("resent_records", min(len(unconfirmed), session.on_their_way))
            for index in unconfirmed:
                outcomes[index] = retry(f"{self._where()}: {_reason(error)}")
        return outcomes

    def tick(self) -> None:
        """Nothing: a session that ended is opened again by the next delivery."""

    def close(self) -> None:
        """Take leave of the receiver."""
        if self._session is not None:
            self._session.leave()
        self._drop()

    def _open_session(self) -> "_Session":
        if self._session is not None and not self._session.is_open():
            self._drop()
        if self._session is None:
            settings = self._settings
            connection = Connection(
                settings.host, settings.port, settings.timeout_seconds, self._tls
            )
            self._session = _Session(connection, settings.timeout_seconds, self._context)
            self._session.open()
            self._context.count("connections")
        return self._session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.connection.close()
            self._session = None

    def _where(self) -> str:
        return f"relp {self._settings.host}:{self._settings.port}"


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


class _Session:
    """One connection on which RELP is spoken.

    Attributes:
        connection: Closed by the owner.
        on_their_way: Lines sent and not confirmed.
    """

    def __init__(self, connection: Connection, seconds: float, context: Context) -> None:
        self.connection = connection
        self.on_their_way = 0
        self._seconds = seconds
        self._context = context
        self._reader = frames.Reader()
        self._number = 0
        self._waiting: deque[frames.Frame] = deque()

    def open(self) -> None:
        """Offer what we can, and see whether the receiver takes lines.

        Raises:
            OSError: The connection broke, or the receiver refuses (``RelpError`` is one).
        """
        number = self._send([(b"open", frames.OFFERS)])
        answer = self._answer()
        said = frames.status(answer)
        if answer.number != number or said.code != _OK:
            raise RelpError(f"the receiver refuses the session: {said.code} {said.text}")
        if b"commands=" in answer.data and b"syslog" not in answer.data:
            raise RelpError("the receiver does not take lines (no command syslog)")

    def is_open(self) -> bool:
        """Whether the receiver has not closed meanwhile."""
        try:
            while (octets := self.connection.read(0)) is not None:
                self._take(octets)
        except OSError:
            return False
        return True

    def exchange(self, lines: Sequence[Written], window: int, outcomes: list[Outcome]) -> None:
        """Send lines and take the answers.

        Args:
            lines: To be sent.
            window: So many may be on their way.
            outcomes: Written as the answers come.

        Raises:
            OSError: The connection broke or an answer does not come; what is confirmed stands in
                the outcomes.
        """
        left = deque(lines)
        open_: dict[int, int] = {}
        while left or open_:
            room = window - len(open_)
            # Refilled when half is confirmed: a call of the system for many lines.
            if left and room * 2 >= window:
                sent = [left.popleft() for _ in range(min(room, len(left)))]
                first = frames.following(self._number)
                self.on_their_way = len(open_) + len(sent)
                self._send([(b"syslog", line.octets) for line in sent])
                for line in sent:
                    open_[first] = line.at
                    first = frames.following(first)
            answer = self._answer()
            index = open_.pop(answer.number, None)
            self.on_their_way = len(open_)
            if index is None:
                raise RelpError(f"an answer to what was not asked ({answer.number})")
            said = frames.status(answer)
            outcomes[index] = (
                DELIVERED if said.code == _OK else refused(f"RELP {said.code} {said.text}")
            )

    def leave(self) -> None:
        """Say goodbye, so that the receiver need not guess; its answer is not insisted on."""
        self._seconds = _GOODBYE_SECONDS
        try:
            self._send([(b"close", b"")])
            self._answer()
        except OSError:
            return

    def _send(self, commands: Sequence[tuple[bytes, bytes]]) -> int:
        """Send frames; the number of the last one."""
        octets = []
        for command, data in commands:
            self._number = frames.following(self._number)
            octets.append(frames.encode(self._number, command, data))
        self.connection.send(b"".join(octets))
        return self._number

    def _answer(self) -> frames.Frame:
        waited = 0.0
        while not self._waiting:
            octets = self.connection.read(_SLICE_SECONDS)
            if octets is not None:
                self._take(octets)
                continue
            waited += _SLICE_SECONDS
            if waited >= self._seconds or not self._context.wait(0):
                raise TimeoutError("the receiver does not answer")
        return self._waiting.popleft()

    def _take(self, octets: bytes) -> None:
        for frame in self._reader.feed(octets):
            if frame.command == frames.SERVER_CLOSE:
                raise RelpError("the receiver closes")
            self._waiting.append(frame)
