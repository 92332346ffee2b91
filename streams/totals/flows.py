"""A record of ``netflow`` as the totals need it: key, times, counters; complete or left out."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

WITH_PORTS: Final = frozenset({"TCP", "UDP"})
"""Protocols whose flows must say their ports."""

ICMP: Final = frozenset({"ICMP", "ICMPv6"})
"""Protocols whose flows must say type and code."""

DOUBTFUL: Final = frozenset({"clock_off", "first_after_last", "end_in_future"})
"""Flags of ``netflow`` that say that a flow's times cannot be believed."""

LEFT_OUT: Final = "left-out"
"""In the second place of a key: it counts what was left out."""

_LARGEST: Final = (1 << 63) - 1


class Flow(NamedTuple):
    """What counts of a flow.

    Attributes:
        key: Interfaces, protocol, ToS, addresses, and ports or ICMP type and code, by commas.
        start_ns: First packet, UTC.
        end_ns: Last packet.
        octets: As sent.
        packets: As sent.
        sampling: Rate; 0 where it is not said.
        doubtful: Whether its times cannot be believed.
    """

    key: str
    start_ns: int
    end_ns: int
    octets: int
    packets: int
    sampling: int
    doubtful: bool


# A NamedTuple's constructor is a Python function; this is what it calls.
_tuple = tuple.__new__


def read_flow(record: Mapping[str, Any]) -> Flow:
    """Take what counts out of a record of ``netflow``.

    The record may hold numbers as text (``streams.json_values``, ``streams.big_numbers``).

    Raises:
        KeyError: Something of the base information is missing, whatever ``missing`` says: with
            ``netflow.base_information = "ignore"`` it says nothing.
        ValueError: A number is none.
        TypeError: The same.
    """
    if "missing" in record:
        raise KeyError(*record["missing"])
    proto = record["proto"]
    if proto in WITH_PORTS:
        first, second = record["src_port"], record["dst_port"]
    elif proto in ICMP:
        first, second = record["icmp_type"], record["icmp_code"]
    else:
        first, second = record.get("src_port", ""), record.get("dst_port", "")
    in_if, out_if, tos = record["in_if"], record["out_if"], record["ip_tos"]
    if not (type(in_if) is type(out_if) is type(tos) is type(first) is type(second) is int):
        for number in (in_if, out_if, tos, first or 0, second or 0):
            int(str(number))  # they are made numbers again from the key, which cannot fail then
    key = (
        f"{in_if},{out_if},{proto},{tos},{record['src_addr']},{record['dst_addr']},{first},{second}"
    )
    start, end = record["time_flow_start_ns"], record["time_flow_end_ns"]
    octets, packets = record["bytes"], record["packets"]
    sampling = record.get("sampling_rate", 0)
    if not (type(start) is type(end) is type(octets) is type(packets) is int):
        start, end, octets, packets = int(start), int(end), int(octets), int(packets)
    if type(sampling) is str:
        sampling = float(sampling)
    if octets < 0 or packets < 0 or not 0 <= start <= _LARGEST or not 0 <= end <= _LARGEST:
        raise ValueError("a counter or a time out of its range")
    doubtful = start > end
    if "flags" in record:
        doubtful = doubtful or not DOUBTFUL.isdisjoint(record["flags"])
    return _tuple(Flow, (key, start, end, octets, packets, sampling, doubtful))


def left_out_key(exporter: str, reason: str) -> str:
    """Return the key of the count of an Exporter's flows that are left out for a reason."""
    return f"{exporter},{LEFT_OUT},{reason}"
