"""NetFlow v1, v5 and v7: fixed records, one reader, a table for each version.

No RFC has them. Sources: Cisco, "NetFlow Export Datagram Format" (NetFlow FlowCollector user guide:
versions 1, 5 and 7), and the Catalyst 6500 configuration guide, "Configuring NDE" (version 7).
"""

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

from schemas.registry import FIXED_ELEMENTS
from streams.wire.model import (
    FieldSpecifier,
    Malformed,
    MalformedMessage,
    Message,
    MessageHeader,
    SetSpan,
    Template,
)

_COUNT_OFFSET = 2

_v1 = struct.Struct(">HHIII")
_v5 = struct.Struct(">HHIIIIHH")
_v7 = struct.Struct(">HHIIII4x")


def _fields(*fields: tuple[int, int]) -> tuple[FieldSpecifier, ...]:
    return tuple(FieldSpecifier(0, element_id, length) for element_id, length in fields)


_BEGINNING = (
    (8, 4),  # sourceIPv4Address
    (12, 4),  # destinationIPv4Address
    (15, 4),  # ipNextHopIPv4Address
    (10, 2),  # ingressInterface
    (14, 2),  # egressInterface
    (2, 4),  # packetDeltaCount
    (1, 4),  # octetDeltaCount
    (22, 4),  # flowStartSysUpTime
    (21, 4),  # flowEndSysUpTime
    (7, 2),  # sourceTransportPort
    (11, 2),  # destinationTransportPort; of ICMP type * 256 + code
)
"""With what the records of all three begin."""

_AS_AND_PREFIXES = (
    (16, 2),  # bgpSourceAsNumber
    (17, 2),  # bgpDestinationAsNumber
    (9, 1),  # sourceIPv4PrefixLength
    (13, 1),  # destinationIPv4PrefixLength
)

_PADDING = 210

FIXED_TEMPLATES: Mapping[int, Template] = {
    1: Template(
        1,
        _fields(
            *_BEGINNING,
            (_PADDING, 2),
            (4, 1),  # protocolIdentifier
            (5, 1),  # ipClassOfService
            (6, 1),  # tcpControlBits
            (_PADDING, 7),
        ),
    ),
    5: Template(
        5,
        _fields(
            *_BEGINNING,
            (_PADDING, 1),
            (6, 1),
            (4, 1),
            (5, 1),
            *_AS_AND_PREFIXES,
            (_PADDING, 2),
        ),
    ),
    7: Template(
        7,
        _fields(
            *_BEGINNING,
            (FIXED_ELEMENTS + 1, 1),  # flowMask
            (6, 1),
            (4, 1),
            (5, 1),
            *_AS_AND_PREFIXES,
            (FIXED_ELEMENTS + 2, 2),  # invalidFlowFlags
            (43, 4),  # ipv4RouterSc
        ),
    ),
}
"""The records by version; the Template ID is the version, which no Template on a wire can have."""


class _Form(NamedTuple):
    """A version's header."""

    size: int
    record: int
    header: Callable[[bytes, int], MessageHeader]


def _record(version: int) -> int:
    return sum(item.length for item in FIXED_TEMPLATES[version].fields)


def _header_1(payload: bytes, length: int) -> MessageHeader:
    version, _, uptime, seconds, residual = _v1.unpack_from(payload)
    return MessageHeader(version, length, seconds, 0, 0, uptime, residual)


def _header_5(payload: bytes, length: int) -> MessageHeader:
    version, _, uptime, seconds, residual, sequence, engine, sampling = _v5.unpack_from(payload)
    return MessageHeader(version, length, seconds, sequence, engine, uptime, residual, sampling)


def _header_7(payload: bytes, length: int) -> MessageHeader:
    version, _, uptime, seconds, residual, sequence = _v7.unpack_from(payload)
    return MessageHeader(version, length, seconds, sequence, 0, uptime, residual)


_FORMS: Mapping[int, _Form] = {
    1: _Form(_v1.size, _record(1), _header_1),
    5: _Form(_v5.size, _record(5), _header_5),
    7: _Form(_v7.size, _record(7), _header_7),
}


def read_fixed_message(payload: bytes) -> Message:
    """Read header and extent of a NetFlow v1, v5 or v7 datagram.

    Args:
        payload: One whole UDP payload whose Version is a key of ``FIXED_TEMPLATES``.

    Returns:
        The header and the records as one Set, whose id is the version; no Set where the header
        counts no records. What is behind the last record is ``trailing``: only the header says how
        many records there are.

    Raises:
        MalformedMessage: ``truncated`` (fewer octets than a header), ``message_length`` (the header
            counts more records than there are; at its Count).
    """
    form = _form(payload)
    count = payload[2] << 8 | payload[3]
    length = form.size + count * form.record
    if length > len(payload):
        raise MalformedMessage(
            Malformed.MESSAGE_LENGTH,
            _COUNT_OFFSET,
            f"{count} records of {form.record} octets, {len(payload) - form.size} octets left",
        )
    header = form.header(payload, length)
    sets = (SetSpan(header.version, 0, form.size, length),) if count else ()
    return Message(header, sets, len(payload) - length)


def read_fixed_header(payload: bytes) -> MessageHeader:
    """Read the header of a NetFlow v1, v5 or v7 datagram; its length is that of the payload.

    Raises:
        MalformedMessage: ``truncated``.
    """
    return _form(payload).header(payload, len(payload))


def _form(payload: bytes) -> _Form:
    form = _FORMS[payload[1]]
    if len(payload) < form.size:
        raise MalformedMessage(
            Malformed.TRUNCATED, 0, f"{len(payload)} octets, the header needs {form.size}"
        )
    return form
