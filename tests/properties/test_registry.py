"""Every element of the registry, in every length that RFC 7011 allows, against the RFC's own words.

The encoder and the expectations share nothing with the decoder: integers are summed octet by octet,
times come from ``datetime`` and exact fractions, addresses from ``ipaddress``.
"""

import ipaddress
import math
import random
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envizzy.captures import Captured
from envizzy.decode import Collector, json_line
from schemas.elements import BUILTIN, NETFLOW, load_registry
from schemas.elements.load import builtin_elements
from schemas.registry import InformationElement

REGISTRY = load_registry()
LISTS = {"basicList", "subTemplateList", "subTemplateMultiList"}
ELEMENTS = [
    item
    for table in BUILTIN
    for item in builtin_elements(table)
    if item.data_type.value not in LISTS and (item.enterprise_number, item.element_id) != (0, 210)
]
OF_TABLE = {table: set(builtin_elements(table)) for table in BUILTIN}
VARIABLE = 65535
NTP_1970 = 2_208_988_800

Made = tuple[bytes, Any]
"""Octets of a value, and what the line must have."""


def unsigned(rng: random.Random, size: int) -> Made:
    octets = rng.choice([bytes(size), b"\xff" * size, rng.randbytes(size)])
    number = sum(octet << 8 * place for place, octet in enumerate(reversed(octets)))
    return octets, number if number < 1 << 64 else str(number)


def signed(rng: random.Random, size: int) -> Made:
    octets = rng.choice([b"\x80" + bytes(size - 1), b"\xff" * size, rng.randbytes(size)])
    number = sum(octet << 8 * place for place, octet in enumerate(reversed(octets)))
    return octets, number - (1 << 8 * size) * (octets[0] >> 7)


def floating(rng: random.Random, size: int) -> Made:
    form = ">f" if size == 4 else ">d"
    octets = struct.pack(form, rng.choice([0.0, -2.25, rng.uniform(-1e9, 1e9), math.nan]))
    (number,) = struct.unpack(form, octets)
    return octets, None if math.isnan(number) else number


def boolean(rng: random.Random, _: int) -> Made:
    number = rng.choice([1, 2, 0, 3, 255])
    return bytes([number]), {1: True, 2: False}.get(number, number)


def mac(rng: random.Random, size: int) -> Made:
    octets = rng.randbytes(size)
    return octets, ":".join(f"{octet:02x}" for octet in octets)


def address(rng: random.Random, size: int) -> Made:
    octets = rng.choice([bytes(size), rng.randbytes(size), b"\x20\x01" + bytes(size - 3) + b"\1"])
    return octets, str(ipaddress.ip_address(octets))


def instant(seconds: int, digits: int, units: int = 0) -> str:
    """ISO 8601 of seconds since 1970 and units of 10 to the minus ``digits``."""
    seconds, units = seconds + units // 10**digits, units % 10**digits
    text = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()
    return text.removesuffix("+00:00") + (f".{units:0{digits}d}Z" if digits else "Z")


def seconds(rng: random.Random, _: int) -> Made:
    number = rng.choice([0, (1 << 32) - 1, rng.getrandbits(32)])
    return number.to_bytes(4), instant(number, 0)


def milliseconds(rng: random.Random, _: int) -> Made:
    number = rng.choice([0, rng.getrandbits(42)])
    return number.to_bytes(8), instant(0, 3, number)


def ntp(digits: int, ignored: int) -> Callable[[random.Random, int], Made]:
    """Era 0 from 1968 on, era 1 before; the fraction to the nearest unit."""

    def make(rng: random.Random, _: int) -> Made:
        whole, fraction = rng.getrandbits(32) or 1, rng.choice([0, 1 << 31, rng.getrandbits(32)])
        era = 0 if whole >= 1 << 31 else 1 << 32
        units = Fraction(fraction >> ignored << ignored, 1 << 32) * 10**digits
        nearest = math.floor(units + Fraction(1, 2))
        text = instant(whole + era - NTP_1970, digits, nearest)
        return struct.pack(">II", whole, fraction), text

    return make


def string(rng: random.Random, size: int) -> Made:
    text = rng.choice(["", "a", 'søk "\\\t', "日本", "x" * 300])
    if size == VARIABLE:
        return text.encode(), text
    cut = text.encode()[:size].decode(errors="ignore")
    return cut.encode().ljust(size, b"\0"), cut


def octet_array(rng: random.Random, size: int) -> Made:
    octets = rng.randbytes(rng.choice([0, 1, 254, 255, 256]) if size == VARIABLE else size)
    return octets, octets.hex().upper()


