"""Exporter addresses: 16 octets inside, text outside, and the partition they go to."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from schemas.errors import SchemaError

ADDRESS_OCTETS = 16
"""Length of an address inside; IPv4 is ``::ffff:a.b.c.d`` (RFC 4291, 2.5.5.2)."""

_MAPPED = bytes(10) + b"\xff\xff"
_CACHED = 65536  # addresses; 40,000 endpoints fit, an entry costs about 200 octets
_MASK = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C


@lru_cache(maxsize=_CACHED)
def exporter_text(exporter: bytes) -> str:
    """Print an address: IPv4 for an IPv4-mapped one, else RFC 5952 text.

    Raises:
        SchemaError: Not 16 octets.
    """
    if len(exporter) != ADDRESS_OCTETS:
        raise SchemaError(f"{len(exporter)} octets are no exporter address; it has 16")
    if exporter.startswith(_MAPPED):
        return str(IPv4Address(exporter[12:]))
    return str(IPv6Address(exporter))


@lru_cache(maxsize=_CACHED)
def exporter_octets(text: str) -> bytes:
    """Return the 16 octets of an IPv4 or IPv6 address in text; a zone (``%eth0``) is left off.

    Raises:
        SchemaError: Not an address.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError as error:
        raise SchemaError(f"{text!r} is neither an IPv4 nor an IPv6 address") from error
    return _MAPPED + address.packed if isinstance(address, IPv4Address) else address.packed


def murmur2(data: bytes) -> int:
    """MurmurHash2 as Kafka's Java clients compute it (``Utils.murmur2``), unsigned."""
    length = len(data)
    value = (_SEED ^ length) & _MASK
    whole = length & ~3
    for index in range(0, whole, 4):
        word = int.from_bytes(data[index : index + 4], "little") * _MULTIPLIER & _MASK
        word = (word ^ word >> 24) * _MULTIPLIER & _MASK
        value = (value * _MULTIPLIER & _MASK) ^ word
    if length & 3:
        value = (value ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _MASK
    value = (value ^ value >> 13) * _MULTIPLIER & _MASK
    return value ^ value >> 15


@lru_cache(maxsize=_CACHED)
def raw_partition(exporter: bytes, partitions: int) -> int:
    """Return the partition of ``raw`` in which all datagrams of an exporter stand.

    Args:
        exporter: 16 octets.
        partitions: Of the topic; fixed for a deployment, for another number moves exporters away
            from their state.

    Raises:
        SchemaError: No partitions.
    """
    if partitions < 1:
        raise SchemaError(f"{partitions} partitions; a topic has at least one")
    return (murmur2(exporter) & 0x7FFFFFFF) % partitions
