"""One unknown element: its values over all records, read in every way that its octets allow."""

import struct
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from envizzy.suggest.samples import Identity, Sample
from schemas.registry import CISCO_ENTERPRISE_NUMBER
from streams.wire.model import VARIABLE_LENGTH

NUMBER_OCTETS = (1, 2, 4, 8)
"""Lengths of the unsigned types; what is sent shorter is not taken for a number."""

_ENTERPRISE_BIT = 0x8000
_SHORT_LIMIT = 255
_SMALLEST_LIST = 5
"""Octets of an empty basicList without enterprise number (RFC 6313, 4.5.1)."""


@dataclass(frozen=True, slots=True)
class MemberList:
    """A value that is a basicList to its last octet.

    Attributes:
        inner: Element of its members.
        members: Their octets.
    """

    inner: Identity
    members: tuple[bytes, ...]


class Column:
    """The values of one element with their records.

    Attributes:
        identity: Enterprise number and element id.
        length: In the Template; 65535 for variable.
        samples: Records that have it.
        octets: Its value in each.
        numbers: The values as unsigned numbers; empty where the length is of no number.
        texts: As text; empty where one is not printable UTF-8.
        lists: As basicLists; empty where one is none.
    """

    def __init__(self, identity: Identity, length: int, samples: Sequence[Sample]) -> None:
        self.identity = identity
        self.length = length
        self.samples = [each for each in samples if identity in each.unknown]
        self.octets = [each.unknown[identity] for each in self.samples]
        self.numbers: list[int] = []
        self.texts: list[str] = []
        self.lists: list[MemberList] = []
        if length in NUMBER_OCTETS:
            self.numbers = [int.from_bytes(each) for each in self.octets]
        elif length == VARIABLE_LENGTH:
            lists = [read_list(each) for each in self.octets]
            self.lists = [each for each in lists if each is not None]
            if len(self.lists) < len(lists):
                self.lists = []
            texts = [_text(each) for each in self.octets]
            if not self.lists and None not in texts:
                self.texts = [each for each in texts if each is not None]

    @property
    def name(self) -> str:
        """As it leaves without a name."""
        return f"e{self.identity[0]}_{self.identity[1]}"

    @property
    def kinds(self) -> frozenset[str]:
        """Of the records that have it."""
        return frozenset(each.kind for each in self.samples)

    def values(self) -> Sequence[Hashable]:
        """The values as they are best read."""
        return self.numbers or self.texts or self.octets

    def share(self, test: Callable[[Any, Sample], bool]) -> float:
        """The share of values that pass a test; 0 where there are none."""
        values = self.values()
        if not values:
            return 0.0
        return sum(map(test, values, self.samples)) / len(values)


def decides(
    one: Sequence[Hashable], other: Sequence[Hashable], within: Sequence[Hashable]
) -> tuple[float, int]:
    """How far one value decides another, within the same machine.

    Returns:
        The share of records whose other value is the usual one of their group, and how many groups
        of more than one record there are.
    """
    groups: dict[Hashable, dict[Hashable, int]] = defaultdict(lambda: defaultdict(int))
    for a, b, machine in zip(one, other, within, strict=True):
        groups[machine, a][b] += 1
    told = [counts for counts in groups.values() if sum(counts.values()) > 1]
    records = sum(sum(counts.values()) for counts in told)
    if not records:
        return 0.0, 0
    return sum(max(counts.values()) for counts in told) / records, len(told)


def read_list(octets: bytes) -> MemberList | None:
    """Read a basicList (RFC 6313, 4.5.1); None where it is none to its last octet."""
    if len(octets) < _SMALLEST_LIST:
        return None
    semantic, element, length = struct.unpack_from("!BHH", octets)
    at, enterprise = _SMALLEST_LIST, 0
    if element & _ENTERPRISE_BIT:
        if len(octets) < at + 4:
            return None
        enterprise = int.from_bytes(octets[at : at + 4])
        at += 4
    if not (semantic <= 4 or semantic == _SHORT_LIMIT):  # noqa: PLR2004 - RFC 6313, 4.3
        return None
    if enterprise not in {0, CISCO_ENTERPRISE_NUMBER} or not length:
        return None
    members = []
    while at < len(octets):
        size = length
        if length == VARIABLE_LENGTH:
            size, at = octets[at], at + 1
            if size == _SHORT_LIMIT:
                size, at = int.from_bytes(octets[at : at + 2]), at + 2
        if at + size > len(octets):
            return None
        members.append(octets[at : at + size])
        at += size
    return MemberList((enterprise, element & ~_ENTERPRISE_BIT), tuple(members))


def _text(octets: bytes) -> str | None:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None
