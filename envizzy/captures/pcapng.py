"""pcapng: blocks of a section, an interface or a packet.

Own code and not dpkt's reader, which knows the first interface of the first section only (a
capture on "any" or a merged file has several, with link types and clocks of their own) and gives
times as floats, too coarse for nanoseconds. Form: draft-ietf-opsawg-pcapng, 3 and 4.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from envizzy.captures.model import CaptureError, Skipped, Tally

SECTION_HEADER, INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6

_LARGEST_BLOCK = 64 * 1024 * 1024
"""A length beyond this is damage and not a packet; no snap length is near it."""

_NANOSECONDS = 1_000_000_000
_BLOCK_HEAD = 8
"""Octets of a block's type and length."""

_SHORTEST_BLOCK = 12
"""Octets of a block without a body: the length stands at its end again."""

_INTERFACE_HEAD = 8
"""Octets of an interface block before its options."""

_OFFSET_OCTETS = 8
"""Of if_tsoffset."""

_OPTION_END, _OPTION_RESOLUTION, _OPTION_OFFSET = 0, 9, 14


class Frame(NamedTuple):
    """One captured link-layer frame.

    Attributes:
        link_type: As registered by libpcap.
        time_ns: Nanoseconds since 1970-01-01T00:00:00Z; 0 where the block has none.
        octets: As captured.
        cut: Whether the capture kept less than was on the wire.
    """

    link_type: int
    time_ns: int
    octets: bytes
    cut: bool


class _Interface(NamedTuple):
    link_type: int
    snap_length: int
    units_per_second: int
    offset_seconds: int

    def time_ns(self, high: int, low: int) -> int:
        units = (high << 32) | low
        return self.offset_seconds * _NANOSECONDS + units * _NANOSECONDS // self.units_per_second


def read_pcapng(file: BinaryIO, name: str, tally: Tally) -> Iterator[Frame]:
    """The frames of a pcapng file, in order.

    Raises:
        CaptureError: A section of another version or with no byte order; a packet before its
            interface.
    """
    order = "<"
    interfaces: list[_Interface] = []
    while head := file.read(_BLOCK_HEAD):
        if len(head) < _BLOCK_HEAD:
            tally.skipped[Skipped.CUT_FILE] += 1
            return
        if head[:4] == b"\n\r\r\n":
            order, interfaces = _byte_order(file, name), []
        kind, length = struct.unpack(order + "II", head)
        if not _SHORTEST_BLOCK <= length <= _LARGEST_BLOCK:
            raise CaptureError(
                f"{name}: a pcapng block of {length} octets before octet {file.tell()}"
            )
        body = file.read(length - _BLOCK_HEAD)
        if len(body) < length - _BLOCK_HEAD:
            tally.skipped[Skipped.CUT_FILE] += 1
            return
        if kind == INTERFACE:
            interfaces.append(_interface(body[:-4], order, name))
        elif kind in (ENHANCED_PACKET, OLD_PACKET, SIMPLE_PACKET):
            try:
                yield _frame(kind, body[:-4], order, interfaces)
            except (IndexError, struct.error) as error:
                raise CaptureError(
                    f"{name}: a pcapng packet before octet {file.tell()} is short"
                    " or names no interface"
                ) from error


def _byte_order(file: BinaryIO, name: str) -> str:
    """Look ahead at the byte order magic of the section that begins here."""
    magic = file.read(4)
    file.seek(-len(magic), 1)
    orders = {bytes.fromhex("4d3c2b1a"): "<", bytes.fromhex("1a2b3c4d"): ">"}
    if magic not in orders:
        raise CaptureError(f"{name}: a pcapng section without a byte order at octet {file.tell()}")
    return orders[magic]


def _interface(body: bytes, order: str, name: str) -> _Interface:
    if len(body) < _INTERFACE_HEAD:
        raise CaptureError(f"{name}: a pcapng interface block of {len(body)} octets, 8 are needed")
    link_type, _, snap_length = struct.unpack_from(order + "HHI", body)
    units, offset, at = 1_000_000, 0, _INTERFACE_HEAD
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if code == _OPTION_END:
            break
        if code == _OPTION_RESOLUTION and len(value) == 1:
            # The first bit says powers of two, else of ten (if_tsresol).
            base = 2 if value[0] & 0x80 else 10
            units = base ** (value[0] & 0x7F)
        elif code == _OPTION_OFFSET and len(value) == _OFFSET_OCTETS:
            (offset,) = struct.unpack(order + "q", value)
        at += 4 + length + (-length % 4)
    return _Interface(link_type, snap_length, units, offset)


def _frame(kind: int, body: bytes, order: str, interfaces: list[_Interface]) -> Frame:
    if kind == SIMPLE_PACKET:
        (original,) = struct.unpack_from(order + "I", body)
        interface = interfaces[0]
        kept = min(original, interface.snap_length or original, len(body) - 4)
        return Frame(interface.link_type, 0, body[4 : 4 + kept], kept < original)
    form = "IIIII" if kind == ENHANCED_PACKET else "HHIIII"
    index, *rest = struct.unpack_from(order + form, body)
    high, low, kept, original = rest[-4:]
    interface = interfaces[index]
    octets = body[20 : 20 + kept]
    return Frame(interface.link_type, interface.time_ns(high, low), octets, len(octets) < original)
