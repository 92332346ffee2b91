"""Frames of RELP, the Reliable Event Logging Protocol (librelp's doc/relp.html); pure octets.

``TXNR SP COMMAND SP DATALEN [SP DATA] LF``: the number counts from 1 and wraps at 999,999,999; the
peer answers each frame by ``rsp`` with its number and ``200 OK`` or an error.
"""

import re
from typing import NamedTuple

LARGEST_NUMBER = 999_999_999
LARGEST_OCTETS = 1 << 20
"""Of a frame that comes in: answers have some hundred octets."""

OFFERS = b"relp_version=0\nrelp_software=envizzy\ncommands=syslog"
"""What we can do; the peer answers with what it can."""

SERVER_CLOSE = b"serverclose"
"""The peer's announcement (number 0) that it is about to close."""

_HEAD = re.compile(rb"([0-9]{1,9}) ([A-Za-z]{1,32}) ([0-9]{1,9})([ \n])")
_LONGEST_HEAD = 9 + 1 + 32 + 1 + 9 + 1
_STATUS = re.compile(rb"([0-9]{3})(?: (.*?))?(?:\n|$)", re.DOTALL)


class RelpError(ConnectionError):
    """The peer does not speak RELP as it should; the connection is of no use."""


class Frame(NamedTuple):
    """One frame.

    Attributes:
        number: Transaction number.
        command: ``rsp``, ``serverclose``.
        data: What it carries.
    """

    number: int
    command: bytes
    data: bytes


class Status(NamedTuple):
    """What a ``rsp`` says.

    Attributes:
        code: 200: taken.
        text: One line for people.
    """

    code: int
    text: str


def encode(number: int, command: bytes, data: bytes = b"") -> bytes:
    """Write one frame."""
    if not data:
        return b"%d %s 0\n" % (number, command)
    return b"%d %s %d %s\n" % (number, command, len(data), data)


def following(number: int) -> int:
    """The transaction number behind another one."""
    return 1 if number >= LARGEST_NUMBER else number + 1


def status(frame: Frame) -> Status:
    """Read the answer in a ``rsp`` frame.

    Raises:
        RelpError: It has no status.
    """
    match = _STATUS.match(frame.data)
    if not match:
        raise RelpError(f"RELP answer without a status: {frame.data[:60]!r}")
    return Status(int(match[1]), (match[2] or b"").decode("utf-8", "backslashreplace"))


class Reader:
    """Puts frames together from what the connection brings."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def feed(self, octets: bytes) -> list[Frame]:
        """Take in octets; the frames that they complete.

        Raises:
            RelpError: They are no RELP.
        """
        self._octets += octets
        frames: list[Frame] = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        match = _HEAD.match(self._octets)
        if not match:
            if len(self._octets) > _LONGEST_HEAD or b"\n" in self._octets:
                raise RelpError(f"no RELP frame: {bytes(self._octets[:60])!r}")
            return None
        length = int(match[3])
        if length > LARGEST_OCTETS:
            raise RelpError(f"RELP frame of {length} octets")
        # "0\n" and "0 \n" both are an empty frame
        start = match.end() if match[4] == b" " else match.end() - 1
        if len(self._octets) < start + length + 1:
            return None
        if self._octets[start + length] != ord(b"\n"):
            raise RelpError(f"RELP frame without its end: {bytes(self._octets[:60])!r}")
        frame = Frame(int(match[1]), bytes(match[2]), bytes(self._octets[start : start + length]))
        del self._octets[: start + length + 1]
        return frame
