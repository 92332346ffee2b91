"""Octets of one element to a value, by abstract data type (RFC 7011, 6; RFC 7012, 3.1)."""

import ipaddress
import struct
from collections.abc import Callable, Mapping

from schemas.registry import DataType
from streams.wire.model import Value

_NTP_EPOCH = 2_208_988_800
"""Seconds from 1900-01-01 to 1970-01-01."""

_ERA = 1 << 32
"""Seconds of an NTP era (RFC 5905, 6)."""

_MICROSECOND_FRACTION = 0xFFFF_F800
"""The bottom 11 bits of dateTimeMicroseconds must be ignored (RFC 7011, 6.1.9)."""

TIMEVAL_OCTETS = 16
"""pmacct's nfprobe sends dateTimeMicroseconds as a C ``timeval``: seconds and microseconds of 64
bits, in network order. That is no length of that type (RFC 7011, 6.1.9), but there is only one way
to read it; what is no such time stays octets."""

_HALF = 1 << 31
"""Half a unit of a 32-bit fraction: rounds to nearest."""

_float32 = struct.Struct(">f").unpack
_float64 = struct.Struct(">d").unpack
_ntp = struct.Struct(">II").unpack
_timeval = struct.Struct(">QQ").unpack


def _unsigned(octets: bytes) -> Value:
    return int.from_bytes(octets, "big")


def _signed(octets: bytes) -> Value:
    return int.from_bytes(octets, "big", signed=True)


def _float(octets: bytes) -> Value:
    return (_float32 if len(octets) == 4 else _float64)(octets)[0]  # noqa: PLR2004 - float32


def boolean(octets: bytes) -> Value:
    """1 is true, 2 is false, every other octet undefined: it stays a number (RFC 7011, 6.1.5)."""
    number = octets[0]
    return number == 1 if number in {1, 2} else number


def mac_text(octets: bytes) -> str:
    """Six octets in lower-case hex with colons."""
    return octets.hex(":")


def ipv4_text(octets: bytes) -> str:
    """Four octets, dotted."""
    return f"{octets[0]}.{octets[1]}.{octets[2]}.{octets[3]}"


def ipv6_text(octets: bytes) -> str:
    """Sixteen octets as RFC 5952 has it; IPv4-mapped ones in the mixed notation (5952, 5)."""
    if octets.startswith(b"\0\0\0\0\0\0\0\0\0\0\xff\xff"):
        return "::ffff:" + ipv4_text(octets[12:])
    return ipaddress.IPv6Address(octets).compressed


def _ntp_seconds(octets: bytes) -> tuple[int, int]:
    """Seconds since 1970 and the fraction.

    The era is implicit (RFC 7011, 5.2). Seconds with the top bit set lie in 1968 to 2036, others in
    2036 to 2104 (the rule of RFC 4330, 3): no clock is needed, and no Exporter is older than 1968.
    All zero means "unknown" (RFC 5905, 6) and stays at 1900, visibly no time.
    """
    seconds, fraction = _ntp(octets)
    if seconds < _HALF and (seconds or fraction):
        seconds += _ERA
    return seconds - _NTP_EPOCH, fraction


def _microseconds(octets: bytes) -> Value:
    if len(octets) == TIMEVAL_OCTETS:
        seconds, microseconds = _timeval(octets)
        is_time = seconds < _ERA and microseconds < 1_000_000  # noqa: PLR2004 - of a second
        return seconds * 1_000_000 + microseconds if is_time else octets
    seconds, fraction = _ntp_seconds(octets)
    return seconds * 1_000_000 + (((fraction & _MICROSECOND_FRACTION) * 1_000_000 + _HALF) >> 32)


def _nanoseconds(octets: bytes) -> Value:
    seconds, fraction = _ntp_seconds(octets)
    return seconds * 1_000_000_000 + ((fraction * 1_000_000_000 + _HALF) >> 32)


def _sizes(largest: int) -> frozenset[int]:
    """Reduced-size encoding: any smaller number of octets, but none (RFC 7011, 6.2)."""
    return frozenset(range(1, largest + 1))


SCALARS: Mapping[DataType, tuple[frozenset[int], Callable[[bytes], Value]]] = {
    DataType.UNSIGNED8: (_sizes(1), _unsigned),
    DataType.UNSIGNED16: (_sizes(2), _unsigned),
    DataType.UNSIGNED32: (_sizes(4), _unsigned),
    DataType.UNSIGNED64: (_sizes(8), _unsigned),
    DataType.UNSIGNED256: (_sizes(32), _unsigned),
    DataType.SIGNED8: (_sizes(1), _signed),
    DataType.SIGNED16: (_sizes(2), _signed),
    DataType.SIGNED32: (_sizes(4), _signed),
    DataType.SIGNED64: (_sizes(8), _signed),
    DataType.FLOAT32: (frozenset({4}), _float),
    DataType.FLOAT64: (frozenset({4, 8}), _float),
    DataType.BOOLEAN: (_sizes(1), boolean),
    DataType.MAC_ADDRESS: (frozenset({6}), mac_text),
    DataType.IPV4_ADDRESS: (frozenset({4}), ipv4_text),
    DataType.IPV6_ADDRESS: (frozenset({16}), ipv6_text),
    DataType.DATE_TIME_SECONDS: (frozenset({4}), _unsigned),
    DataType.DATE_TIME_MILLISECONDS: (frozenset({8}), _unsigned),
    DataType.DATE_TIME_MICROSECONDS: (frozenset({8, TIMEVAL_OCTETS}), _microseconds),
    DataType.DATE_TIME_NANOSECONDS: (frozenset({8}), _nanoseconds),
}
"""Lengths that fit the type, and how they are read. What is not here: octetArray, string, lists."""


def scalar(data_type: DataType, octets: bytes) -> Value:
    """Return the value; the octets themselves where their number does not fit the type."""
    entry = SCALARS.get(data_type)
    if entry is None or len(octets) not in entry[0]:
        return octets
    return entry[1](octets)


def text(octets: bytes, *, fixed: bool) -> tuple[str, bool]:
    r"""Read a string (RFC 7011, 6.1.6).

    Args:
        octets: Any number; none is the empty string.
        fixed: Of a fixed-length field, whose trailing NULs are filling and are cut.

    Returns:
        The text, and whether it was ill-formed UTF-8. Ill-formed octets stay visible as ``\xNN``:
        6.1.6 would have the value ignored, and an analyst would miss what an attacker hid so.
    """
    if fixed:
        octets = octets.rstrip(b"\0")
    try:
        return str(octets, "utf-8"), False
    except UnicodeDecodeError:
        return str(octets, "utf-8", "backslashreplace"), True
