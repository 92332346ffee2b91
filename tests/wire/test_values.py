"""Every abstract data type."""

import struct

import pytest

from tests.wire.octets import VARIABLE, decode, field, short, template, values

SECONDS_1970 = 2_208_988_800


def one(kind: str, octets: bytes, length: int | None = None) -> object:
    size = len(octets) if length is None else length
    data = short(octets) if size == VARIABLE else octets
    # An octet before and behind: what does not fit must not shift its neighbours.
    layout = template(256, field("unsigned8", 1), field(kind, size), field("unsigned8", 1))
    before, value, behind = values(b"\x11" + data + b"\x22", layout)[0]
    assert (0x11, 0x22) == (before, behind)
    return value


@pytest.mark.rfc("7011", "6.1.1")
@pytest.mark.rfc("7011", "6.2")
@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_integers_in_every_reduced_size(size: int) -> None:
    """Any smaller number of octets; the sign is preserved."""
    for octets in range(1, size + 1):
        assert 256**octets - 2 == one(f"unsigned{8 * size}", b"\xff" * (octets - 1) + b"\xfe")
        assert -2 == one(f"signed{8 * size}", b"\xff" * (octets - 1) + b"\xfe")
        assert 5 == one(f"unsigned{8 * size}", bytes(octets - 1) + b"\5", VARIABLE)


def test_unsigned256() -> None:
    """As one integer, up to 32 octets."""
    assert 2**256 - 1 == one("unsigned256", b"\xff" * 32)
    assert 2**72 - 1 == one("unsigned256", b"\xff" * 9)


@pytest.mark.rfc("7011", "6.1.3")
@pytest.mark.rfc("7011", "6.1.4")
@pytest.mark.rfc("7011", "6.2")
def test_floats() -> None:
    """binary32, binary64, and float64 reduced to float32."""
    assert 1.5 == one("float32", struct.pack(">f", 1.5))
    assert -0.1 == one("float64", struct.pack(">d", -0.1))
    assert 0.25 == one("float64", struct.pack(">f", 0.25))


@pytest.mark.rfc("7011", "6.1.5")
def test_boolean() -> None:
    """1 is true, 2 is false, others are undefined and stay numbers."""
    assert (True, False, 0, 3) == tuple(one("boolean", bytes([n])) for n in (1, 2, 0, 3))
    assert isinstance(one("boolean", b"\1"), bool)
    assert not isinstance(one("boolean", b"\0"), bool)


@pytest.mark.rfc("7011", "6.1.2")
@pytest.mark.parametrize(
    ("kind", "octets", "expected"),
    [
        ("macAddress", "0a1b2c3d4e5f", "0a:1b:2c:3d:4e:5f"),
        ("ipv4Address", "c0a8000a", "192.168.0.10"),
        ("ipv6Address", "20010db8000000000000000000000001", "2001:db8::1"),
        ("ipv6Address", "20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"),
        ("ipv6Address", "20010000000000010000000000000001", "2001:0:0:1::1"),
        ("ipv6Address", "00000000000000000000ffffc0a8000a", "::ffff:192.168.0.10"),
        ("ipv6Address", "00" * 16, "::"),
    ],
)
def test_addresses(kind: str, octets: str, expected: str) -> None:
    """As text; IPv6 by RFC 5952."""
    assert expected == one(kind, bytes.fromhex(octets))


@pytest.mark.rfc("7011", "6.1.6")
def test_strings() -> None:
    """UTF-8; trailing NULs of fixed-length ones are filling; ill-formed octets stay visible."""
    assert "Grüße" == one("string", "Grüße".encode())
    assert "" == one("string", b"", VARIABLE)
    assert "eth0" == one("string", b"eth0\0\0\0\0")
    assert "eth0\0" == one("string", b"eth0\0", VARIABLE)
    assert "a\\xff" == one("string", b"a\xff")


def test_ill_formed_strings_are_counted() -> None:
    """Once for each string."""
    layout = template(256, field("string", 2), field("string", VARIABLE))

    assert 3 == decode(b"a\xff\1\xff" + b"ab\1\xff", layout).ill_formed  # type: ignore[union-attr]


