"""What a datagram says of its Exporter before anything else: version, domain, Export Time."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.datagram import Datagram


class _Places(NamedTuple):
    """Where a header has its seconds, residual nanoseconds and domain: first octet, one behind."""

    name: str
    seconds: tuple[int, int]
    nanoseconds: tuple[int, int]
    domain: tuple[int, int]


_PLACES: Mapping[bytes, _Places] = {
    b"\0\1": _Places("NETFLOW_V1", (8, 12), (12, 16), (0, 0)),
    b"\0\5": _Places("NETFLOW_V5", (8, 12), (12, 16), (20, 22)),
    b"\0\7": _Places("NETFLOW_V7", (8, 12), (12, 16), (0, 0)),
    b"\0\x09": _Places("NETFLOW_V9", (8, 12), (0, 0), (16, 20)),
    b"\0\x0a": _Places("IPFIX", (4, 8), (0, 0), (12, 16)),
}
"""By version word (Cisco's formats of v1, v5 and v7; RFC 3954, 5.1; RFC 7011, 3.1)."""

_LONGEST = 24
"""Octets of the longest of these headers."""

IPFIX = "IPFIX"
"""The only one of them that endpoints send, too."""


class Header(NamedTuple):
    """What is of interest.

    Attributes:
        protocol: As ``type`` of the router flows has it.
        domain: Observation Domain ID, Source ID, engine type and id; 0 where there is none.
        export_ns: Export Time, ns since 1970; v9 and IPFIX tell whole seconds.
    """

    protocol: str
    domain: int
    export_ns: int


def header_of(datagram: Datagram) -> Header | None:
    """Read it; None where it is none of these protocols, or cut off."""
    payload = datagram.payload
    places = _PLACES.get(payload[:2])
    if places is None or len(payload) < places.seconds[1]:
        return None
    head = payload[:_LONGEST]
    return Header(
        places.name,
        int.from_bytes(head[slice(*places.domain)]),
        int.from_bytes(head[slice(*places.seconds)]) * 1_000_000_000
        + int.from_bytes(head[slice(*places.nanoseconds)]),
    )
