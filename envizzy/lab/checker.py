"""The checker: what was sent and what stands on the topics, compared as sets. Pure.

Counts are not enough: a loss and a repeat would hide each other.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from envizzy.generator.expected import digest, identity, octets_digest
from envizzy.generator.fleet import Sent
from envizzy.generator.routers import expected as of_routers

KINDS = ("endpoint", "interface", "flow", "netflow")
"""The record topics that the generator's records end on."""

_EXAMPLES = 10
"""So many faults of each kind are kept to be shown."""

_DECODED = "missing_base_information"
"""Reason of dead letters whose octets are the flow, decoded: `netflow.base_information`."""

_HEADERS = (0, 4, 20, 24)
"""Before a Set's content in a dead letter: nothing, the Set's header, the Message's too (IPFIX,
v9)."""


class Published(NamedTuple):
    """One record of a record topic.

    Attributes:
        kind: The topic's name in the topics table.
        partition: Of that topic.
        key: Kafka key as text; empty where there is none.
        record_id: The header.
        exporter: The header.
        origin: ``template-origin``; empty for the session's own Template.
        value: The JSON object.
    """

    kind: str
    partition: int
    key: str
    record_id: str
    exporter: str
    origin: str
    value: Mapping[str, Any]


@dataclass(slots=True)
class _Entry:
    """What is known of one record that was sent."""

    kind: str
    endpoint: int
    number: int
    exporter: str
    key: str
    digest: str
    templated: bool
    intended: bool
    seen: int = 0
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of all that was sent.

    Attributes:
        sent: Records sent.
        published: By kind: distinct records that stand on their topic.
        repeated: Records beyond the first of the same identity.
        filtered: Not on the topic, as the filter policy wants it.
        parked: Waiting for their Template at the end.
        dead_lettered: In the dead letters and nowhere else.
        lost: None of all these.
        wrong_template: On the wrong topic, or with the fields of another Template.
        wrong_value: The right fields with a wrong value, key or exporter.
        unknown: On a topic, but never sent: wrong in what identifies them.
        out_of_order: Behind a record that the endpoint sent later, or that stands later in ``raw``.
        origins: ``template-origin`` to how many distinct records.
        examples: Lines for people, a few of each fault.
    """

    sent: int
    published: Mapping[str, int]
    repeated: int
    filtered: int
    parked: int
    dead_lettered: int
    lost: int
    wrong_template: int
    wrong_value: int
    unknown: int
    out_of_order: int
    origins: Mapping[str, int]
    examples: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Nothing lost, wrong or out of order; repeats are allowed (at least once)."""
        faults = self.lost + self.wrong_template + self.wrong_value + self.unknown
        return faults + self.out_of_order == 0


def _keeps_all(_value: Mapping[str, Any]) -> bool:
    return True


