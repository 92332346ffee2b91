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

_ETHERTYPE_PPPOE = 0x8864
_ETHERTYPES_MPLS = frozenset({0x8847, 0x8848})
_PPPOE_HEADER = 6
"""Version, type, code, session, length (RFC 2516, 4)."""

_SNAP = bytes.fromhex("aaaa03000000")
"""LLC and SNAP before an ethertype (RFC 1042), behind an IEEE 802.3 length."""

_LONGEST_802_3 = 1500
"""From 1536 on the two octets are a type, to 1500 a length."""

_PPP_ADDRESS = b"\xff\x03"
_PPP_IP = frozenset({0x21, 0x57})
"""Of IPv4 and IPv6; in one octet where Protocol Field Compression was agreed on."""

_PPP_SHORT = frozenset(number.to_bytes() for number in _PPP_IP)
_LABEL = 4

ETHERNET, NULL, LOOP, COOKED, COOKED_V2 = 1, 0, 108, 113, 276
PPP, PPP_HDLC, PPP_ETHER, CISCO_HDLC = 9, 50, 51, 104
_CISCO_HDLC_ADDRESSES = (b"\x0f", b"\x8f")
"""Of unicast and broadcast; frames of LINKTYPE_PPP_HDLC may be Cisco's."""

_ETHERTYPE_PLACES = {ETHERNET: (12, 14), COOKED: (14, 16), COOKED_V2: (0, 20), CISCO_HDLC: (2, 4)}
"""By link type: where the ethertype stands, and what follows its header."""

RAW_IP = frozenset({12, 14, 101, 228, 229})
"""LINKTYPE_RAW, DLT_RAW of the BSDs, LINKTYPE_IPV4, LINKTYPE_IPV6: the packet begins at once."""

LINK_TYPES = frozenset({NULL, LOOP, PPP, PPP_HDLC, PPP_ETHER, *_ETHERTYPE_PLACES}) | RAW_IP


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
    if link_type == PPP_HDLC and frame[:1] in _CISCO_HDLC_ADDRESSES:
        link_type = CISCO_HDLC
    if link_type in (PPP, PPP_HDLC):
        return _by_ppp(frame)
    if link_type == PPP_ETHER:
        return _by_ppp(frame[_PPPOE_HEADER:])
    return _by_ethertype(frame, *_ETHERTYPE_PLACES[link_type])


def _by_ethertype(frame: bytes, at: int, start: int) -> bytes:
    for _ in range(_MOST_VLAN_TAGS + 1):
        if len(frame) < start:
            raise Damaged
        (ethertype,) = _UNSIGNED16.unpack_from(frame, at)
        if ethertype in (_ETHERTYPE_IPV4, _ETHERTYPE_IPV6):
            return frame[start:]
        if ethertype == _ETHERTYPE_PPPOE:
            return _by_ppp(frame[start + _PPPOE_HEADER :])
        if ethertype in _ETHERTYPES_MPLS:
            return _behind_labels(frame, start)
        if frame.startswith(_SNAP, start) and ethertype <= _LONGEST_802_3:
            at, start = start + len(_SNAP), start + len(_SNAP) + 2
        elif ethertype in _ETHERTYPES_VLAN:
            at, start = start + 2, start + 4
        else:
            raise NotIp
    raise Damaged


def _by_ppp(frame: bytes) -> bytes:
    """Behind the Protocol field, which may be one octet (RFC 1661, 2 and 6.5; RFC 1662, 3.1)."""
    at = len(_PPP_ADDRESS) if frame.startswith(_PPP_ADDRESS) else 0
    size = 1 if frame[at : at + 1] in _PPP_SHORT else 2
    protocol = int.from_bytes(frame[at : at + size])
    if len(frame) < at + size:
        raise Damaged
    if protocol not in _PPP_IP:
        raise NotIp
    return frame[at + size :]


def _behind_labels(frame: bytes, start: int) -> bytes:
    """Behind the label that says it is the last (RFC 3032, 2.1)."""
    while len(frame) >= start + _LABEL:
        start += _LABEL
        if frame[start - 2] & 1:
            return frame[start:]
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
