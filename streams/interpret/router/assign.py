"""Which field of a Template gives which key: the written order of precedence, in one place.

Both paths follow it: the interpreted one for each record, the compiled one once a layout.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.registry import REVERSE_ENTERPRISE_NUMBER
from schemas.router_records import (
    BASE_ICMP,
    BASE_INFORMATION,
    BASE_PORTS,
    REVERSE_KEYS,
    ROUTER_FIELDS,
    ElementKey,
)
from streams.interpret.router.names import BASE_WITH_PORTS, ICMP, ICMP_6, WITH_PORTS
from streams.interpret.router.sampling import RATES
from streams.wire.model import BoundTemplate, field_names
from streams.wire.output import is_padding

IP_VERSION = 60
ETHERNET_TYPE = 256
SYSTEM_INIT_TIME = 160
APPLICATION_ID = 95
SAMPLER_ID = 48
SELECTOR_ID = 302

UPTIMES = frozenset({21, 22})
"""flowEndSysUpTime, flowStartSysUpTime."""

_V4, _V6 = (8, 12), (27, 28)
_FAMILIES: Final[Mapping[str, tuple[int, int]]] = {
    "src_addr": (8, 27),
    "dst_addr": (12, 28),
    "next_hop": (15, 62),
    "bgp_next_hop": (18, 63),
    "src_net": (9, 29),
    "dst_net": (13, 30),
}
"""Keys with one source for each address family: IPv4, IPv6."""

_NETWORKS: Final[Mapping[str, str]] = {"src_net": "src_addr", "dst_net": "dst_addr"}

_FORMS: Final[Mapping[int, str]] = {
    150: "seconds",
    151: "seconds",
    152: "milliseconds",
    153: "milliseconds",
    154: "microseconds",
    155: "microseconds",
    158: "delta",
    159: "delta",
    22: "uptime",
    21: "uptime",
    4: "protocol",
    197: "fragment_flags",
}
"""How a value becomes its key's, by element; the rest as it is."""

_OF_ICMP_6 = frozenset({139, 178, 179})
"""icmpTypeCodeIPv6, icmpTypeIPv6, icmpCodeIPv6."""

_BOTH_HALVES = frozenset({32, 139})
"""icmpTypeCodeIPv4, icmpTypeCodeIPv6: type * 256 + code."""

LEGACY: Final = frozenset({1, 5, 7})
"""Template IDs of the fixed records of v1, v5 and v7."""


class Branch(NamedTuple):
    """What is believed of a record, by its protocol.

    Attributes:
        ports: Whether it has ports.
        icmp: Whether it is ICMP.
        base: Keys that are base information beside those of every flow.
        icmp_six: Whether the elements of ICMPv6 come first.
    """

    ports: bool
    icmp: bool
    base: tuple[str, ...] = ()
    icmp_six: bool = False


PORTS_BASE = Branch(ports=True, icmp=False, base=BASE_PORTS)
PORTS = Branch(ports=True, icmp=False)
ICMP_FOUR = Branch(ports=False, icmp=True, base=BASE_ICMP)
ICMP_SIX = Branch(ports=False, icmp=True, base=BASE_ICMP, icmp_six=True)
NEITHER = Branch(ports=False, icmp=False)
UNKNOWN = Branch(ports=True, icmp=True)
"""Of a record that does not say its protocol: what it has is published as it is."""


def branch_of(protocol: int | None) -> Branch:
    """Return what is believed of a record.

    Args:
        protocol: protocolIdentifier; None where the record has none.
    """
    if protocol is None:
        return UNKNOWN
    if protocol in BASE_WITH_PORTS:
        return PORTS_BASE
    if protocol in ICMP:
        return ICMP_FOUR
    if protocol in ICMP_6:
        return ICMP_SIX
    return PORTS if protocol in WITH_PORTS else NEITHER


class Column(NamedTuple):
    """One key of the record.

    Attributes:
        key: In the record.
        form: How it is made of the fields (``forms``).
        indexes: Of the fields.
    """

    key: str
    form: str
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """How records of one shape become flow records.

    Attributes:
        constants: Keys with the same value in all of them.
        columns: Keys that are made of fields, in the order of the contract.
        elements: Names and fields of what stands under ``elements``, in wire order.
        missing: Base information that is not there, in order.
    """

    constants: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    elements: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]


