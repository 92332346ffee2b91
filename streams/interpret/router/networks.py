"""An address and a prefix length as the network's text."""

from ipaddress import IPv6Address

_V4_BITS, _V6_BITS = 32, 128


def network(address: str, length: int) -> str:
    """Return ``192.0.2.0/24``.

    Args:
        address: As text.
        length: Bits; more than the address has leaves the address as it is, visibly odd.
    """
    if ":" in address:
        if length > _V6_BITS:
            return f"{address}/{length}"
        shift = _V6_BITS - length
        return f"{IPv6Address(int(IPv6Address(address)) >> shift << shift)}/{length}"
    if length > _V4_BITS:
        return f"{address}/{length}"
    # by hand: addresses are many, and ipaddress takes 4 us for one
    a, b, c, d = address.split(".")
    shift = _V4_BITS - length
    number = (int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)) >> shift << shift
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/{length}"
