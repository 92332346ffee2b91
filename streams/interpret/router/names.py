"""Names of protocols and Ethernet types."""

from collections.abc import Mapping

_PROTOCOLS: Mapping[int, str] = {
    0: "HOPOPT",
    1: "ICMP",
    2: "IGMP",
    3: "GGP",
    4: "IPv4",
    5: "ST",
    6: "TCP",
    7: "CBT",
    8: "EGP",
    9: "IGP",
    12: "PUP",
    17: "UDP",
    22: "XNS-IDP",
    27: "RDP",
    29: "ISO-TP4",
    33: "DCCP",
    36: "XTP",
    41: "IPv6",
    43: "IPv6-Route",
    44: "IPv6-Frag",
    46: "RSVP",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    59: "IPv6-NoNxt",
    60: "IPv6-Opts",
    73: "CPHB",
    80: "ISO-IP",
    81: "VMTP",
    88: "EIGRP",
    89: "OSPFIGP",
    94: "IPIP",
    97: "ETHERIP",
    98: "ENCAP",
    103: "PIM",
    108: "IPComp",
    112: "VRRP",
    115: "L2TP",
    124: "ISIS over IPv4",
    132: "SCTP",
    133: "FC",
    135: "Mobility Header",
    136: "UDPLite",
    137: "MPLS-in-IP",
    138: "manet",
    139: "HIP",
    140: "Shim6",
    141: "WESP",
    142: "ROHC",
    143: "Ethernet",
}
"""Keywords of IANA's protocol numbers that are in use; 58 as goflow2 writes it."""

_ETHERNET_TYPES: Mapping[int, str] = {
    0x0800: "IPv4",
    0x0806: "ARP",
    0x8035: "RARP",
    0x8100: "802.1Q",
    0x86DD: "IPv6",
    0x8809: "LACP",
    0x8847: "MPLS",
    0x8848: "MPLS multicast",
    0x8863: "PPPoE discovery",
    0x8864: "PPPoE",
    0x88A8: "802.1ad",
    0x88CC: "LLDP",
}
"""goflow2 has the first, second and fifth."""


class _Names(dict[int, str]):
    """What has no name is its decimal text, so that the key has one type for its readers."""

    def __missing__(self, number: int) -> str:
        # Both have at most 16 bits where the Exporter keeps to the element's size, but not else:
        # nothing is kept.
        return str(number)


PROTOCOL_NAMES = _Names(_PROTOCOLS)
"""protocolIdentifier to ``proto``."""

ETHERNET_TYPE_NAMES = _Names(_ETHERNET_TYPES)
"""ethernetType to ``etype``."""

_NUMBERS: Mapping[str, int] = {name.upper(): number for number, name in _PROTOCOLS.items()}
_LARGEST_PROTOCOL = 255


def protocol_name(text: str) -> str | None:
    """Return a protocol as ``proto`` has it; None where it is none.

    Args:
        text: Name in any case, or number.
    """
    number = _NUMBERS.get(text.strip().upper())
    if number is None:
        if not (text.strip().isascii() and text.strip().isdecimal()):
            return None
        number = int(text)
    return PROTOCOL_NAMES[number] if number <= _LARGEST_PROTOCOL else None


WITH_PORTS = frozenset({6, 17, 33, 132, 136})
"""TCP, UDP, DCCP, SCTP, UDP-Lite: they have 16-bit ports (RFC 7012: 7, 11)."""

BASE_WITH_PORTS = frozenset({6, 17})
"""Of these the ports are base information."""

ICMP = frozenset({1})
ICMP_6 = frozenset({58})
