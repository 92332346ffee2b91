"""The main fields of a record, as each decoder says them, in one form that can be compared."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from ipaddress import IPv6Address
from typing import Any, NamedTuple

_NAMES = {
    "src": ("sourceIPv4Address", "sourceIPv6Address"),
    "dst": ("destinationIPv4Address", "destinationIPv6Address"),
    "sport": ("sourceTransportPort", "udpSourcePort", "tcpSourcePort"),
    "dport": ("destinationTransportPort", "udpDestinationPort", "tcpDestinationPort"),
    "proto": ("protocolIdentifier",),
    "bytes": ("octetDeltaCount", "octetTotalCount"),
    "packets": ("packetDeltaCount", "packetTotalCount"),
}
_TIMES = {
    f"{when.lower()}": tuple(
        f"flow{when}{unit}" for unit in ("Seconds", "Milliseconds", "Microseconds", "Nanoseconds")
    )
    for when in ("Start", "End")
}
_UPTIMES = {"start_uptime": "flowStartSysUpTime", "end_uptime": "flowEndSysUpTime"}

_DELTAS = {"start": "flowStartDeltaMicroseconds", "end": "flowEndDeltaMicroseconds"}
"""Relative to the Export Time (RFC 5102, 5.9.7)."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
"""Times of a length that does not fit keep their octets."""

FIELDS = (*_NAMES, *_TIMES, *_UPTIMES)


class Time(NamedTuple):
    """Nanoseconds since 1970, and the unit of what said so."""

    ns: int
    unit_ns: int


Main = Mapping[str, Any]


def instant(text: str) -> Time:
    """ISO 8601 UTC, whatever precision; the unit is that of the last digit."""
    whole, _, fraction = text.rstrip("Z").replace(" ", "T").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    digits = fraction.ljust(9, "0")
    return Time(seconds * 10**9 + int(digits), 10 ** (9 - len(fraction)))


def of_fields(fields: Mapping[str, Any], export_time: int = 0, boot_ns: int | None = None) -> Main:
    """From element names and values: ours, and ipfixDump's.

    Args:
        fields: Of one record.
        export_time: Of its Message, seconds; 0 where it is of no use.
        boot_ns: When the Exporter was booted, by the Message's header: turns uptimes into times;
            None leaves them as they are.
    """
    main: dict[str, Any] = {}
    for key, names in (*_NAMES.items(), *_TIMES.items()):
        first = next((name for name in names if name in fields), None)
        if first is not None:
            main[key] = _comparable(fields[first])
    for key, name in _DELTAS.items():
        if name in fields and export_time:
            main[key] = Time(export_time * 10**9 - int(fields[name]) * 1000, 1000)
    for key, name in _UPTIMES.items():
        if name in fields:
            main[key] = int(fields[name])
            if boot_ns is not None:
                when = key.removesuffix("_uptime")
                main.setdefault(when, Time(boot_ns + main[key] * 1_000_000, 1_000_000))
    return main


def _comparable(value: Any) -> Any:
    """Times and IPv6 addresses have more than one text for one value."""
    if isinstance(value, str) and _ISO.match(value):
        return instant(value)
    if isinstance(value, str) and ":" in value:
        return str(IPv6Address(value))
    return value


def of_tshark(line: Mapping[str, Any]) -> Main:
    """From tshark, which prints numbers as text and uptimes in seconds."""
    main: dict[str, Any] = {}
    for key, value in line["main"].items():
        if key in _TIMES:
            main[key] = instant(value)
        elif key in _UPTIMES:
            main[key] = round(float(value) * 1000)
        else:
            main[key] = value if key in {"src", "dst"} else int(value)
    return main


def of_nfdump(flow: Mapping[str, Any]) -> Main:
    """From nfdump, which fills up with zeros what a record lacks, and has milliseconds only."""
    main = {
        "src": flow.get("src4_addr", flow.get("src6_addr")),
        "dst": flow.get("dst4_addr", flow.get("dst6_addr")),
        "sport": flow.get("src_port"),
        "dport": flow.get("dst_port"),
        "proto": flow.get("proto"),
        "bytes": flow.get("in_bytes"),
        "packets": flow.get("in_packets"),
    }
    for key, name in (("start", "first"), ("end", "last")):
        if name in flow:
            main[key] = instant(flow[name])
    return main


_DUMP_FIELD = re.compile(r"^\t\([\d/]+\)\s+(\w+) : ?(.*)$")
_RECORD = re.compile(r"^--- data record ", re.MULTILINE)  # those within a list are set in
_NUMBERS = ("Port", "Count", "Identifier", "SysUpTime")


def dumped_records(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Records of ipfixDump: how many fields each has, and those of names that it knows."""
    for part in _RECORD.split(text)[1:]:
        count, fields = 0, {}
        for line in part.splitlines():
            if line.startswith(("--- ", "***")):
                break
            found = _DUMP_FIELD.match(line)
            if not found or found[1] == "paddingOctets":
                continue
            count += 1
            name, value = found[1], found[2].strip()
            fields.setdefault(name, int(value) if name.endswith(_NUMBERS) and value else value)
        yield count, fields


def dumped_list_lengths(text: str) -> list[int]:
    """How many members each basicList has, in wire order."""
    return [int(count) for count in re.findall(r"\+\+\+ basicList \+\+\+\n\s+count: (\d+)", text)]
