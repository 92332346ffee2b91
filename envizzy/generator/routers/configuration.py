"""A router's Templates, written as its operator writes them: lines of Cisco's Flexible NetFlow.

Cisco IOS Flexible NetFlow Command Reference: ``match`` and ``collect`` lines of a flow record, and
``cache timeout`` of its monitor. Each line of the record is one field of the exported Template.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Field(NamedTuple):
    """One Field Specifier, and what stands in it.

    Attributes:
        element_id: Of IANA, or v9's field type (they agree).
        length: Octets.
        value: Of ``Flow``, or of the router: see ``sets.VALUES``.
    """

    element_id: int
    length: int
    value: str


RECORD_LINES: Mapping[str, Field] = {
    "match ipv4 tos": Field(5, 1, "tos"),
    "match ipv4 protocol": Field(4, 1, "protocol"),
    "match ipv4 source address": Field(8, 4, "source"),
    "match ipv4 destination address": Field(12, 4, "destination"),
    "match ipv6 traffic-class": Field(5, 1, "tos"),
    "match ipv6 protocol": Field(4, 1, "protocol"),
    "match ipv6 source address": Field(27, 16, "source"),
    "match ipv6 destination address": Field(28, 16, "destination"),
    "match transport source-port": Field(7, 2, "source_port"),
    "match transport destination-port": Field(11, 2, "destination_port"),
    "match transport icmp ipv4 type": Field(176, 1, "icmp_type"),
    "match transport icmp ipv4 code": Field(177, 1, "icmp_code"),
    "match transport icmp ipv6 type": Field(178, 1, "icmp_type"),
    "match transport icmp ipv6 code": Field(179, 1, "icmp_code"),
    "match interface input": Field(10, 4, "ingress"),
    "match datalink mac source address input": Field(56, 6, "source_mac"),
    "match datalink mac destination address input": Field(80, 6, "destination_mac"),
    "match datalink vlan input": Field(58, 2, "vlan"),
    "collect interface output": Field(14, 4, "egress"),
    "collect counter bytes": Field(1, 4, "octets"),
    "collect counter bytes long": Field(1, 8, "octets"),
    "collect counter packets": Field(2, 4, "packets"),
    "collect counter packets long": Field(2, 8, "packets"),
    "collect timestamp sys-uptime first": Field(22, 4, "start_uptime"),
    "collect timestamp sys-uptime last": Field(21, 4, "end_uptime"),
    "collect timestamp absolute first": Field(152, 8, "start_ms"),
    "collect timestamp absolute last": Field(153, 8, "end_ms"),
    "collect transport tcp flags": Field(6, 1, "tcp_flags"),
    "collect routing source as": Field(16, 4, "source_as"),
    "collect routing destination as": Field(17, 4, "destination_as"),
    "collect routing next-hop address ipv4": Field(15, 4, "next_hop"),
    "collect routing next-hop address ipv6": Field(62, 16, "next_hop"),
    "collect flow end-reason": Field(136, 1, "end_reason"),
    "collect flow sampler": Field(48, 2, "sampler"),
}
"""What each line of a flow record adds to the Template."""

_ACTIVE = "cache timeout active "
_INACTIVE = "cache timeout inactive "


class Configuration(NamedTuple):
    """A flow monitor: one flow record for each IP version, and the cache.

    Attributes:
        ipv4: Fields of IPv4 flows, in the order of their lines.
        ipv6: The same for IPv6; empty where there is no such monitor.
        active_seconds: A flow that goes on is reported so often.
        inactive_seconds: A flow without packets for so long is over.
    """

    ipv4: tuple[Field, ...]
    ipv6: tuple[Field, ...]
    active_seconds: int
    inactive_seconds: int


def configured(lines: Iterable[str]) -> Configuration:
    """Read a configuration; a later line of the same field replaces the earlier one.

    Raises:
        ValueError: A line that the router does not know; ``% Invalid input`` in its own words.
    """
    families: dict[int, dict[int, Field]] = {4: {}, 6: {}}
    active, inactive = 1800, 15  # Cisco's defaults
    for line in lines:
        if line.startswith(_ACTIVE):
            active = int(line.removeprefix(_ACTIVE))
        elif line.startswith(_INACTIVE):
            inactive = int(line.removeprefix(_INACTIVE))
        elif line in RECORD_LINES:
            field = RECORD_LINES[line]
            for version, fields in families.items():
                other = "ipv6" if version == 4 else "ipv4"  # noqa: PLR2004 - the IP version
                if other not in line:
                    fields[field.element_id] = field
        else:
            raise ValueError(f"% Invalid input detected: {line!r}")
    ipv6 = families[6] if 27 in families[6] else {}  # noqa: PLR2004 - sourceIPv6Address
    return Configuration(tuple(families[4].values()), tuple(ipv6.values()), active, inactive)
