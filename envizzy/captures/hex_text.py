"""Hex text: a datagram a line, or messages wrapped over many lines; ``#`` starts a comment.

Which of the two it is, the messages' own lengths tell: where every line is a whole message by
itself, a line is a datagram. Where some line is not, but the octets of all lines together are whole
IPFIX messages from the first octet to the last, or one whole NetFlow message, the lines are only
wrapped. Otherwise a line is a datagram (and what is short will be reported as malformed).
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from envizzy.captures.ipfix_lengths import IPFIX_VERSION, message_length, message_lengths
from envizzy.captures.model import CaptureError
from streams.wire import READERS, MalformedMessage, read_message

_HEX_LINE = re.compile(r"[0-9a-fA-F]+")
_SHOWN = 20
"""Characters of an offending line that an error shows."""


class HexLine(NamedTuple):
    """The digits of one line that has any.

    Attributes:
        number: Line number, from 1.
        digits: Without white space and comment; may be odd in number where a message is wrapped.
    """

    number: int
    digits: str


def hex_lines(text: str, name: str) -> list[HexLine]:
    """The lines that hold digits.

    Raises:
        CaptureError: A line holds anything but hex digits, white space and a comment.
    """
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        digits = "".join(line.split("#", 1)[0].split())
        if not digits:
            continue
        if not _HEX_LINE.fullmatch(digits):
            raise CaptureError(
                f"{name}:{number}: {line.strip()[:_SHOWN]!r}: text of hex digits is expected,"
                " a datagram a line, with # before comments"
            )
        lines.append(HexLine(number, digits))
    return lines


def hex_datagrams(text: str, name: str) -> Iterator[bytes]:
    """The datagrams of hex text.

    Raises:
        CaptureError: Something other than hex, or a line of an odd number of digits that is no part
            of a
            wrapped message.
    """
    lines = hex_lines(text, name)
    wrapped = _wrapped(lines)
    if wrapped is not None:
        yield from wrapped
        return
    for line in lines:
        if len(line.digits) % 2:
            raise CaptureError(
                f"{name}:{line.number}: {len(line.digits)} hex digits; an octet has two,"
                " and all lines together are no whole messages"
            )
        yield bytes.fromhex(line.digits)


def _wrapped(lines: Sequence[HexLine]) -> list[bytes] | None:
    """The messages of text whose lines are only wrapped, else None."""
    digits = "".join(line.digits for line in lines)
    if len(digits) % 2 or all(_is_whole(line.digits) for line in lines):
        return None
    octets = bytes.fromhex(digits)
    lengths = message_lengths(octets)
    if lengths is None:
        return [octets] if _is_one_netflow_message(octets) else None
    messages, start = [], 0
    for length in lengths:
        messages.append(octets[start : start + length])
        start += length
    return messages


def _is_whole(digits: str) -> bool:
    """Whether a line can be a datagram by itself; an unknown version says nothing against it."""
    if len(digits) % 2:
        return False
    octets = bytes.fromhex(digits)
    if int.from_bytes(octets[:2], "big") == IPFIX_VERSION:
        length = message_length(octets)
        return length is not None and length <= len(octets)
    return octets[:2] not in READERS or _is_netflow_message(octets)


def _is_netflow_message(octets: bytes) -> bool:
    try:
        read_message(octets)
    except MalformedMessage:
        return False
    return True


def _is_one_netflow_message(octets: bytes) -> bool:
    """Whether nothing is left over: the records counted, or the FlowSets, fill the octets."""
    if not _is_netflow_message(octets):
        return False
    message = read_message(octets)
    return bool(message.sets) and not message.trailing
