"""An address and a prefix length as the network's text."""

from ipaddress import IPv4Address, IPv6Address, ip_address

_BITS = {IPv4Address: 32, IPv6Address: 128}


def network(address: str, length: int) -> str:
    """Return ``192.0.2.0/24``.

    Args:
        address: As text.
        length: Bits; more than the address has leaves the address as it is, visibly odd.
    """
    parsed = ip_address(address)
    bits = _BITS[type(parsed)]
    if length > bits:
        return f"{address}/{length}"
    masked = int(parsed) >> (bits - length) << (bits - length)
    return f"{type(parsed)(masked)}/{length}"
