"""What a datagram says of its Exporter before anything else: version, domain, Export Time."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.datagram import Datagram


class _Places(NamedTuple):
    """Where a header has its seconds, residual nanoseconds and domain."""

    name: str
    seconds: slice
    nanoseconds: slice
    domain: slice


_NOWHERE = slice(0, 0)

_PLACES: Mapping[bytes, _Places] = {
    b"\0\1": _Places("NETFLOW_V1", slice(8, 12), slice(12, 16), _NOWHERE),
    b"\0\5": _Places("NETFLOW_V5", slice(8, 12), slice(12, 16), slice(20, 22)),
    b"\0\7": _Places("NETFLOW_V7", slice(8, 12), slice(12, 16), _NOWHERE),
    b"\0\x09": _Places("NETFLOW_V9", slice(8, 12), _NOWHERE, slice(16, 20)),
    b"\0\x0a": _Places("IPFIX", slice(4, 8), _NOWHERE, slice(12, 16)),
}
"""By version word (Cisco's formats of v1, v5 and v7; RFC 3954, 5.1; RFC 7011, 3.1)."""

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
    if places is None or len(payload) < places.seconds.stop:
        return None
    number = int.from_bytes
    export_ns = number(payload[places.seconds]) * 1_000_000_000
    return Header(
        places.name,
        number(payload[places.domain]),
        export_ns + number(payload[places.nanoseconds]),
    )