def test_octet_array() -> None:
    """Any number of octets, none too."""
    assert (b"\0\1", b"") == (one("octetArray", b"\0\1"), one("octetArray", b"", VARIABLE))


@pytest.mark.rfc("7011", "6.1.7")
@pytest.mark.rfc("7011", "6.1.8")
def test_seconds_and_milliseconds() -> None:
    """Since 1970, unsigned."""
    assert 2**32 - 1 == one("dateTimeSeconds", b"\xff" * 4)
    assert 1_447_632_000_123 == one("dateTimeMilliseconds", struct.pack(">Q", 1_447_632_000_123))


def ntp(seconds: int, fraction: int) -> bytes:
    return struct.pack(">II", seconds % 2**32, fraction)


@pytest.mark.rfc("7011", "6.1.9")
@pytest.mark.parametrize("micro", [0, 1, 123_456, 499_999, 999_999])
def test_microseconds_come_back_whatever_the_low_bits(micro: int) -> None:
    """The bottom 11 bits are ignored, the rest rounds to the microsecond that was meant."""
    fraction = (micro * 2**32) // 10**6
    for low in (0, 0x7FF):
        octets = ntp(1_447_632_000 + SECONDS_1970, (fraction & ~0x7FF) | low)
        assert 1_447_632_000 * 10**6 + micro == one("dateTimeMicroseconds", octets)


@pytest.mark.rfc("7011", "6.1.10")
@pytest.mark.parametrize("nano", [0, 1, 123_456_789, 999_999_999])
def test_nanoseconds_come_back(nano: int) -> None:
    """All bits of the fraction count."""
    octets = ntp(SECONDS_1970 + 5, -(-nano * 2**32 // 10**9))

    assert 5 * 10**9 + nano == one("dateTimeNanoseconds", octets)


def test_microseconds_of_pmacct_are_read() -> None:
    """Its nfprobe sends a timeval: 8 octets of seconds, 8 of microseconds; from a capture."""
    octets = bytes.fromhex("0000000066322E94 000000000000B0DD")

    assert 0x66322E94 * 1_000_000 + 0xB0DD == one("dateTimeMicroseconds", octets)
    for no_time in ("0000000066322E94 00000000000F4240", "0000000100000000 0000000000000000"):
        assert bytes.fromhex(no_time) == one("dateTimeMicroseconds", bytes.fromhex(no_time))


@pytest.mark.rfc("7011", "5.2")
def test_ntp_era_is_implicit() -> None:
    """Times behind 2036-02-07T06:28:16Z lie in era 1; all zero is no time and stays at 1900."""
    turn = 2**32 - SECONDS_1970

    assert turn * 10**6 - 10**6 == one("dateTimeMicroseconds", ntp(2**32 - 1, 0))
    assert (turn + 1) * 10**6 == one("dateTimeMicroseconds", ntp(1, 0))
    assert -SECONDS_1970 * 10**9 == one("dateTimeNanoseconds", ntp(0, 0))


@pytest.mark.rfc("7012", "3.1")
@pytest.mark.rfc("7011", "6.2")
@pytest.mark.parametrize(
    ("kind", "size"),
    [
        *(("unsigned8", 2), ("unsigned16", 3), ("unsigned32", 5), ("unsigned64", 9)),
        *(("unsigned256", 33), ("signed8", 2), ("float32", 2), ("float64", 5), ("boolean", 2)),
        *(("macAddress", 8), ("ipv4Address", 3), ("ipv6Address", 4), ("dateTimeSeconds", 8)),
        *(("dateTimeMilliseconds", 4), ("dateTimeMicroseconds", 7), ("dateTimeNanoseconds", 9)),
        *(("unsigned32", 0), ("ipv4Address", 0), ("dateTimeSeconds", 0)),
    ],
)
def test_a_length_that_does_not_fit_keeps_the_octets(kind: str, size: int) -> None:
    """And shifts nothing behind it."""
    octets = bytes(range(1, size + 1))

    assert octets == one(kind, octets)
    assert octets == one(kind, octets, VARIABLE)
