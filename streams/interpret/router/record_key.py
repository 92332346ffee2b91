"""The Kafka key of a router flow where it is that of the flow."""

from collections.abc import Mapping

_PARTS = ("src_addr", "dst_addr", "proto", "src_port", "dst_port", "icmp_type", "icmp_code")


def flow_key(exporter: str, row: Mapping[str, object]) -> bytes:
    """Return Exporter, addresses, protocol, ports (or ICMP type and code), joined by a bar.

    All records of one flow, and of one direction of it, have the same; what a record lacks is
    empty.

    Args:
        exporter: Address as text.
        row: The flow record.
    """
    parts = (str(row.get(part, "")) for part in _PARTS)
    return "|".join((exporter, *parts)).encode()
