"""The contract of the ``netflow`` topic: one record per flow of a router, as one table.

Keys are those of goflow2's JSON where it has one. What a record's Template names beyond the
sources below stands under ``elements`` by its IANA or vendor name: nothing is lost.
"""

from dataclasses import dataclass
from typing import Final, Literal

from schemas.registry import REVERSE_ENTERPRISE_NUMBER

ROUTER_KIND: Final = "netflow"
"""Kind of record, and name of its topic."""

JsonType = Literal["string", "integer", "number", "array of strings", "object"]

ElementKey = tuple[int, int]
"""Enterprise number and element id."""

MESSAGE: Final = "message"
"""The value is of the Message: its header, its Exporter, the time of its receipt."""

OPTIONS: Final = "options"
"""The value was learnt from options data of the Exporter."""

COMPUTED: Final = "computed"
"""The value follows from the record's other keys."""


@dataclass(frozen=True, slots=True)
class RouterField:
    """One key of a router flow record.

    Attributes:
        key: In the JSON object.
        json_type: Of its value.
        unit: Of numbers; "" where there is none.
        sources: Elements that may give it, in the order of precedence: the first one that the
            record has counts, the others stay in ``elements``.
        meaning: One sentence.
        others: What gives it beside elements (``MESSAGE``, ``OPTIONS``, ``COMPUTED``), after them.
        reverse: Whether its reverse elements (RFC 5103) become ``reverse_`` and the key.
        derived: Whether less is said than the source holds: then that stays in ``elements``, too.
        when: Of which protocols the sources are believed: ``""`` of all, else ``ports``, ``icmp``.
    """

    key: str
    json_type: JsonType
    unit: str
    sources: tuple[ElementKey, ...]
    meaning: str
    others: tuple[str, ...] = ()
    reverse: bool = False
    derived: bool = False
    when: Literal["", "ports", "icmp"] = ""


def _iana(*element_ids: int) -> tuple[ElementKey, ...]:
    return tuple((0, element_id) for element_id in element_ids)


_START = "flowStartSysUpTime and the like become UTC by the Message's or the Exporter's clock."

