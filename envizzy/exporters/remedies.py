"""Lines of a router's configuration, as a table: what each puts right.

Cisco IOS and IOS XE Flexible NetFlow Command Reference: ``match`` and ``collect`` in a flow record,
``cache timeout`` in the flow monitor, ``option`` in the flow exporter; for NetFlow v5, which has a
fixed form, ``ip flow-cache`` of classic NetFlow.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Remedy(NamedTuple):
    """Lines for one thing that lacks.

    Attributes:
        ipv4: In the flow record for IPv4.
        ipv6: In the flow record for IPv6.
    """

    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]


def _both(*lines: str) -> Remedy:
    return Remedy(lines, lines)


RECORD: Mapping[str, Remedy] = {
    "proto": Remedy(("match ipv4 protocol",), ("match ipv6 protocol",)),
    "ip_tos": Remedy(("match ipv4 tos",), ("match ipv6 traffic-class",)),
    "src_addr": Remedy(("match ipv4 source address",), ("match ipv6 source address",)),
    "dst_addr": Remedy(("match ipv4 destination address",), ("match ipv6 destination address",)),
    "src_port": _both("match transport source-port"),
    "dst_port": _both("match transport destination-port"),
    "icmp_type": Remedy(("match transport icmp ipv4 type",), ("match transport icmp ipv6 type",)),
    "icmp_code": Remedy(("match transport icmp ipv4 code",), ("match transport icmp ipv6 code",)),
    "in_if": _both("match interface input"),
    "out_if": _both("collect interface output"),
    "bytes": _both("collect counter bytes long"),
    "packets": _both("collect counter packets long"),
    "time_flow_start_ns": _both("collect timestamp sys-uptime first"),
    "time_flow_end_ns": _both("collect timestamp sys-uptime last"),
}
"""Key of the base information to the lines of the flow record; in the order in which they stand."""

WORDS: Mapping[str, str] = {
    "proto": "protocol",
    "ip_tos": "ToS or traffic class",
    "src_addr": "source address",
    "dst_addr": "destination address",
    "src_port": "source port",
    "dst_port": "destination port",
    "icmp_type": "ICMP type",
    "icmp_code": "ICMP code",
    "in_if": "input interface",
    "out_if": "output interface",
    "bytes": "octets",
    "packets": "packets",
    "time_flow_start_ns": "start time",
    "time_flow_end_ns": "end time",
}
"""The same keys in words."""

ACTIVE = {"flexible": "cache timeout active 60", "classic": "ip flow-cache timeout active 1"}
"""A flow that goes on is reported once a minute; classic NetFlow counts in minutes."""

INACTIVE = {"flexible": "cache timeout inactive 60", "classic": "ip flow-cache timeout inactive 60"}
"""A flow that is over is reported within a minute."""

INTERFACE_NAMES = "option interface-table"
"""In the flow exporter: interfaces get names."""

CLOCK = "ntp server ADDRESS"
"""The Exporter's clock follows another's."""
