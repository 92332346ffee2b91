"""The checker of ``netflow-1m``: what was sent against the sums of the last revisions. Pure.

It knows of the totals only what their document says, and works out each minute's share in
fractions: one way checks the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from envizzy.generator.fleet import Sent

MINUTE_NS = 60_000_000_000

_EXAMPLES = 10
"""So many faults are kept to be shown."""

_KEYS = ("in_if", "out_if", "proto", "ip_tos", "src_addr", "dst_addr")
_OF_PROTOCOL = ("src_port", "dst_port", "icmp_type", "icmp_code")
_LEFT_OUT = "flows_left_out"
_MISSING = "missing_base_information"
_MOVED = frozenset({"late", "at_receipt", "capped"})
"""Flags of totals that hold what is not of their minute alone."""

Name = tuple[Any, ...]
"""Exporter and flow key, or what is left out of an Exporter's flows."""


class Sums(NamedTuple):
    """Of one flow key, over all minutes."""

    octets: int = 0
    packets: int = 0
    flows: int = 0

    def plus(self, other: "Sums", sign: int = 1) -> "Sums":
        """Add, or take away."""
        return Sums(*(one + sign * each for one, each in zip(self, other, strict=True)))


class _Flow(NamedTuple):
    name: Name
    sums: Sums
    start_ns: int
    end_ns: int


class _Total(NamedTuple):
    name: Name
    minute: int
    revision: int
    sums: Sums
    flows: int
    moved: bool


@dataclass(frozen=True, slots=True)
class MinutesReport:
    """What the totals say.

    Attributes:
        totals: Keys that stand on the topic: a flow key and a minute, or what was left out in one.
        revisions: Records beyond the first of a key.
        wrong: Flow keys whose sums are not what was sent, or that are in the wrong minutes.
        examples: Lines for people.
    """

    totals: int
    revisions: int
    wrong: int
    examples: tuple[str, ...]


@dataclass(slots=True)
class Minutes:
    """Takes what was sent and what stands on ``netflow-1m``, in any order.

    Attributes:
        records: Read of the topic so far.
    """

    records: int = 0
    _flows: dict[str, _Flow] = field(default_factory=dict)
    _sent: dict[Name, Sums] = field(default_factory=dict)
    _found: dict[Name, Sums] = field(default_factory=dict)
    _totals: dict[str, _Total] = field(default_factory=dict)
    _wrong: set[Name] = field(default_factory=set)

    def expect(self, sent: Sent) -> None:
        """A record that was sent; only router flows count here."""
        if sent.kind == "netflow":
            flow = self._flows[sent.identity] = _flow(sent)
            self._add(self._sent, flow.name, flow.sums)

    def withdraw(self, identities: Iterable[str]) -> None:
        """Flows that never became records: they wait for a Template, or are dead letters."""
        for each in identities:
            flow = self._flows.pop(each, None)
            if flow is not None:
                self._add(self._sent, flow.name, flow.sums, -1)

    def take(self, key: str, value: Mapping[str, Any]) -> None:
        """A record of ``netflow-1m``: a higher revision replaces a lower one."""
        self.records += 1
        total, before = _total(value), self._totals.get(key)
        if before is not None:
            if before.revision > total.revision:
                return
            self._add(self._found, before.name, before.sums, -1)
        self._totals[key] = total
        self._add(self._found, total.name, total.sums)

    @property
    def outstanding(self) -> int:
        """Flow keys whose sums are not yet what was sent."""
        return len(self._wrong)

    def report(self) -> MinutesReport:
        """What stands there; complete once both sides were read to their end."""
        lines = [
            f"{self._found.get(name, Sums())} of {','.join(map(str, name))}, "
            f"sent {self._sent.get(name, Sums())}"
            for name in self._wrong
        ]
        lines += self._misplaced()
        return MinutesReport(
            len(self._totals),
            self.records - len(self._totals),
            len(lines),
            tuple(f"netflow-1m: {line}" for line in lines[:_EXAMPLES]),
        )

    def _add(self, sums: dict[Name, Sums], name: Name, more: Sums, sign: int = 1) -> None:
        sums[name] = sums.get(name, Sums()).plus(more, sign)
        if self._sent.get(name, Sums()) == self._found.get(name, Sums()):
            self._wrong.discard(name)
        else:
            self._wrong.add(name)

    def _misplaced(self) -> Iterator[str]:
        """Totals that have more or less than their minute's share of the flows' time.

        Each flow's share is rounded to whole octets, up or down: less than one octet a flow.
        """
        moved = self._wrong | {each.name for each in self._totals.values() if each.moved}
        shares: dict[tuple[Name, int], list[Fraction]] = {}
        for flow in self._flows.values():
            if flow.name in moved or _LEFT_OUT in flow.name:
                continue
            for minute, part in _parts(flow.start_ns, flow.end_ns):
                share = shares.setdefault((flow.name, minute), [Fraction(), Fraction(), Fraction()])
                share[0] += flow.sums.octets * part
                share[1] += flow.sums.packets * part
                share[2] += 1
        for total in self._totals.values():
            if total.name in moved or _LEFT_OUT in total.name:
                continue
            octets, packets, flows = shares.pop((total.name, total.minute), [Fraction()] * 3)
            if (
                total.flows != flows
                or abs(total.sums.octets - octets) >= flows
                or abs(total.sums.packets - packets) >= flows
            ):
                yield f"{total} is not the share of its minute"
        for name, minute in shares:
            yield f"{','.join(map(str, name))} has no total of minute {minute}"


def _flow(sent: Sent) -> _Flow:
    value = sent.value
    if value.get("missing"):
        name: Name = (sent.exporter, _LEFT_OUT, _MISSING)
        return _Flow(name, Sums(flows=1), 0, 0)
    sums = Sums(value["bytes"], value["packets"], 1)
    name = _name(sent.exporter, value)
    return _Flow(name, sums, value["time_flow_start_ns"], value["time_flow_end_ns"])


def _total(value: Mapping[str, Any]) -> _Total:
    exporter, revision = value["sampler_address"], int(value["revision"])
    minute = int(datetime.fromisoformat(value["minute"]).timestamp()) // 60
    if _LEFT_OUT in value:
        flows = int(value[_LEFT_OUT])
        name: Name = (exporter, _LEFT_OUT, value["reason"])
        return _Total(name, minute, revision, Sums(flows=flows), flows, moved=False)
    sums = Sums(int(value["bytes"]), int(value["packets"]), int(value["flows_ended"]))
    moved = not _MOVED.isdisjoint(value.get("flags", ()))
    name = _name(exporter, value)
    return _Total(name, minute, revision, sums, int(value["flows"]), moved)


def _name(exporter: str, value: Mapping[str, Any]) -> Name:
    return (exporter, *(value[key] for key in _KEYS), *(value.get(key) for key in _OF_PROTOCOL))


def _parts(start_ns: int, end_ns: int) -> Iterator[tuple[int, Fraction]]:
    """The minutes of a flow, and which part of its time it has in each."""
    if start_ns == end_ns:
        yield start_ns // MINUTE_NS, Fraction(1)
        return
    minute = start_ns // MINUTE_NS
    while minute * MINUTE_NS < end_ns:
        begin, end = max(start_ns, minute * MINUTE_NS), min(end_ns, (minute + 1) * MINUTE_NS)
        yield minute, Fraction(end - begin, end_ns - start_ns)
        minute += 1
