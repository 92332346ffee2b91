"""From a link-layer frame to the IP packet in it, and from that to UDP.

Slices and not dpkt's packet classes: these decode every layer they know of (a payload on port 53 as
DNS), guess at LLC and MPLS, and
let exceptions of several kinds out of damaged frames.
"""

import struct
from typing import NamedTuple

import dpkt

_ETHERTYPE_IPV4, _ETHERTYPE_IPV6 = dpkt.ethernet.ETH_TYPE_IP, dpkt.ethernet.ETH_TYPE_IP6
_ETHERTYPES_VLAN = frozenset({0x8100, 0x88A8, 0x9100})
_MOST_VLAN_TAGS = 4
"""Two are usual (802.1ad); more is a loop in a damaged frame."""

_IPV4, _IPV6 = 4, 6
_IPV6_HEADER = 40
_IPV4_HEADER = 20
_EXTENSIONS = frozenset({0, 43, 60})
"""Hop-by-hop, routing, destination options (RFC 8200, 4.1); lengths in units of 8 octets."""
_FRAGMENT, _AUTHENTICATION, UDP = 44, 51, 17

_MAPPED = bytes(10) + b"\xff\xff"
"""Before an IPv4 address in 16 octets."""

_UNSIGNED16 = struct.Struct("!H")

ETHERNET, NULL, LOOP, COOKED, COOKED_V2 = 1, 0, 108, 113, 276
RAW_IP = frozenset({12, 14, 101, 228, 229})
"""LINKTYPE_RAW, DLT_RAW of the BSDs, LINKTYPE_IPV4, LINKTYPE_IPV6: the packet begins at once."""

LINK_TYPES = frozenset({ETHERNET, NULL, LOOP, COOKED, COOKED_V2}) | RAW_IP


class IpPacket(NamedTuple):
    """An IP packet, or a fragment of one.

    Attributes:
        source: 16 octets.
        destination: 16 octets.
        protocol: Of the payload.
        identification: Of the fragmented packet; 0 where it is none.
        offset: Where the payload stands in the whole, octets.
        more: Whether fragments follow.
        payload: What is there of it.
        missing: Octets that the header promises and the capture lacks.
    """

    source: bytes
    destination: bytes
    protocol: int
    identification: int
    offset: int
    more: bool
    payload: bytes
    missing: int


class NotIp(Exception):  # noqa: N818 - a signal within this package, no error
    """The frame carries something else."""


class Damaged(Exception):  # noqa: N818 - a signal within this package, no error
    """A header contradicts itself or is cut short."""


def ip_packet(link_type: int, frame: bytes) -> IpPacket:
    """The IP packet of a frame.

    Raises:
        NotIp: It carries none.
        Damaged: Its headers cannot be followed.
    """
    packet = _network_layer(link_type, frame)
    if not packet:
        raise Damaged
    version = packet[0] >> 4
    if version == _IPV4:
        return _ipv4(packet)
    if version == _IPV6:
        return _ipv6(packet)
    raise NotIp


def _network_layer(link_type: int, frame: bytes) -> bytes:
    if link_type in RAW_IP:
        return frame
    if link_type in (NULL, LOOP):
        # The address family is in the byte order of the capturing machine, and IPv6's number
        # differs between
        # systems: the version nibble behind it is the safe witness.
        return frame[4:]
    if link_type == COOKED:
        at = 14
    elif link_type == COOKED_V2:
        return _by_ethertype(frame, 0, 20)
    else:
        at = 12
    return _by_ethertype(frame, at, at + 2)


def _by_ethertype(frame: bytes, at: int, start: int) -> bytes:
    for _ in range(_MOST_VLAN_TAGS + 1):
        if len(frame) < start:
            raise Damaged
        (ethertype,) = _UNSIGNED16.unpack_from(frame, at)
        if ethertype in (_ETHERTYPE_IPV4, _ETHERTYPE_IPV6):
            return frame[start:]
        if ethertype not in _ETHERTYPES_VLAN:
            raise NotIp
        at, start = start + 2, start + 4
    raise Damaged


def _ipv4(packet: bytes) -> IpPacket:
    if len(packet) < _IPV4_HEADER:
        raise Damaged
    header = (packet[0] & 0x0F) * 4
    total, identification, flags = struct.unpack_from("!HHH", packet, 2)
    # 0 in captures of segmentation offload: the frame's end is the packet's.
    total = total or len(packet)
    if not _IPV4_HEADER <= header <= total:
        raise Damaged
    payload = packet[header:total]
    return IpPacket(
        source=_MAPPED + packet[12:16],
        destination=_MAPPED + packet[16:20],
        protocol=packet[9],
        identification=identification,
        offset=(flags & 0x1FFF) * 8,
        more=bool(flags & 0x2000),
        payload=payload,
        missing=max(0, total - header - len(payload)),
    )


def _ipv6(packet: bytes) -> IpPacket:
    if len(packet) < _IPV6_HEADER:
        raise Damaged
    (length,) = _UNSIGNED16.unpack_from(packet, 4)
    end = _IPV6_HEADER + length if length else len(packet)
    missing = max(0, end - len(packet))
    protocol, at = packet[6], _IPV6_HEADER
    identification, offset, more = 0, 0, False
    body = packet[:end]
    while protocol in _EXTENSIONS or protocol in (_FRAGMENT, _AUTHENTICATION):
        if len(body) < at + 8:
            raise Damaged
        following = body[at]
        if protocol == _FRAGMENT:
            place, identification = struct.unpack_from("!HI", body, at + 2)
            offset, more = place & 0xFFF8, bool(place & 1)
            size = 8
        elif protocol == _AUTHENTICATION:
            size = (body[at + 1] + 2) * 4
        else:
            size = (body[at + 1] + 1) * 8
        at += size
        protocol = following
        if offset:
            break  # what follows in a later fragment is payload, not headers
    return IpPacket(
        packet[8:24], packet[24:40], protocol, identification, offset, more, body[at:], missing
    )