class Names:
    """The fields of a Template by element, and their names.

    Attributes:
        places: Fields of each element, in wire order.
        names: Of every field, repeats numbered; "" for padding.
        is_legacy: Whether it is the fixed record of v1, v5 or v7.
    """

    def __init__(self, bound: BoundTemplate) -> None:
        self.is_legacy = bound.template_id in LEGACY
        places: dict[ElementKey, list[int]] = {}
        for index, item in enumerate(bound.fields):
            element = item.element
            places.setdefault((element.enterprise_number, element.element_id), []).append(index)
        self.places = places
        elements = [item.element for item in bound.fields]
        self.names = [
            "" if is_padding(element) else name
            for element, name in zip(elements, field_names(elements), strict=True)
        ]

    def first(self, key: ElementKey, available: AbstractSet[int]) -> int | None:
        """Return the first field of an element that has a value."""
        return next((index for index in self.places.get(key, ()) if index in available), None)


def families(names: Names, available: AbstractSet[int]) -> tuple[bool, bool]:
    """Whether a record has IPv4 addresses, and whether it has IPv6 ones."""
    four = any(names.first((0, number), available) is not None for number in _V4)
    six = any(names.first((0, number), available) is not None for number in _V6)
    return four, six


def address_fields(
    names: Names, available: AbstractSet[int]
) -> tuple[list[int], list[int], int | None]:
    """Return the fields of IPv4 addresses, of IPv6 addresses, and of ipVersion."""
    found = [
        [index for number in numbers if (index := names.first((0, number), available)) is not None]
        for numbers in (_V4, _V6)
    ]
    return found[0], found[1], names.first((0, IP_VERSION), available)


def is_six(version: int | None, four: Sequence[str], six: Sequence[str]) -> bool:
    """Whether a record with addresses of both families is one of IPv6.

    Args:
        version: ipVersion; None where there is none.
        four: IPv4 addresses.
        six: IPv6 addresses.
    """
    if version in (4, 6):
        return version == 6  # noqa: PLR2004 - IPv6
    return all(item == "0.0.0.0" for item in four) and any(item != "::" for item in six)


def assign(names: Names, available: AbstractSet[int], branch: Branch, *, six: bool) -> Assignment:
    """Say which fields give which keys.

    Args:
        names: Of the Template.
        available: Fields that have a value of their type.
        branch: By protocol.
        six: Whether the IPv6 sources come first.
    """
    made = _Assigning(names, available, branch, six=six)
    columns = tuple(made.columns())
    keys = {column.key for column in columns}
    constants = made.constants(keys)
    keys |= {key for key, _ in constants}
    elements = tuple(
        (name, index) for index, name in enumerate(names.names) if name and index not in made.used
    )
    base = BASE_ICMP if any(key == "proto" for key, _ in constants) else branch.base
    wanted = (*BASE_INFORMATION, *base)
    missing = tuple(key for key in wanted if key not in keys)
    return Assignment(constants, columns, elements, missing)


