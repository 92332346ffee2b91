"""RELP: frames cut at every octet, the window, sessions that end."""

import socket
from collections.abc import Sequence

import pytest

from schemas.subscriber import Event, Fate, UnavailableError
from streams.subscribers import relp_frames as frames
from streams.subscribers.contract import (
    ContractContext,
    SubscriberContract,
    deliver_all,
    make_events,
    marks,
)
from streams.subscribers.make import line_writer
from streams.subscribers.relp import RelpSubscriber
from streams.subscribers.relp_frames import Frame, Reader, RelpError
from streams.subscribers.settings import RelpSettings
from tests.subscribers.receivers import StreamReceiver


class RelpReceiver(StreamReceiver):
    """Answers as rsyslog's imrelp; a line with ``refuse me`` is answered by 500.

    Attributes:
        lines: Those confirmed.
        windows: Greatest number of frames that came before an answer was sent.
        close_after: After so many lines it announces its end and closes.
    """

    def __init__(self, close_after: int = 0, answer: bytes = b"200 OK") -> None:
        self.lines: list[bytes] = []
        self.commands: list[bytes] = []
        self.close_after = close_after
        self.answer = answer
        super().__init__(self._talk)

    def _talk(self, connection: socket.socket) -> None:
        reader = Reader()
        while octets := connection.recv(65_536):
            for frame in reader.feed(octets):
                self.commands.append(frame.command)
                if frame.command == b"open":
                    said = self.answer + b"\n" + frames.OFFERS
                elif b"refuse me" in frame.data:
                    said = b"500 not today"
                else:
                    said = b"200 OK"
                    if frame.command == b"syslog":
                        self.lines.append(frame.data)
                connection.sendall(frames.encode(frame.number, b"rsp", said))
                if self.close_after and len(self.lines) >= self.close_after:
                    self.close_after = 0
                    connection.sendall(frames.encode(0, b"serverclose"))
                    return


def make(port: int, context: ContractContext | None = None, **values: object) -> RelpSubscriber:
    """A subscriber with settings of the test's own."""
    settings = RelpSettings.model_validate(
        {"type": "relp", "host": "127.0.0.1", "port": port, "hostname": "collector", **values}
    )
    return RelpSubscriber(settings, context or ContractContext(), line_writer(settings))


class TestRelpContract(SubscriberContract):
    """A small window, so that it fills."""

    can_refuse = True

    @pytest.fixture(autouse=True)
    def _receiver(self) -> None:
        self.receiver = RelpReceiver()

    def make(self, context: ContractContext) -> RelpSubscriber:
        """To the receiver."""
        return make(self.receiver.port, context, window_records=7)

    def received(self) -> Sequence[bytes]:
        """The lines that it confirmed."""
        return self.receiver.lines

    def away(self) -> None:
        """Its process is gone."""
        self.receiver.stop()

    def back(self) -> None:
        """It listens again."""
        self.receiver.start()

    def refusable(self, event: Event) -> Event:
        """A line that the receiver answers by 500."""
        return event._replace(value=b'{"dh":"refuse me"}')


def test_a_receiver_that_closes_in_the_middle_loses_nothing() -> None:
    """What it confirmed is not sent again, the rest is."""
    receiver = RelpReceiver(close_after=25)
    subscriber = make(receiver.port, window_records=10)
    events = make_events(60)
    outcomes = subscriber.deliver(events)
    confirmed = [each.fate for each in outcomes].count(Fate.DELIVERED)
    again = [e for e, o in zip(events, outcomes, strict=True) if o.fate is Fate.RETRY]
    deliver_all(subscriber, again)
    subscriber.close()

    assert confirmed <= 25
    assert len(again) == 60 - confirmed
    assert set(marks([e.value or b"" for e in events])) == set(marks(receiver.lines))
    assert b"close" == receiver.commands[-1]


def test_a_session_that_is_refused_is_away() -> None:
    """With the receiver's answer."""
    receiver = RelpReceiver(answer=b"500 too many sessions")
    with pytest.raises(UnavailableError, match="500 too many sessions"):
        make(receiver.port).deliver(make_events(1))


def test_the_number_of_frames_wraps() -> None:
    """At nine digits."""
    assert 1 == frames.following(frames.LARGEST_NUMBER)
    assert 8 == frames.following(7)


@pytest.mark.parametrize(
    ("octets", "frame"),
    [
        (b"1 rsp 6 200 OK\n", Frame(1, b"rsp", b"200 OK")),
        (b"0 serverclose 0\n", Frame(0, b"serverclose", b"")),
        (b"2 rsp 0 \n", Frame(2, b"rsp", b"")),
        (b"3 rsp 7 200\n\nab\n", Frame(3, b"rsp", b"200\n\nab")),
    ],
)
def test_a_frame_may_come_in_any_pieces(octets: bytes, frame: Frame) -> None:
    """Cut at every octet it is the same, and nothing comes of it before its end."""
    for cut in range(len(octets)):
        reader = Reader()
        assert [] == reader.feed(octets[:cut])
        assert [frame] == reader.feed(octets[cut:])
    assert [frame, frame] == Reader().feed(octets * 2)


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"1 rsp 6 200 OKx",
        b"1 rsp 9999999 x",
        b"x" * 60,
        b"1 rsp\n",
    ],
)
def test_what_is_no_relp_breaks_the_connection(octets: bytes) -> None:
    """It is an OSError: the runner tries again."""
    with pytest.raises(RelpError):
        Reader().feed(octets)


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        (b"200 OK", 200, "OK"),
        (b"500 no\nmore", 500, "no"),
        (b"200 OK\nrelp_version=0", 200, "OK"),
        (b"200", 200, ""),
    ],
)
def test_the_status_of_an_answer(data: bytes, code: int, text: str) -> None:
    """Three digits and a line for people."""
    assert (code, text) == frames.status(Frame(1, b"rsp", data))


def test_an_answer_without_a_status_breaks_the_connection() -> None:
    """Nothing is taken for a confirmation."""
    with pytest.raises(RelpError):
        frames.status(Frame(1, b"rsp", b"OK"))