@dataclass(slots=True)
class Checker:
    """Takes what was sent and what was published, in any order, and tells what became of it.

    Attributes:
        keeps: The filter policy as the test knows it: whether a flow's value is to be published.
    """

    keeps: Callable[[Mapping[str, Any]], bool] = _keeps_all
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _by_octets: dict[str, list[str]] = field(default_factory=dict)
    _early: dict[str, list[Published]] = field(default_factory=dict)
    _last_of_endpoint: dict[tuple[str, int, int], int] = field(default_factory=dict)
    _last_of_raw: dict[tuple[str, int, str], str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _published: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    _origins: dict[str, int] = field(default_factory=dict)
    _examples: dict[str, list[str]] = field(default_factory=dict)
    _settled: int = 0

    def expect(self, sent: Sent) -> None:
        """A record that was sent."""
        if sent.identity in self._entries:
            raise ValueError(f"the generator gave {sent.identity} twice")
        intended = sent.kind == "flow" and not self.keeps(sent.value)
        self._entries[sent.identity] = _Entry(
            sent.kind,
            sent.endpoint,
            sent.number,
            sent.exporter,
            sent.key,
            sent.digest,
            sent.templated,
            intended,
        )
        self._by_octets.setdefault(sent.octets, []).append(sent.identity)
        self._settled += intended
        for record in self._early.pop(sent.identity, ()):
            self.publish(record)

    def publish(self, record: Published) -> bool:
        """A record that stands on a topic.

        Returns:
            Whether it is the first of its identity and its Template was there before it: only
            such records say something about latency.
        """
        name = _identity(record)
        entry = self._entries.get(name)
        if entry is None:
            self._early.setdefault(name, []).append(record)
            return False
        entry.seen += 1
        if entry.seen > 1:
            self._count("repeated")
            return False
        if not entry.elsewhere and not entry.intended:
            self._settled += 1
        self._published[entry.kind] += 1
        self._origins[record.origin] = self._origins.get(record.origin, 0) + 1
        self._compare(name, entry, record)
        if entry.templated:
            self._order(entry, record)
        return entry.templated

    def park(self, octets: bytes) -> None:
        """A Set that waits for its Template at the end: its content."""
        self._elsewhere(octets, "parked")

    def dead_letter(self, octets: bytes, reason: str) -> None:
        """A dead letter: its octets are a Set, its content, a whole Message, or a decoded flow."""
        if self._elsewhere(octets, "dead_lettered"):
            return
        if reason != _DECODED or not self._refused(orjson.loads(octets)):
            self._fault("dead letter", f"{reason}: {len(octets)} octets that were not sent so")

    def absent(self) -> Iterator[str]:
        """Identities of what is parked or in the dead letters, and on no topic."""
        for name, entry in self._entries.items():
            if entry.elsewhere and not entry.seen:
                yield name

    @property
    def outstanding(self) -> int:
        """Records sent of which nothing has been seen yet."""
        return len(self._entries) - self._settled

    @property
    def sent(self) -> int:
        """Records that were sent so far."""
        return len(self._entries)

    @property
    def published(self) -> Mapping[str, int]:
        """Distinct records so far, by kind."""
        return self._published

    @property
    def repeated(self) -> int:
        """Repeats so far."""
        return self._counts.get("repeated", 0)

    def report(self) -> Report:
        """What became of everything; complete once both sides were read to their end."""
        tally = dict.fromkeys(("filtered", "parked", "dead_lettered", "lost"), 0)
        for name, entry in self._entries.items():
            if entry.seen:
                if entry.intended:
                    self._fault("filter", f"{name} was published against the policy")
                continue
            fate = "filtered" if entry.intended else entry.elsewhere or "lost"
            tally[fate] += 1
            if fate == "lost":
                self._fault("lost", f"{entry.kind} {name} of {entry.exporter or '?'}")
        unknown = 0
        for records in self._early.values():
            unknown += len(records)
            self._fault("unknown", f"{records[0].record_id} on {records[0].kind}")
        against = len(self._examples.get("filter", ()))
        count = self._counts.get
        return Report(
            len(self._entries),
            dict(self._published),
            count("repeated", 0),
            tally["filtered"],
            tally["parked"],
            tally["dead_lettered"],
            tally["lost"],
            count("wrong_template", 0),
            count("wrong_value", 0) + against,
            unknown,
            count("out_of_order", 0),
            dict(self._origins),
            tuple(f"{what}: {each}" for what, all_ in self._examples.items() for each in all_),
        )

    def _compare(self, name: str, entry: _Entry, record: Published) -> None:
        if entry.kind != record.kind:
            self._wrong("wrong_template", f"{name}: a {entry.kind} record on {record.kind}")
            return
        if entry.digest != _digest(record):
            self._wrong("wrong_value", f"{name} ({record.record_id}): {dict(record.value)}")
        elif record.key != entry.key:
            self._wrong("wrong_value", f"{name}: key {record.key}, not {entry.key}")
        elif entry.exporter and record.exporter != entry.exporter:
            self._wrong("wrong_value", f"{name}: exporter {record.exporter}, not {entry.exporter}")

    def _order(self, entry: _Entry, record: Published) -> None:
        """Per endpoint by the generator's number, per partition of ``raw`` by record-id."""
        # An endpoint's interfaces have keys of their own; Kafka has no order across partitions.
        of_endpoint = (entry.kind, entry.endpoint, record.partition)
        of_raw = (record.kind, record.partition, "-".join(record.record_id.split("-")[:2]))
        late = entry.number < self._last_of_endpoint.get(of_endpoint, -1)
        late |= record.record_id < self._last_of_raw.get(of_raw, "")
        if late:
            self._wrong("out_of_order", f"{record.record_id} on {record.kind} {record.partition}")
            return
        self._last_of_endpoint[of_endpoint] = entry.number
        self._last_of_raw[of_raw] = record.record_id

    def _elsewhere(self, octets: bytes, where: str) -> bool:
        for skip in _HEADERS:
            names = self._by_octets.get(octets_digest(octets[skip:]))
            if names is None:
                continue
            for name in names:
                entry = self._entries[name]
                if not entry.elsewhere and not entry.seen and not entry.intended:
                    self._settled += 1
                entry.elsewhere = where
            return True
        return False

    def _refused(self, value: Mapping[str, Any]) -> bool:
        """A router flow that lacks base information, where that is required."""
        name = of_routers.identity(value)
        entry = self._entries.get(name)
        if entry is None:
            return False
        if entry.digest != digest(of_routers.comparable(value)):
            self._wrong("wrong_value", f"{name} (dead letter): {dict(value)}")
        if not entry.elsewhere and not entry.seen:
            self._settled += 1
        entry.elsewhere = "dead_lettered"
        return True

    def _wrong(self, what: str, line: str) -> None:
        self._count(what)
        self._fault(what, line)

    def _count(self, what: str) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1

    def _fault(self, what: str, line: str) -> None:
        kept = self._examples.setdefault(what, [])
        if len(kept) < _EXAMPLES:
            kept.append(line)


def _identity(record: Published) -> str:
    is_router = record.kind == "netflow"
    return of_routers.identity(record.value) if is_router else identity(record.value)


def _digest(record: Published) -> str:
    is_router = record.kind == "netflow"
    return digest(of_routers.comparable(record.value) if is_router else record.value)
