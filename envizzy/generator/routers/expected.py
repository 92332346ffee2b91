"""What must stand on ``netflow`` for a flow that was sent: the simulator's own knowledge.

Written after the records' document and the standards, not after our decoder: one checks the other.
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from envizzy.generator.routers.configuration import Field
from envizzy.generator.routers.flows import ICMP, ICMPV6, TCP, UDP, Flow
from envizzy.generator.routers.profiles import Profile
from envizzy.generator.routers.sets import IPFIX, NETFLOW_5, NETFLOW_9, Clock, v5_system

_NS = 1_000_000
_LONG_MS = 60_000
"""A flow over it is flagged: base information comes once a minute."""

_TYPES = {NETFLOW_5: "NETFLOW_V5", NETFLOW_9: "NETFLOW_V9", IPFIX: "IPFIX"}
_PROTOCOLS = {TCP: "TCP", UDP: "UDP", ICMP: "ICMP", ICMPV6: "ICMPv6"}
_PREFIX = 24

_KEYS: Mapping[int, str] = {
    1: "bytes",
    2: "packets",
    4: "proto",
    5: "ip_tos",
    6: "tcp_flags",
    7: "src_port",
    8: "src_addr",
    10: "in_if",
    11: "dst_port",
    12: "dst_addr",
    14: "out_if",
    15: "next_hop",
    16: "src_as",
    17: "dst_as",
    21: "time_flow_end_ns",
    22: "time_flow_start_ns",
    27: "src_addr",
    28: "dst_addr",
    56: "src_mac",
    58: "src_vlan",
    62: "next_hop",
    80: "dst_mac",
    152: "time_flow_start_ns",
    153: "time_flow_end_ns",
    176: "icmp_type",
    177: "icmp_code",
    178: "icmp_type",
    179: "icmp_code",
}
"""Element to key of the record."""

_OTHERS: Mapping[int, str] = {
    7: "sourceTransportPort",
    11: "destinationTransportPort",
    48: "samplerId",
    136: "flowEndReason",
    176: "icmpTypeIPv4",
    177: "icmpCodeIPv4",
    178: "icmpTypeIPv6",
    179: "icmpCodeIPv6",
    302: "selectorId",
}
"""Elements without a key, or not believed in a flow of this protocol: they stand under
``elements`` by their name."""

_V5_ELEMENTS = (8, 12, 15, 10, 14, 2, 1, 22, 21, 7, 11, 6, 4, 5, 16, 17)
_BASE = (
    *("time_flow_start_ns", "time_flow_end_ns", "in_if", "out_if", "proto", "ip_tos"),
    *("src_addr", "dst_addr", "bytes", "packets"),
)
_VOLATILE = frozenset({"time_received_ns", "sampler_address"})
"""Only the receiver knows them; the Exporter's address is compared with the header."""


def published(
    flow: Flow,
    clock: Clock,
    profile: Profile,
    fields: Iterable[Field],
    sequence: int,
    domain: int,
    names: Mapping[int, str],
) -> dict[str, Any]:
    """The record as the topic must show it, without what only the receiver knows.

    Args:
        flow: As it was in the cache.
        clock: Of the router when it sent the datagram.
        profile: Of the router.
        fields: Of the Template; v5's form is fixed.
        sequence: Of the Message.
        domain: Observation Domain ID, Source ID, engine id.
        names: Of interfaces, as told in options data.
    """
    is_v5 = profile.version == NETFLOW_5
    elements = _V5_ELEMENTS if is_v5 else tuple(field.element_id for field in fields)
    known = _known(flow, clock, profile)
    value: dict[str, Any] = {
        "type": _TYPES[profile.version],
        "sequence_num": sequence,
        "etype": f"IPv{flow.version}",
        "observation_domain_id": domain,
    }
    value |= {_KEYS[each]: known[_KEYS[each]] for each in elements if _KEYS.get(each) in known}
    value |= _learnt(flow, profile, names)
    if is_v5:
        value |= _v5_only(flow)
    others = _others(flow)
    if is_v5 and flow.protocol == ICMP:
        del others[11]  # it is where v5 has type and code
    other = {_OTHERS[each]: others[each] for each in elements if each in others}
    missing = [key for key in (*_BASE, *_of_protocol(flow)) if key not in value]
    flags = ["long_duration"] if flow.end_ms - flow.start_ms > _LONG_MS else []
    return (
        value
        | ({"elements": other} if other else {})
        | ({"missing": missing} if missing else {})
        | ({"flags": flags} if flags else {})
    )