ROUTER_FIELDS: Final[tuple[RouterField, ...]] = (
    RouterField(
        "type", "string", "", (),
        "`NETFLOW_V1`, `NETFLOW_V5`, `NETFLOW_V7`, `NETFLOW_V9` or `IPFIX`.", (MESSAGE,),
    ),
    RouterField("time_received_ns", "integer", "ns", (), "When the datagram came.", (MESSAGE,)),
    RouterField(
        "sequence_num", "integer", "", (), "Sequence Number of the Message.", (MESSAGE,)
    ),
    RouterField(
        "sampler_address", "string", "", (), "Address of the Exporter.", (MESSAGE,)
    ),
    RouterField(
        "observation_domain_id", "integer", "", (),
        "Observation Domain of IPFIX, Source ID of v9, engine type and id of v5.", (MESSAGE,),
    ),
    RouterField(
        "sampling_rate", "number", "packets", _iana(34, 50, 305, 306, 309, 310, 311),
        "One packet of so many was looked at; `bytes` and `packets` are as sent, never multiplied. "
        "No key where the Exporter does not say it.",
        (OPTIONS, MESSAGE), derived=True,
    ),
    RouterField(
        "sampler", "string", "", _iana(84, 335), "Name of the sampler.", (OPTIONS,), derived=True
    ),
    RouterField(
        "time_flow_start_ns", "integer", "ns since 1970, UTC",
        _iana(156, 154, 152, 150, 158, 22), "First packet. " + _START, (OPTIONS,), reverse=True,
    ),
    RouterField(
        "time_flow_end_ns", "integer", "ns since 1970, UTC",
        _iana(157, 155, 153, 151, 159, 21), "Last packet.", reverse=True,
    ),
    RouterField(
        "bytes", "integer", "octets", _iana(1, 85, 231), "Octets of the flow, as sent.",
        reverse=True,
    ),
    RouterField(
        "packets", "integer", "packets", _iana(2, 86, 298), "Packets of the flow, as sent.",
        reverse=True,
    ),
    RouterField(
        "src_addr", "string", "", _iana(8, 27),
        "Source address. Where a record has both, ipVersion decides, else the one that is not "
        "zero.",
    ),
    RouterField("dst_addr", "string", "", _iana(12, 28), "Destination address."),
    RouterField(
        "etype", "string", "", _iana(256),
        "`IPv4` or `IPv6` by address and ipVersion, else by ethernetType, such as `ARP`; decimal "
        "text where it has no name.",
        (COMPUTED,), derived=True,
    ),
    RouterField(
        "proto", "string", "", _iana(4),
        "`TCP`, `UDP`, `ICMP`, `ICMPv6` ...; decimal text where it has no name.",
    ),
    RouterField(
        "src_port", "integer", "", _iana(7, 182, 180), "Source port (TCP, UDP, SCTP, DCCP, "
        "UDP-Lite).", when="ports",
    ),
    RouterField(
        "dst_port", "integer", "", _iana(11, 183, 181), "Destination port of these.", when="ports"
    ),
    RouterField("in_if", "integer", "", _iana(10, 252), "Ingress interface.", reverse=True),
    RouterField("out_if", "integer", "", _iana(14, 253), "Egress interface.", reverse=True),
    RouterField("in_if_name", "string", "", (), "Its name.", (OPTIONS,)),
    RouterField("out_if_name", "string", "", (), "Its name.", (OPTIONS,)),
    RouterField("src_mac", "string", "", _iana(56), "Source MAC address.", reverse=True),
    RouterField("dst_mac", "string", "", _iana(80), "Destination MAC address.", reverse=True),
    RouterField("src_vlan", "integer", "", _iana(58, 243), "VLAN at ingress.", reverse=True),
    RouterField("dst_vlan", "integer", "", _iana(59, 254), "VLAN at egress.", reverse=True),
    RouterField(
        "ip_tos", "integer", "", _iana(5), "Type of service, or traffic class of IPv6.",
        reverse=True,
    ),
    RouterField("forwarding_status", "integer", "", _iana(89), "Forwarded, dropped or consumed."),
    RouterField("ip_ttl", "integer", "", _iana(192, 52), "Time to live.", reverse=True),
    RouterField(
        "ip_flags", "integer", "", _iana(197), "Fragment flags (3 bits).", derived=True
    ),
    RouterField("tcp_flags", "integer", "", _iana(6), "All TCP flags seen.", reverse=True),
    RouterField(
        "icmp_type", "integer", "", _iana(32, 176, 139, 178),
        "ICMP or ICMPv6 type (of ICMPv6 the IPv6 elements first); v1, v5, v7: the destination "
        "port divided by 256.", when="icmp",
    ),
    RouterField(
        "icmp_code", "integer", "", _iana(32, 177, 139, 179),
        "ICMP or ICMPv6 code; v1, v5 and v7: the rest of it.", when="icmp",
    ),
    RouterField("ipv6_flow_label", "integer", "", _iana(31), "Flow label of IPv6.", reverse=True),
    RouterField("fragment_id", "integer", "", _iana(54), "Identification of the fragments."),
    RouterField("fragment_offset", "integer", "8 octets", _iana(88), "Fragment offset."),
    RouterField("src_as", "integer", "", _iana(16), "Source AS."),
    RouterField("dst_as", "integer", "", _iana(17), "Destination AS."),
    RouterField("next_hop", "string", "", _iana(15, 62), "Next hop."),
    RouterField("next_hop_as", "integer", "", _iana(128), "AS of the next BGP hop."),
    RouterField("bgp_next_hop", "string", "", _iana(18, 63), "Next BGP hop."),
    RouterField(
        "src_net", "string", "", _iana(9, 29), "Source network, `192.0.2.0/24`.", (COMPUTED,)
    ),
    RouterField("dst_net", "string", "", _iana(13, 30), "Destination network.", (COMPUTED,)),
    RouterField("observation_point_id", "integer", "", _iana(138), "Observation Point."),
    RouterField(
        "application_name", "string", "", _iana(96),
        "Name of the application; applicationId stays in `elements`.", (OPTIONS,),
    ),
    RouterField(
        "elements", "object", "", (), "Every other element of the record, by name.", (COMPUTED,)
    ),
    RouterField(
        "lists", "object", "",  (),
        "Of each element that is a list: how its members relate (`noneOf`, `allOf`, ...) and what "
        "they are (RFC 6313, 4.4), as `envizzy decode --json` has it.",
        (COMPUTED,),
    ),
    RouterField(
        "missing", "array of strings", "", (), "What it lacks of the base information.",
        (COMPUTED,),
    ),
    RouterField(
        "flags", "array of strings", "", (), "What is odd about its times: see below.",
        (COMPUTED,),
    ),
)  # fmt: skip
"""Every key in the order of the contract; a record has those that it can fill."""

REVERSE: Final = "reverse_"
"""Before the key of a biflow's reverse side (RFC 5103)."""

REVERSE_SOURCES: Final[dict[str, tuple[ElementKey, ...]]] = {
    "bytes": ((0, 232),),
    "packets": ((0, 299),),
}
"""What says the reverse side without being a reverse element: responderOctets and -Packets."""

REVERSE_KEYS: Final[dict[str, tuple[ElementKey, ...]]] = {
    REVERSE + field.key: (
        *((REVERSE_ENTERPRISE_NUMBER, number) for _, number in field.sources),
        *REVERSE_SOURCES.get(field.key, ()),
    )
    for field in ROUTER_FIELDS
    if field.reverse
}
"""Keys of the reverse side and their sources."""

BASE_INFORMATION: Final[tuple[str, ...]] = (
    "time_flow_start_ns",
    "time_flow_end_ns",
    "in_if",
    "out_if",
    "proto",
    "ip_tos",
    "src_addr",
    "dst_addr",
    "bytes",
    "packets",
)
"""What every flow must say; the names in ``missing``, in this order."""

BASE_PORTS: Final[tuple[str, ...]] = ("src_port", "dst_port")
"""What flows of TCP and UDP must say besides."""

BASE_ICMP: Final[tuple[str, ...]] = ("icmp_type", "icmp_code")
"""What flows of ICMP and ICMPv6 must say besides."""

Flag = Literal["long_duration", "clock_off", "first_after_last", "end_in_future"]

FLAGS: Final[dict[Flag, str]] = {
    "long_duration": "It lasts longer than a minute: the Exporter's active timeout is too long.",
    "clock_off": "Export time and receive time differ by more than the tolerance.",
    "first_after_last": "Its first packet is later than its last.",
    "end_in_future": "It ends later than it was received, by more than the tolerance.",
}
"""Members of ``flags``; published all the same, and counted."""
