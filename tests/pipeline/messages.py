"""IPFIX Messages for the pipeline's tests, put together field by field."""

import struct
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from schemas.datagram import Coordinates, Datagram, Transport
from schemas.elements import load_registry
from schemas.field_keys import load_field_keys
from streams.filtering import compile_policy
from streams.pipeline.advance import advance
from streams.pipeline.context import Context
from streams.pipeline.model import Outcome
from streams.pipeline.step import step
from streams.state.layouts import Fleet
from streams.state.limits import StateLimits
from streams.state.partition import PartitionState
from streams.wire import FieldSpecifier, Template

if TYPE_CHECKING:
    from streams.state.model import Change

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
T0 = 1_700_000_000 * SECOND
"""Receive time at which the tests begin."""

UDID = bytes(range(20))
V = 65535

FLOW = Template(
    267,
    tuple(
        FieldSpecifier(*item)
        for item in (
            (0, 4, 1),
            (0, 8, 4),
            (0, 7, 2),
            (0, 12, 4),
            (0, 11, 2),
            (0, 150, 4),
            (9, 12332, 20),
            (9, 12340, V),
            (9, 12345, V),
        )
    ),
)
"""A flow: protocol, addresses and ports, start, UDID, process name, destination host."""

OTHER_FLOW = Template(267, (*FLOW.fields[:6], FieldSpecifier(9, 12346, 8), *FLOW.fields[6:]))
"""The same id with a byte count between: another client version."""

ENDPOINT = Template(
    262, (FieldSpecifier(0, 350, V), FieldSpecifier(9, 12332, 20), FieldSpecifier(9, 12334, V))
)
ROUTER = Template(300, (FieldSpecifier(0, 8, 4), FieldSpecifier(0, 1, 4)))
INTERFACES = Template(400, (FieldSpecifier(0, 10, 4), FieldSpecifier(0, 82, V)), scope_count=1)


def exporter(number: int = 1) -> bytes:
    """Address 10.x.y.z as 16 octets."""
    return bytes(10) + b"\xff\xff\x0a" + number.to_bytes(3)


def set_of(set_id: int, content: bytes) -> bytes:
    """A Set with its header."""
    return struct.pack(">HH", set_id, 4 + len(content)) + content


def template_set(*templates: Template) -> bytes:
    """Template Sets, or Options Template Sets, one for each Template."""
    sets = []
    for item in templates:
        head = struct.pack(">HH", item.template_id, len(item.fields))
        if item.scope_count:
            head += struct.pack(">H", item.scope_count)
        for spec in item.fields:
            if spec.enterprise_number:
                head += struct.pack(
                    ">HHI", spec.element_id | 0x8000, spec.length, spec.enterprise_number
                )
            else:
                head += struct.pack(">HH", spec.element_id, spec.length)
        sets.append(set_of(3 if item.scope_count else 2, head))
    return b"".join(sets)


def text(value: str) -> bytes:
    """A variable-length string."""
    octets = value.encode()
    return bytes([len(octets)]) + octets


def flow(
    port: int = 443, *, udid: bytes = UDID, host: str = "example.org", start: int = T0 // SECOND
) -> bytes:
    """A record of FLOW."""
    return (
        struct.pack(">B4sH4sHI", 6, b"\x0a\0\0\1", 50000, b"\x5d\xb8\xd8\x22", port, start)
        + udid
        + text("curl")
        + text(host)
    )


def other_flow(port: int = 443) -> bytes:
    """A record of OTHER_FLOW."""
    record = flow(port)
    return record[:17] + (1234567).to_bytes(8) + record[17:]


def endpoint(name: str = "host") -> bytes:
    """A record of ENDPOINT."""
    return text(name) + UDID + text("Linux")


def data_set(template_id: int, *records: bytes) -> bytes:
    """A Data Set."""
    return set_of(template_id, b"".join(records))


def message(
    *sets: bytes, sequence: int = 0, domain: int = 127, seconds: int | None = None
) -> bytes:
    """A Message: Version 10, Length, Export Time, Sequence Number, Observation Domain."""
    content = b"".join(sets)
    at = T0 // SECOND if seconds is None else seconds
    return struct.pack(">HHIII", 10, 16 + len(content), at, sequence, domain) + content


# Both are immutable, and loading them costs more than most of what a test does.
_registry = cache(load_registry)
_field_keys = cache(load_field_keys)


class Worker:
    """One partition as its owner keeps it; what is written goes to a list in place of Kafka."""

    def __init__(
        self,
        *,
        limits: StateLimits | None = None,
        policy: object | None = None,
        fleet_layouts: bool = True,
        compile_after: int = 32,
    ) -> None:
        limits = limits or StateLimits()
        keys = _field_keys()
        self.context = Context(
            _registry(),
            keys,
            policy=None if policy is None else compile_policy(policy, keys),
            state_limits=limits,
            fleet_layouts=fleet_layouts,
            compile_after=compile_after,
        )
        self.state = PartitionState(limits)
        self.fleet = Fleet(limits=limits)
        self.offset = 0
        self.written: list[tuple[bytes, bytes | None]] = []
        self.changes: list[Change] = []

    def datagram(
        self, payload: bytes, *, at: int = T0, port: int = 5000, of: bytes | None = None
    ) -> Datagram:
        """What ingest would have written."""
        return Datagram(at, of or exporter(), port, 2055, Transport.UDP, None, payload)

    def look(self, payload: bytes, **where: object) -> Outcome:
        """Step without taking it over."""
        datagram = self.datagram(payload, **where)  # type: ignore[arg-type]  # passed through
        prefix = Coordinates("00000000", 3, self.offset, 0).prefix()
        return step(datagram, prefix, self.state, self.fleet, datagram.received_at_ns, self.context)

    def feed(self, payload: bytes, **where: object) -> Outcome:
        """Step and take over what follows, layouts too."""
        outcome = self.look(payload, **where)
        self.take(outcome)
        return outcome

    def tick(self, at: int) -> Outcome:
        """Let time pass."""
        outcome = advance(self.state, self.fleet, at, self.context)
        self.take(outcome)
        return outcome

    def take(self, outcome: Outcome) -> None:
        """Apply and write, as the agent does."""
        self.state.apply(outcome.changes, outcome.notes)
        self.changes += outcome.changes
        self.written += [self.state.encode(change, self.offset) for change in outcome.changes]
        for layout in outcome.layouts:
            self.fleet = self.fleet.with_layout(layout.value)
        self.offset += 1

    def restarted(self) -> "Worker":
        """Another worker that has read what this one wrote."""
        other = Worker(limits=self.state.limits)
        for key, value in self.written:
            other.state.load(key, value)
        other.fleet, other.offset = self.fleet, self.offset
        return other


def values(outcome: Outcome, key: str) -> list[object]:
    """One key of all records."""
    return [record.value.get(key) for record in outcome.records]


def reasons(outcome: Outcome) -> list[str]:
    """Of the dead letters."""
    return [letter.reason for letter in outcome.dead_letters]


def total(outcomes: Iterable[Outcome], names: Sequence[str]) -> int:
    """Sum of counts."""
    return sum(outcome.counts.get(name, 0) for outcome in outcomes for name in names)