def _known(flow: Flow, clock: Clock, profile: Profile) -> dict[str, Any]:
    """All that the flow cache holds, by key; what does not go with the protocol is left out."""
    # v9's header has whole seconds beside sysUpTime in milliseconds: its times are as exact.
    lag = clock.now_ms % 1000 if profile.version == NETFLOW_9 else 0
    known = {
        "bytes": flow.octets,
        "packets": flow.packets,
        "proto": _PROTOCOLS[flow.protocol],
        "ip_tos": flow.tos,
        "tcp_flags": flow.tcp_flags,
        "src_addr": flow.source,
        "dst_addr": flow.destination,
        "in_if": flow.ingress,
        "out_if": flow.egress,
        "src_mac": flow.source_mac,
        "dst_mac": flow.destination_mac,
        "src_vlan": flow.vlan,
        "src_as": flow.source_as,
        "dst_as": flow.destination_as,
        "next_hop": flow.next_hop,
        "time_flow_start_ns": (flow.start_ms - lag) * _NS,
        "time_flow_end_ns": (flow.end_ms - lag) * _NS,
    }
    if flow.protocol in {TCP, UDP}:
        return known | {"src_port": flow.source_port, "dst_port": flow.destination_port}
    return known | {"icmp_type": flow.icmp_type, "icmp_code": flow.icmp_code}


def _others(flow: Flow) -> dict[int, int]:
    """What stands under ``elements`` where the Template has it."""
    others = {48: 1, 136: flow.end_reason, 302: 1}
    if flow.protocol in {TCP, UDP}:
        return others | dict.fromkeys((176, 177, 178, 179), 0)
    return others | {7: 0, 11: flow.icmp_type * 256 + flow.icmp_code}


def _learnt(flow: Flow, profile: Profile, names: Mapping[int, str]) -> dict[str, Any]:
    told: dict[str, Any] = {"sampling_rate": profile.sampling} if profile.sampling else {}
    if profile.sampling and profile.version == NETFLOW_9:
        told["sampler"] = "sampler-1"
    if names:
        told |= {"in_if_name": names[flow.ingress], "out_if_name": names[flow.egress]}
    return told


def _v5_only(flow: Flow) -> dict[str, Any]:
    """What v5's fixed form says besides; ICMP stands in its destination port."""
    value: dict[str, Any] = {
        "src_as": v5_system(flow.source_as),
        "dst_as": v5_system(flow.destination_as),
        "src_net": str(ip_network(f"{flow.source}/{_PREFIX}", strict=False)),
        "dst_net": str(ip_network(f"{flow.destination}/{_PREFIX}", strict=False)),
    }
    if flow.protocol == ICMP:
        value |= {"icmp_type": flow.icmp_type, "icmp_code": flow.icmp_code}
    return value


def _of_protocol(flow: Flow) -> tuple[str, ...]:
    if flow.protocol in {TCP, UDP}:
        return ("src_port", "dst_port")
    return ("icmp_type", "icmp_code")


def identity(value: Mapping[str, Any]) -> str:
    """What tells a simulated flow from every other one, read from its published form.

    Each router has clients of its own, which take turns; a client's next flow has another port and
    another start, the reports of a long one have other starts.
    """
    parts = ("src_addr", "src_port", "dst_addr", "proto", "time_flow_start_ns", "bytes")
    return "/".join(str(value.get(part)) for part in parts)


def comparable(value: Mapping[str, Any]) -> dict[str, Any]:
    """What of a published value can be compared: without what only the receiver knows, by key."""
    kept = {key: each for key, each in value.items() if key not in _VOLATILE}
    return dict(sorted(kept.items()))
