"""What one key's value says about all rules at once: a mask with a bit for each.

A bit is set where the rule does not name the key, or where the value is as the rule wants it. Masks
of one value are kept, so a comparison costs a look-up, whatever the rules compare it with.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from ipaddress import ip_address, ip_network
from typing import Any, Final

from schemas.field_keys import ValueForm
from schemas.policy import FilterPair, Test

ABSENT: Final = object()
"""In place of the value of a key that a record lacks."""

KEPT_VALUES: Final = 16_384
"""Masks kept for each key; then all are forgotten. A value is some 100 octets."""

KEPT_LISTS: Final = 2_048
"""The same for lists, of which one may have a hundred members."""

Bits = int
"""A mask: bit n is rule n."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a value, or ``ABSENT``, becomes a mask; one of the two is given.

    All of it raises TypeError or AttributeError for a value of another type than the key's.

    Attributes:
        table: ``table.get(value, default)``, or ``table[value]`` where there is no default.
        default: For values that are not in the table; None where it makes them itself.
        call: ``call(value)``.
    """

    table: dict[Any, Bits] | None = None
    default: Bits | None = None
    call: Callable[[Any], Bits] | None = None


def index_key(form: ValueForm, pairs: Sequence[tuple[int, FilterPair]], others: Bits) -> Lookup:
    """Make the look-up of one key.

    Args:
        form: Of its values.
        pairs: What rules want of it, each with the number of its rule.
        others: Bits of the rules that do not name it.
    """
    absent = others | _bits(number for number, pair in pairs if pair.absent)
    there = [(number, pair) for number, pair in pairs if not pair.absent]
    if form == "list":
        return _of_list(there, others, absent)
    if form == "number" and all(_is_numeric(pair) for _, pair in there):
        return _of_number(there, others, absent)
    mask = _mask_of(there)

    def compute(value: Any) -> Bits:  # any value of a record
        return absent if value is ABSENT else others | mask(value)

    if all(_is_exact(pair) for _, pair in there):
        table = {test.value: compute(test.value) for _, pair in there for test in pair.clauses[0]}
        return Lookup({**table, ABSENT: absent}, others)
    return Lookup(_Memo(compute))


def holds(pair: FilterPair, value: Any) -> bool:  # any value of a record
    """Whether a value that is there is as a pair wants it; the plain way, without an index."""
    if pair.absent:
        return False
    members = value if isinstance(value, list) else [value]
    if any(passes(test, member) for test in pair.excluded for member in members):
        return False
    return not pair.clauses or any(
        all(any(passes(test, member) for test in clause) for clause in pair.clauses)
        for member in members
    )


def passes(test: Test, value: Any) -> bool:  # noqa: PLR0911 - a line for each kind; any value
    """Whether one value passes a test."""
    wanted: Any = test.value
    if test.kind == "range":
        return isinstance(value, int) and wanted[0] <= value <= wanted[1]
    if test.kind == "cidr":
        return _is_within(value, wanted)
    if not isinstance(wanted, str) or not isinstance(value, str):
        return bool(value == wanted)
    if test.fold:
        value = value.casefold()
    match test.kind:
        case "prefix":
            return bool(value.startswith(wanted))
        case "suffix":
            return bool(value.endswith(wanted))
        case "contains":
            return wanted in value
    return bool(value == wanted)


def _is_within(value: object, network: str) -> bool:
    try:
        return ip_address(str(value)) in ip_network(network)
    except ValueError:
        return False


def _bits(numbers: Iterable[int]) -> Bits:
    return reduce(lambda mask, number: mask | 1 << number, numbers, 0)


def _is_simple(pair: FilterPair) -> bool:
    return len(pair.clauses) == 1 and not pair.excluded


def _is_exact(pair: FilterPair) -> bool:
    return _is_simple(pair) and all(t.kind == "equal" and not t.fold for t in pair.clauses[0])


def _is_numeric(pair: FilterPair) -> bool:
    return _is_simple(pair) and all(test.kind in {"equal", "range"} for test in pair.clauses[0])


class _Memo(dict[Any, Bits]):
    """Remembers the masks of values."""

    def __init__(self, compute: Callable[[Any], Bits], size: int = KEPT_VALUES) -> None:
        super().__init__()
        self._compute = compute
        self._size = size

    def __missing__(self, value: Any) -> Bits:  # any value of a record
        mask = self._compute(value)
        if len(self) >= self._size:
            self.clear()
        self[value] = mask
        return mask


def _of_number(pairs: Sequence[tuple[int, FilterPair]], others: Bits, absent: Bits) -> Lookup:
    """Equality and ranges: between two neighbouring ends the mask is the same."""
    equal: dict[Any, Bits] = {}
    ranges: list[tuple[int, int, Bits]] = []
    for number, pair in pairs:
        for test in pair.clauses[0]:
            if isinstance(test.value, tuple):
                ranges.append((*test.value, 1 << number))
            else:
                equal[test.value] = equal.get(test.value, 0) | 1 << number
    if not ranges:
        table = {value: others | bits for value, bits in equal.items()}
        return Lookup({**table, ABSENT: absent}, others)
    ends = sorted({first - 1 for first, _, _ in ranges} | {last for _, last, _ in ranges})
    between = [
        others | reduce(lambda mask, each: mask | each, _covering(ranges, end), 0) for end in ends
    ] + [others]

    def lookup(value: Any) -> Bits:  # an int, ABSENT, or what raises TypeError
        if value is ABSENT:
            return absent
        return between[bisect_left(ends, value)] | equal.get(value, 0)

    return Lookup(call=lookup)


def _covering(ranges: Sequence[tuple[int, int, Bits]], value: int) -> list[Bits]:
    return [bits for first, last, bits in ranges if first <= value <= last]


def _mask_of(pairs: Sequence[tuple[int, FilterPair]]) -> Callable[[Any], Bits]:
    """Make the function from a value to the bits of the rules that want it so."""
    wanted = _Wanted()
    for number, pair in pairs:
        if _is_simple(pair):
            for test in pair.clauses[0]:
                wanted.add(1 << number, test)
        else:
            wanted.others.append((1 << number, pair))
    return wanted.mask


@dataclass(slots=True)
class _Wanted:
    """What rules want of one key, found by value where it can be; a bit for each rule."""

    exact: dict[Any, Bits] = field(default_factory=dict)
    heads: dict[str, Bits] = field(default_factory=dict)
    tails: dict[str, Bits] = field(default_factory=dict)
    networks: dict[tuple[int, int], dict[int, Bits]] = field(default_factory=dict)
    others: list[tuple[Bits, FilterPair]] = field(default_factory=list)

    def add(self, bit: Bits, test: Test) -> None:
        """Take a test that alone decides whether a rule matches."""
        tables = {"equal": self.exact, "prefix": self.heads, "suffix": self.tails}
        table = None if test.fold else tables.get(test.kind)
        if table is not None:
            table[test.value] = table.get(test.value, 0) | bit
        elif test.kind == "cidr":
            _add_network(self.networks, str(test.value), bit)
        else:
            self.others.append((bit, FilterPair("", ((test,),))))

    def mask(self, value: Any) -> Bits:  # a value of the key's form, else AttributeError
        """Return the bits of the rules that want this value."""
        bits = self.exact.get(value, 0)
        for table, matches in ((self.heads, "startswith"), (self.tails, "endswith")):
            # One call rules out all of them, which is what nearly every value needs.
            if table and getattr(value, matches)(tuple(table)):
                for text, bit in table.items():
                    if getattr(value, matches)(text):
                        bits |= bit
        if self.networks:
            bits |= _networks_of(self.networks, value)
        for bit, pair in self.others:
            if not bits & bit and holds(pair, value):
                bits |= bit
        return bits


def _add_network(networks: dict[tuple[int, int], dict[int, Bits]], text: str, bit: Bits) -> None:
    network = ip_network(text)
    shift = network.max_prefixlen - network.prefixlen
    table = networks.setdefault((network.version, shift), {})
    number = int(network.network_address) >> shift
    table[number] = table.get(number, 0) | bit


def _networks_of(networks: dict[tuple[int, int], dict[int, Bits]], value: str) -> Bits:
    try:
        address = ip_address(value)
    except ValueError:  # "-": anonymised
        return 0
    number, bits = int(address), 0
    for (version, shift), table in networks.items():
        if version == address.version:
            bits |= table.get(number >> shift, 0)
    return bits


def _of_list(pairs: Sequence[tuple[int, FilterPair]], others: Bits, absent: Bits) -> Lookup:
    """Lists: one member that a rule wants, and none that it does not."""
    wanted = [
        (number, FilterPair(pair.key, pair.clauses)) for number, pair in pairs if pair.clauses
    ]
    unwanted = [
        (number, FilterPair(pair.key, (pair.excluded,))) for number, pair in pairs if pair.excluded
    ]
    whatever = _bits(number for number, pair in pairs if not pair.clauses)
    default = others | whatever
    matching, forbidden = _Memo(_mask_of(wanted)), _Memo(_mask_of(unwanted))

    def compute(members: Any) -> Bits:  # a tuple of members
        found, against = default, 0
        for member in members:
            found |= matching[member]
            against |= forbidden[member]
        return found & ~against

    # A program's modules are the same in all of its flows.
    memo = _Memo(compute, KEPT_LISTS)

    def lookup(members: Any) -> Bits:  # a list, or what raises TypeError
        return absent if members is ABSENT else memo[tuple(members)]

    return Lookup(call=lookup)
