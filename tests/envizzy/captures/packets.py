"""Packets and capture files for tests, layer by layer."""

import struct

V4_SOURCE, V4_DESTINATION = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
V6_SOURCE = bytes.fromhex("20010db8000000000000000000000001")
V6_DESTINATION = bytes.fromhex("20010db8000000000000000000000002")
MAPPED_SOURCE = bytes(10) + b"\xff\xff" + V4_SOURCE
TIME_NS = 1_700_000_000_123_456_000
ETHERNET, COOKED, COOKED_V2, RAW_IP, NULL = 1, 113, 276, 101, 0


def udp(payload: bytes, port: int = 40000, local_port: int = 2055) -> bytes:
    # source port | destination port | length | checksum
    return struct.pack("!HHHH", port, local_port, 8 + len(payload), 0) + payload


def ipv4(body: bytes, offset: int = 0, *, more: bool = False, protocol: int = 17) -> bytes:
    # version, header length | tos | total length | id | flags, offset | ttl | protocol | checksum
    place = (offset // 8) | (0x2000 if more else 0)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 7, place, 64, protocol, 0)
    return head + V4_SOURCE + V4_DESTINATION + body


def ipv6(body: bytes, next_header: int = 17) -> bytes:
    # version, class, label | payload length | next header | hop limit
    head = struct.pack("!IHBB", 0x60000000, len(body), next_header, 64)
    return head + V6_SOURCE + V6_DESTINATION + body


def ipv6_fragment(body: bytes, offset: int, *, more: bool) -> bytes:
    # next header | reserved | offset, flags | identification
    return ipv6(struct.pack("!BBHI", 17, 0, offset | more, 99) + body, 44)


def ethernet(packet: bytes, ethertype: int = 0x0800) -> bytes:
    return bytes(12) + struct.pack("!H", ethertype) + packet


def pcap(*frames: bytes, link_type: int = ETHERNET, order: str = "<", nano: bool = False) -> bytes:
    # magic | version | zone | accuracy | snap length | link type
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link_type)
    seconds, rest = divmod(TIME_NS, 1_000_000_000)
    fraction = rest if nano else rest // 1000
    for frame in frames:
        out += struct.pack(order + "IIII", seconds, fraction, len(frame), len(frame)) + frame
    return out


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str = "<") -> bytes:
    # byte order magic | version | section length, not given
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link_type: int, resolution: int | None = None, order: str = "<") -> bytes:
    options = b""
    if resolution is not None:
        options = struct.pack(order + "HHB3xHH", 9, 1, resolution, 0, 0)
    return block(1, struct.pack(order + "HHI", link_type, 0, 65535) + options, order)


def enhanced(frame: bytes, units: int, index: int = 0, order: str = "<") -> bytes:
    head = struct.pack(
        order + "IIIII", index, units >> 32, units & 0xFFFFFFFF, len(frame), len(frame)
    )
    return block(6, head + frame, order)
