"""NetFlow v1, v5 and v7: fixed records."""

import struct

import pytest

from schemas.elements import load_registry
from streams.wire import (
    FIXED_TEMPLATES,
    Column,
    DataSet,
    Malformed,
    MalformedMessage,
    MessageHeader,
    NestedTemplates,
    Plan,
    SetSpan,
    bind,
    compile_plan,
    field_names,
    output_value,
    read_data_set,
    read_message,
    read_message_header,
)
from tests.wire.octets import NO_LIMITS

REGISTRY = load_registry()

SIZES = {1: (16, 48), 5: (24, 48), 7: (24, 52)}
"""Octets of header and record."""

# SysUptime 60 s | UNIX Secs 2015-11-16T00:00:00Z | nanoseconds
CLOCK = bytes.fromhex("0000ea60 56491c80 00000005")
# v5: flow sequence 9 | engine type 6 | engine id 5 | sampling mode 1, interval 100
HEADERS = {
    1: CLOCK,
    5: CLOCK + bytes.fromhex("00000009 06 05 4064"),
    7: CLOCK + bytes.fromhex("00000009 00000000"),
}
# addresses | next hop | interfaces | packets, octets | first, last | ports
BEGINNING = bytes.fromhex(
    "0a000001 0a000002 0a0000fe 0003 0004 00000007 00000400 00001388 00002710 c350 01bb"
)
RECORDS = {
    # pad | protocol | ToS | flags | pad
    1: BEGINNING + bytes.fromhex("0000 06 b8 1b") + bytes(7),
    # pad | flags | protocol | ToS | AS numbers | prefixes | pad
    5: BEGINNING + bytes.fromhex("00 1b 06 b8 fde8 fde9 18 10 0000"),
    # flow mask | flags | protocol | ToS | AS numbers | prefixes | flags | router
    7: BEGINNING + bytes.fromhex("02 1b 06 b8 fde8 fde9 18 10 0001 0a0000fd"),
}
VALUES = {
    "sourceIPv4Address": "10.0.0.1",
    "destinationIPv4Address": "10.0.0.2",
    "ipNextHopIPv4Address": "10.0.0.254",
    "ingressInterface": 3,
    "egressInterface": 4,
    "packetDeltaCount": 7,
    "octetDeltaCount": 1024,
    "flowStartSysUpTime": 5000,
    "flowEndSysUpTime": 10000,
    "sourceTransportPort": 50000,
    "destinationTransportPort": 443,
    "protocolIdentifier": 6,
    "ipClassOfService": 184,
    "tcpControlBits": 27,
}
ROUTING = {
    "bgpSourceAsNumber": 65000,
    "bgpDestinationAsNumber": 65001,
    "sourceIPv4PrefixLength": 24,
    "destinationIPv4PrefixLength": 16,
}
EXPECTED = {
    1: VALUES,
    5: VALUES | ROUTING,
    7: VALUES | ROUTING | {"flowMask": 2, "invalidFlowFlags": 1, "ipv4RouterSc": "10.0.0.253"},
}

every_version = pytest.mark.parametrize("version", [1, 5, 7])


def datagram(version: int, count: int, *records: bytes) -> bytes:
    """Version | Count | the rest of the header | records."""
    return struct.pack(">HH", version, count) + HEADERS[version] + b"".join(records)


def refused(payload: bytes) -> tuple[Malformed, int]:
    with pytest.raises(MalformedMessage) as caught:
        read_message(payload)
    return caught.value.reason, caught.value.offset


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (1, MessageHeader(1, 16, 0x56491C80, 0, 0, 60000, 5)),
        (5, MessageHeader(5, 24, 0x56491C80, 9, 0x0605, 60000, 5, 0x4064)),
        (7, MessageHeader(7, 24, 0x56491C80, 9, 0, 60000, 5)),
    ],
)
def test_header_fields_are_read(version: int, expected: MessageHeader) -> None:
    """Uptime, clock, sequence, engine as the domain, the sampling word as sent; no Set."""
    payload = datagram(version, 0)

    assert (expected, (), 0) == read_message(payload)
    assert expected == read_message_header(payload)


@every_version
def test_records_are_read_as_elements(version: int) -> None:
    """All records are one Set, whose id is the version; its Template names IANA elements."""
    payload = datagram(version, 2, RECORDS[version], RECORDS[version])
    message = read_message(payload)
    size, record = SIZES[version]
    bound = bind(FIXED_TEMPLATES[version], REGISTRY)
    result = read_data_set(payload, message.sets[0], bound, NestedTemplates(), NO_LIMITS)

    assert (SetSpan(version, 0, size, size + 2 * record),) == message.sets
    assert size + 2 * record == message.header.length == len(payload)
    assert isinstance(result, DataSet)
    assert (2, 0) == (len(result.records), result.padding)
    for row in result.records:
        names = field_names([element for element, _ in row.fields])
        got = {
            name: output_value(value) for name, (_, value) in zip(names, row.fields, strict=True)
        }
        shown = {name: value for name, value in got.items() if not name.startswith("padding")}
        assert EXPECTED[version] == shown
    assert all(item.element.known for item in bound.fields)


@every_version
def test_records_compile(version: int) -> None:
    """The compiled layout gives the same."""
    bound = bind(FIXED_TEMPLATES[version], REGISTRY)
    plan = Plan((), tuple(Column(item.element.name, n) for n, item in enumerate(bound.fields)))
    reader = compile_plan(bound, plan)
    payload = datagram(version, 1, RECORDS[version])
    span = read_message(payload).sets[0]

    assert reader is not None
    (row,) = reader(payload, span.start, span.end)
    assert row.items() >= EXPECTED[version].items()


@every_version
def test_every_truncation_is_refused(version: int) -> None:
    """In the header at octet 0, in the records at the Count that wants more."""
    payload = datagram(version, 2, RECORDS[version], RECORDS[version])
    for length in range(2, len(payload)):
        expected = (
            (Malformed.TRUNCATED, 0)
            if length < SIZES[version][0]
            else (Malformed.MESSAGE_LENGTH, 2)
        )
        assert expected == refused(payload[:length])


@every_version
def test_count_past_the_datagram_is_refused(version: int) -> None:
    """Nobody can tell which of the records are there."""
    for count in (2, 31, 55582, 65535):
        assert (Malformed.MESSAGE_LENGTH, 2) == refused(datagram(version, count, RECORDS[version]))


@every_version
@pytest.mark.parametrize("behind", [b"x", bytes(48), b"\x00\x05"])
def test_octets_behind_the_counted_records_are_trailing(version: int, behind: bytes) -> None:
    """Only the header says how many records there are."""
    message = read_message(datagram(version, 1, RECORDS[version]) + behind)

    assert (1, len(behind)) == (len(message.sets), message.trailing)
    assert sum(SIZES[version]) == message.sets[0].end


def test_more_records_than_a_router_sends_are_read() -> None:
    """Cisco sends 30 at most; the datagram is the limit."""
    message = read_message(datagram(5, 100, *[RECORDS[5]] * 100))

    assert 24 + 4800 == message.sets[0].end