TYPES: dict[str, tuple[tuple[int, ...], Callable[[random.Random, int], Made]]] = {
    **{f"unsigned{8 * n}": (tuple(range(1, n + 1)), unsigned) for n in (1, 2, 4, 8, 32)},
    **{f"signed{8 * n}": (tuple(range(1, n + 1)), signed) for n in (1, 2, 4, 8)},
    "float32": ((4,), floating),
    "float64": ((4, 8), floating),
    "boolean": ((1,), boolean),
    "macAddress": ((6,), mac),
    "ipv4Address": ((4,), address),
    "ipv6Address": ((16,), address),
    "dateTimeSeconds": ((4,), seconds),
    "dateTimeMilliseconds": ((8,), milliseconds),
    "dateTimeMicroseconds": ((8,), ntp(6, 11)),
    "dateTimeNanoseconds": ((8,), ntp(9, 0)),
    "string": ((VARIABLE, 1, 12), string),
    "octetArray": ((VARIABLE, 1, 12), octet_array),
}
"""Lengths and values of each type (RFC 7011, 6.1 and 6.2)."""


def on_wire(element: InformationElement, size: int) -> bytes:
    """A Field Specifier (RFC 7011, 3.2)."""
    if element.enterprise_number:
        number = element.element_id | 0x8000
        return struct.pack(">HHI", number, size, element.enterprise_number)
    return struct.pack(">HH", element.element_id, size)


def counted(octets: bytes, long: bool) -> bytes:
    """A variable-length value in one of its two forms (RFC 7011, 7)."""
    if long or len(octets) > 254:
        return b"\xff" + len(octets).to_bytes(2) + octets
    return bytes([len(octets)]) + octets


def a_set(set_id: int, content: bytes) -> bytes:
    return struct.pack(">HH", set_id, 4 + len(content)) + content


def message(*sets: bytes) -> Captured:
    content = b"".join(sets)
    head = struct.pack(">HHIII", 10, 16 + len(content), 1_700_000_000, 1, 2)
    return Captured(None, 0, 0, 0, head + content)


def lines(*datagrams: Captured) -> list[dict[str, Any]]:
    collector = Collector(REGISTRY)
    items = [item for datagram in datagrams for item in collector.feed(datagram)]
    return [orjson.loads(json_line(item)) for item in items + collector.finish()]


def names(elements: list[InformationElement]) -> list[str]:
    """Repeats get ``_2``, ``_3``."""
    found: list[str] = []
    for place, element in enumerate(elements):
        before = sum(item.name == element.name for item in elements[:place])
        found.append(f"{element.name}_{before + 1}" if before else element.name)
    return found


@pytest.mark.rfc("7011", "6.2")
@pytest.mark.parametrize("table", BUILTIN)
def test_every_element_in_every_length(table: str) -> None:
    """One Template for each; the name is the registry's, the value what the RFC says."""
    rng = random.Random(table)
    for element in (item for item in ELEMENTS if item in OF_TABLE[table]):
        sizes, make = TYPES[element.data_type.value]
        for size in sizes:
            octets, expected = make(rng, size)
            value = counted(octets, rng.random() < 0.3) if size == VARIABLE else octets
            templates = struct.pack(">HH", 256, 1) + on_wire(element, size)
            (_, line) = lines(message(a_set(2, templates), a_set(256, value)))

            assert {element.name: expected} == line["fields"], (element, size, octets)


@given(st.randoms(use_true_random=False), st.data())
@settings(max_examples=60, deadline=None)
def test_random_records_of_any_elements(rng: random.Random, data: st.DataObject) -> None:
    """Several elements, reverse ones, scopes, both forms of lengths, padding, split Messages."""
    chosen = data.draw(st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=12))
    elements = [
        REGISTRY.lookup(29305, item.element_id)
        if not item.enterprise_number and rng.random() < 0.2
        else item
        for item in chosen
    ]
    sizes = [rng.choice(TYPES[item.data_type.value][0]) for item in elements]
    scopes = rng.choice([0, rng.randint(1, len(elements))])
    head = struct.pack(">HH", 300, len(elements)) + (struct.pack(">H", scopes) if scopes else b"")
    templates = head + b"".join(map(on_wire, elements, sizes))
    content, expected = b"", []
    for _ in range(rng.randint(1, 3)):
        row = {}
        for name, element, size in zip(names(elements), elements, sizes, strict=True):
            octets, row[name] = TYPES[element.data_type.value][1](rng, size)
            content += counted(octets, rng.random() < 0.3) if size == VARIABLE else octets
        expected.append(row)
    shortest = sum(1 if size == VARIABLE else size for size in sizes)
    content += rng.randbytes(min(shortest - 1, rng.randint(0, 3)))
    sets = (a_set(3 if scopes else 2, templates), a_set(300, content))
    got = lines(message(*sets)) if rng.random() < 0.5 else lines(*map(message, sets))

    assert ["template"] + ["options" if scopes else "data"] * len(expected) == [
        line["kind"] for line in got
    ]
    assert expected == [line["fields"] for line in got[1:]]
    assert [list(row) for row in expected] == [list(line["fields"]) for line in got[1:]]


def test_tables_of_netflow_have_types_that_are_encoded_here() -> None:
    """A new type would be one that nobody tries."""
    everything = [item for table in (*BUILTIN, *NETFLOW) for item in builtin_elements(table)]

    assert {item.data_type.value for item in everything} - LISTS <= set(TYPES)
