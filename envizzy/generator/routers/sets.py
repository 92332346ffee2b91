"""Octets of NetFlow v5, v9 (RFC 3954) and IPFIX (RFC 7011) as routers write them."""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, NamedTuple

from envizzy.generator.routers.configuration import Field
from envizzy.generator.routers.flows import ICMP, Flow

NETFLOW_5, NETFLOW_9, IPFIX = 5, 9, 10
"""Version words."""

MOST_V5_RECORDS = 30
"""Of one v5 datagram: 1,464 octets."""

UPTIME_MODULUS = 1 << 32
"""Milliseconds: sysUpTime wraps after 49.7 days."""

_V5_HEADER = struct.Struct("!HHIIIIBBH")
_V5_RECORD = struct.Struct("!4s4s4sHHIIIIHHBBBBHHBBH")
_V9_HEADER = struct.Struct("!HHIIII")
_IPFIX_HEADER = struct.Struct("!HHIII")
_SET = struct.Struct("!HH")
_WORD = 4
_AS_TRANS = 23456
"""RFC 6793: stands for an AS number of four octets where there is room for two."""


class Clock(NamedTuple):
    """A moment as a router knows it.

    Attributes:
        now_ms: Milliseconds since 1970.
        boot_ms: When sysUpTime was 0.
    """

    now_ms: int
    boot_ms: int

    @property
    def uptime(self) -> int:
        """Milliseconds of sysUpTime now, wrapped."""
        return (self.now_ms - self.boot_ms) % UPTIME_MODULUS


def netflow_5(
    flows: Sequence[Flow], clock: Clock, sequence: int, engine: int, sampling: int
) -> bytes:
    """One datagram of v5.

    Args:
        flows: IPv4 flows, at most ``MOST_V5_RECORDS``.
        clock: Of the router.
        sequence: Flows sent before.
        engine: engine_id.
        sampling: One packet of so many; 0 where it does not sample. Deterministic (mode 1).
    """
    seconds, milliseconds = divmod(clock.now_ms, 1000)
    header = _V5_HEADER.pack(
        NETFLOW_5,
        len(flows),
        clock.uptime,
        seconds,
        milliseconds * 1_000_000,
        sequence % UPTIME_MODULUS,
        0,
        engine,
        (1 << 14 | sampling) if sampling else 0,
    )
    return header + b"".join(_v5_record(flow, clock) for flow in flows)


def _v5_record(flow: Flow, clock: Clock) -> bytes:
    destination_port = flow.destination_port
    if flow.protocol == ICMP:
        destination_port = flow.icmp_type * 256 + flow.icmp_code
    return _V5_RECORD.pack(
        ip_address(flow.source).packed,
        ip_address(flow.destination).packed,
        ip_address(flow.next_hop).packed,
        flow.ingress,
        flow.egress,
        flow.packets,
        flow.octets,
        (flow.start_ms - clock.boot_ms) % UPTIME_MODULUS,
        (flow.end_ms - clock.boot_ms) % UPTIME_MODULUS,
        flow.source_port,
        destination_port,
        0,
        flow.tcp_flags,
        flow.protocol,
        flow.tos,
        v5_system(flow.source_as),
        v5_system(flow.destination_as),
        24,
        24,
        0,
    )


def v5_system(number: int) -> int:
    """An AS number as v5 has room for it."""
    return number if number < 1 << 16 else _AS_TRANS


def netflow_9(
    sets: Sequence[bytes], records: int, clock: Clock, sequence: int, source: int
) -> bytes:
    """One Export Packet of v9.

    Args:
        sets: FlowSets, padded.
        records: Records of all kinds in them.
        clock: Of the router.
        sequence: Export Packets sent before.
        source: Source ID.
    """
    header = _V9_HEADER.pack(
        NETFLOW_9,
        records,
        clock.uptime,
        clock.now_ms // 1000,
        sequence % UPTIME_MODULUS,
        source,
    )
    return header + b"".join(sets)


def ipfix(sets: Sequence[bytes], clock: Clock, sequence: int, domain: int) -> bytes:
    """One Message of IPFIX.

    Args:
        sets: Sets, padded.
        clock: Of the router.
        sequence: Data Records sent before.
        domain: Observation Domain ID.
    """
    body = b"".join(sets)
    length = _IPFIX_HEADER.size + len(body)
    seconds = clock.now_ms // 1000
    return _IPFIX_HEADER.pack(IPFIX, length, seconds, sequence % UPTIME_MODULUS, domain) + body


def set_of(set_id: int, content: bytes) -> bytes:
    """A Set, padded to a multiple of four octets as both standards advise."""
    content += bytes(-len(content) % _WORD)
    return _SET.pack(set_id, _SET.size + len(content)) + content


def templates(version: int, layouts: Mapping[int, Sequence[Field]]) -> bytes:
    """One Template Set for all layouts, by Template ID."""
    content = b"".join(
        _SET.pack(number, len(fields)) + specifiers(fields) for number, fields in layouts.items()
    )
    return set_of(0 if version == NETFLOW_9 else 2, content)


def specifiers(fields: Iterable[Field]) -> bytes:
    """Element and length of each field."""
    return b"".join(_SET.pack(field.element_id, field.length) for field in fields)


def record(fields: Iterable[Field], values: Mapping[str, Any]) -> bytes:
    """The octets of one record.

    Args:
        fields: Of its Template.
        values: By ``Field.value``: numbers, addresses and MACs as text, other text.
    """
    return b"".join(
        _FORMS.get(field.value, _number)(values[field.value], field.length) for field in fields
    )


def _number(value: int, length: int) -> bytes:
    return value.to_bytes(length, "big")


def _address(value: str, _length: int) -> bytes:
    return ip_address(value).packed


def _mac(value: str, _length: int) -> bytes:
    return bytes.fromhex(value.replace(":", ""))


def _text(value: str, length: int) -> bytes:
    return value.encode()[:length].ljust(length, b"\0")


_FORMS: Mapping[str, Callable[[Any, int], bytes]] = {
    "source": _address,
    "destination": _address,
    "next_hop": _address,
    "source_mac": _mac,
    "destination_mac": _mac,
    "interface_name": _text,
    "interface_description": _text,
    "sampler_name": _text,
}
"""How values are written that are no numbers."""
