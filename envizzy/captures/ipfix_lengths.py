"""Do octets look like IPFIX Messages one behind the other? The length field tells (RFC 7011, 3.1).

This only tells formats apart; the Messages are cut and read by ``streams.wire``.
"""

import struct

IPFIX_VERSION = 10
MESSAGE_HEADER_OCTETS = 16

_VERSION_AND_LENGTH = struct.Struct("!HH")


def message_length(octets: bytes, start: int = 0) -> int | None:
    """The Length of the Message that begins here, None where no IPFIX Message Header can."""
    if len(octets) - start < _VERSION_AND_LENGTH.size:
        return None
    version, length = _VERSION_AND_LENGTH.unpack_from(octets, start)
    if version != IPFIX_VERSION or length < MESSAGE_HEADER_OCTETS:
        return None
    return int(length)


def message_lengths(octets: bytes) -> list[int] | None:
    """The Lengths of Messages that fill the octets exactly, None where they do not."""
    lengths, start = [], 0
    while start < len(octets):
        length = message_length(octets, start)
        if length is None or start + length > len(octets):
            return None
        lengths.append(length)
        start += length
    return lengths or None


def begins_stream(octets: bytes) -> bool:
    """Whether a second Message header follows where the first Message ends; it may be cut short."""
    length = message_length(octets)
    return length is not None and message_length(octets, length) is not None
