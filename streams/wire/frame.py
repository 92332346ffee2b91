"""The frame of an IPFIX Message: its header and every Set Header (RFC 7011, 3.1 and 3.3.2)."""

import struct

from streams.wire.model import Malformed, MalformedMessage, Message, MessageHeader, SetSpan

VERSION = 10
"""Version of IPFIX (RFC 7011, 3.1)."""

HEADER_LENGTH = 16
"""Octets of the Message Header."""

SET_HEADER_LENGTH = 4
"""Octets of a Set Header."""

_SINGLE_SET_START = HEADER_LENGTH + SET_HEADER_LENGTH

_header = struct.Struct(">HHIII").unpack_from
_header_and_set = struct.Struct(">HHIIIHH").unpack_from
_set_header = struct.Struct(">HH").unpack_from
_tuple = tuple.__new__  # what a NamedTuple's constructor, a Python function, calls


def read_ipfix_message(payload: bytes) -> Message:
    """Check the frame of a Message, all of it before anything in it is used.

    Args:
        payload: One whole UDP or DTLS payload, from the Version field on.

    Returns:
        Header, Sets and how many octets follow the Message. A Message without Sets is sound.

    Raises:
        MalformedMessage: ``truncated`` (fewer octets than a Message Header), ``version``,
            ``message_length`` (shorter than the header, longer than the payload), ``set_length``
            (shorter than a Set Header, past the Message, or octets left for no Set Header).
    """
    header = read_header(payload)
    return Message(header, _read_sets(payload, header.length), len(payload) - header.length)


def read_single_set(payload: bytes) -> tuple[int, int, SetSpan] | None:
    """Read the frame of a Message that is one Set, as most are: one unpack, no objects, no loop.

    Args:
        payload: One whole UDP or DTLS payload.

    Returns:
        Sequence Number, Observation Domain ID and the Set; None for any other payload.
    """
    if len(payload) < _SINGLE_SET_START:
        return None
    version, length, _, sequence, domain, set_id, set_length = _header_and_set(payload)
    if version != VERSION or length != len(payload) or set_length != length - HEADER_LENGTH:
        return None
    return sequence, domain, _tuple(SetSpan, (set_id, 0, _SINGLE_SET_START, length))


def read_header(payload: bytes, offset: int = 0) -> MessageHeader:
    """Read the Message Header at ``offset``: 0 in a payload, where a Message begins in a file.

    Raises:
        MalformedMessage: ``truncated``, ``version`` or ``message_length``.
    """
    available = len(payload) - offset
    if available < HEADER_LENGTH:
        raise MalformedMessage(
            Malformed.TRUNCATED, offset, f"{available} octets, the header needs {HEADER_LENGTH}"
        )
    header = MessageHeader(*_header(payload, offset))
    if header.version != VERSION:
        raise MalformedMessage(
            Malformed.VERSION, offset, f"version {header.version}, {VERSION} is IPFIX"
        )
    # Octets left over after the Message are no reason to refuse it: 9.1 names lengths that
    # overrun their container, not what follows. The caller counts what is left over.
    if not HEADER_LENGTH <= header.length <= available:
        raise MalformedMessage(
            Malformed.MESSAGE_LENGTH, offset + 2, f"{header.length}, received {available}"
        )
    return header


def _read_sets(payload: bytes, end: int) -> tuple[SetSpan, ...]:
    spans: list[SetSpan] = []
    position = HEADER_LENGTH
    while position < end:
        if end - position < SET_HEADER_LENGTH:
            raise MalformedMessage(
                Malformed.SET_LENGTH,
                position,
                f"{end - position} octets behind the last Set, a Set Header needs 4",
            )
        set_id, length = _set_header(payload, position)
        if not SET_HEADER_LENGTH <= length <= end - position:
            raise MalformedMessage(
                Malformed.SET_LENGTH,
                position + 2,
                f"Set {set_id} of {length} octets, 4 to {end - position} would fit",
            )
        spans.append(SetSpan(set_id, len(spans), position + SET_HEADER_LENGTH, position + length))
        position += length
    return tuple(spans)