class _Assigning:
    def __init__(
        self, names: Names, available: AbstractSet[int], branch: Branch, *, six: bool
    ) -> None:
        self._names = names
        self._available = available
        self._branch = branch
        self._six = six
        self._addresses: dict[str, int] = {}
        self.used: set[int] = set()

    def columns(self) -> Iterator[Column]:
        for field in ROUTER_FIELDS:
            if not field.sources or (
                (field.when == "ports" and not self._branch.ports)
                or (field.when == "icmp" and not self._branch.icmp)
            ):
                continue
            column = self._column(field.key, field.sources)
            if column is not None:
                yield self._noted(column, is_derived=field.derived)
        for key, sources in REVERSE_KEYS.items():
            column = self._simple(key, sources)
            if column is not None:
                yield self._noted(column, is_derived=False)

    def constants(self, keys: AbstractSet[str]) -> tuple[tuple[str, str], ...]:
        """``etype`` of what has addresses, ``proto`` of what can only be ICMP."""
        found = []
        if keys & {"src_addr", "dst_addr"}:
            found.append(("etype", "IPv6" if self._uses(_V6) else "IPv4"))
        # softflowd's Template of ICMP has no protocolIdentifier: type and code are of no other
        if "icmp_type" in keys and not keys & {"proto", "src_port", "dst_port"}:
            found.append(("proto", "ICMPv6" if self._uses(_OF_ICMP_6) else "ICMP"))
        return tuple(found)

    def _uses(self, numbers: Iterable[int]) -> bool:
        return any(
            index in self.used
            for number in numbers
            for index in self._names.places.get((0, number), ())
        )

    def _noted(self, column: Column, *, is_derived: bool) -> Column:
        if not is_derived:
            # of an address and its prefix length only the latter says no more than the key
            self.used.update(column.indexes[:1] if column.form != "network" else column.indexes[1:])
        return column

    def _column(self, key: str, sources: Sequence[ElementKey]) -> Column | None:
        if key in _NETWORKS:
            return self._network(key)
        if key in _FAMILIES:
            return self._family(key)
        special = {
            "etype": self._etype,
            "sampling_rate": self._rate,
            "icmp_type": self._icmp,
            "icmp_code": self._icmp,
        }.get(key)
        return self._simple(key, sources) if special is None else special(key, sources)

    def _first(self, *numbers: int) -> int | None:
        for number in numbers:
            index = self._names.first((0, number), self._available)
            if index is not None:
                return index
        return None

    def _simple(self, key: str, sources: Sequence[ElementKey]) -> Column | None:
        for source in sources:
            index = self._names.first(source, self._available)
            if index is not None:
                return self._formed(key, source, index)
        return None

    def _formed(self, key: str, source: ElementKey, index: int) -> Column:
        form = _FORMS.get(source[1], "") if source[0] in (0, REVERSE_ENTERPRISE_NUMBER) else ""
        if form == "uptime":
            init = self._first(SYSTEM_INIT_TIME)
            if init is not None:
                return Column(key, "init_uptime", (index, init))
        return Column(key, form, (index,))

    def _family(self, key: str) -> Column | None:
        four, six = _FAMILIES[key]
        index = self._first(six, four) if self._six else self._first(four, six)
        if index is None:
            return None
        self._addresses[key] = index
        return Column(key, "", (index,))

    def _network(self, key: str) -> Column | None:
        address = self._addresses.get(_NETWORKS[key])
        if address is None:
            return None
        # the prefix length of the family that the address has
        four, six = _FAMILIES[key]
        is_v6 = any(address in self._names.places.get((0, number), ()) for number in _V6)
        length = self._first(six if is_v6 else four)
        return None if length is None else Column(key, "network", (address, length))

    def _etype(self, key: str, _: Sequence[ElementKey]) -> Column | None:
        if self._addresses:
            return None  # a constant
        index = self._first(ETHERNET_TYPE)
        if index is not None:
            return Column(key, "ethernet_type", (index,))
        index = self._first(IP_VERSION)
        return None if index is None else Column(key, "ip_version", (index,))

    def _rate(self, key: str, _: Sequence[ElementKey]) -> Column | None:
        for numbers in RATES:
            indexes = [self._first(number) for number in numbers]
            found = tuple(index for index in indexes if index is not None)
            if len(found) == len(numbers):
                return Column(key, f"rate_{numbers[0]}", found)
        return None

    def _icmp(self, key: str, sources: Sequence[ElementKey]) -> Column | None:
        half = "high" if key == "icmp_type" else "low"
        if self._names.is_legacy:
            index = self._first(11)
            return None if index is None else Column(key, half, (index,))
        numbers = [number for _, number in sources]
        if self._branch.icmp_six:
            numbers.sort(key=_OF_ICMP_6.__contains__, reverse=True)
        for number in numbers:
            index = self._first(number)
            if index is not None:
                return Column(key, half if number in _BOTH_HALVES else "", (index,))
        return None
