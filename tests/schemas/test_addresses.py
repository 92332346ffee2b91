import pytest

from schemas.addresses import exporter_octets, exporter_text, murmur2, raw_partition
from schemas.errors import SchemaError


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_is_that_of_java_clients(data: bytes, expected: int) -> None:
    """The vectors of Apache Kafka's UtilsTest."""
    assert expected % 2**32 == murmur2(data)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_comes_back(text: str, printed: str) -> None:
    """IPv4 is mapped inside and printed as IPv4."""
    octets = exporter_octets(text)

    assert len(octets) == 16
    assert printed == exporter_text(octets)


def test_the_partition_is_positive_and_within_the_topic() -> None:
    """The sign bit is cut off before the remainder, as Kafka does."""
    partitions = {
        raw_partition(exporter_octets(f"10.0.{n >> 8}.{n & 255}"), 32) for n in range(999)
    }

    assert set(range(32)) == partitions


def test_what_is_no_address_is_refused() -> None:
    """The error names the text."""
    with pytest.raises(SchemaError, match="'localhost'"):
        exporter_octets("localhost")
    with pytest.raises(SchemaError, match="4 octets"):
        exporter_text(b"abcd")
    with pytest.raises(SchemaError, match="0 partitions"):
        raw_partition(bytes(16), 0)
