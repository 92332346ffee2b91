"""A decoding worker that dies between any two records that Kafka takes: the totals stay exact.

Real decoder, real flights, real totals; Kafka is lists. Records of one partition are taken in
order, partitions among each other in any: what one event gives goes to several of them.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import raw_batch
from schemas.records import (
    HEADER_EXPORTER,
    HEADER_RECEIVED,
    HEADER_RECORD_ID,
    HEADER_RELEASED_BY,
)
from streams.agents.flights import Flight, Flights
from streams.pipeline import advance, read_run, step
from streams.totals.buckets import ENDED, OCTETS, PACKETS
from streams.totals.flows import read_flow
from streams.wire import FieldSpecifier, Template
from tests.agents.decoding import Bench
from tests.agents.fakes import FakeEvent, FakeMessage
from tests.pipeline.messages import (
    SECOND,
    T0,
    Worker,
    data_set,
    exporter,
    message,
    template_set,
)
from tests.totals.worlds import Kafka, Life, Row

FIELDS = tuple(
    FieldSpecifier(0, *each)
    for each in (
        (152, 8), (153, 8), (10, 4), (14, 4), (4, 1), (5, 1),
        (8, 4), (12, 4), (7, 2), (11, 2), (1, 4), (2, 4),
    )
)  # fmt: skip
KNOWN, LATE = Template(256, FIELDS), Template(257, FIELDS)
"""Of one Exporter: the second Template comes after its data."""

Sent = tuple[int, int]
"""Octets and packets of a flow."""


def flow(number: int, at_ns: int) -> bytes:
    """A complete flow that nobody else is."""
    end_ms = at_ns // 1_000_000
    times = (end_ms - 500).to_bytes(8) + end_ms.to_bytes(8)
    ports = number.to_bytes(2) + (443).to_bytes(2)
    path = (1).to_bytes(4) + (2).to_bytes(4) + b"\x06\x00"
    counters = (100 + number).to_bytes(4) + (1 + number).to_bytes(4)
    return times + path + b"\x0a\0\0\1\x0a\0\0\2" + ports + counters


def event(at_ns: int, payloads: Sequence[bytes]) -> bytes:
    """A batch of one Exporter."""
    return raw_batch.seal(
        at_ns,
        [
            raw_batch.encode_datagram(at_ns, exporter(), 5000, 2055, 0, None, each)
            for each in payloads
        ],
    )


def log_of(shape: str) -> tuple[list[bytes], list[Sent]]:
    """A partition of ``raw``, a letter an event.

    ``k``: a flow of the known Template, ``l``: of the late one, ``b``: both in one Message, ``T``:
    the late Template, ``K``: the known one, ``.``: a tick.
    """
    events, sent = [], []
    for number, letter in enumerate(shape):
        at_ns = T0 + number * SECOND
        sets = []
        for template, letters in ((256, "kb"), (257, "lb")):
            if letter in letters:
                octets = flow(2 * number + template - 256, at_ns)
                sent.append((100 + 2 * number + template - 256, 1 + 2 * number + template - 256))
                sets.append(data_set(template, octets))
        sets += [template_set(KNOWN)] * (letter == "K") + [template_set(LATE)] * (letter == "T")
        events.append(event(at_ns, [message(*sets, seconds=at_ns // SECOND)] if sets else []))
    return events, sent


class World:
    """What outlives a worker: the topics and the committed offset."""

    def __init__(self, events: list[bytes]) -> None:
        self.events = events
        self.netflow: list[Row] = []
        self.state: list[tuple[bytes, bytes | None]] = []
        self.committed = 0
        self.letters = 0

    def take(self, arguments: tuple[Any, ...]) -> None:
        """A record stands in Kafka."""
        topic, value, key, *_, headers = arguments
        if topic == "netflow":
            named = {name: text.encode() for name, text in headers}
            self.netflow.append(
                Row(
                    named[HEADER_RECORD_ID],
                    named.get(HEADER_RELEASED_BY),
                    named[HEADER_EXPORTER].decode(),
                    int(named[HEADER_RECEIVED]),
                    read_flow(orjson.loads(value)),
                )
            )
        elif topic == "state":
            self.state.append((key, value))
        elif topic == "dead-letter":
            self.letters += 1


class Decoding(Bench):
    """A worker on a world, from its committed offset on."""

    def __init__(
        self, world: World, order: random.Random, pick: Callable[[list[str]], str] | None = None
    ) -> None:
        worker = Worker(fleet_layouts=False, compile_after=2)
        for key, value in world.state:
            worker.state.load(key, value)
        super().__init__(read_run, step, advance, context=worker.context, state=worker.state)
        self.world = world
        self.order = order
        self.pick = pick or order.choice
        self.acknowledged: list[int] = []
        self.flights = Flights(1000, 1 << 30, lambda _: None)
        self.waiting: dict[str, deque[tuple[Any, ...]]] = {}
        self.next = world.committed

    def read(self) -> None:
        """Work on one more event."""
        offset = self.next
        self.next += 1
        fake = FakeEvent(offset, self.acknowledged)
        flight = self.flights.open(Flight(fake, 3, offset, self.publisher.refused))
        self.decoder.work(flight, self.world.events[offset])
        self.flights.close(flight)

    def confirm(self) -> bool:
        """Kafka takes the next record of one partition, whichever; False: there is none."""
        for arguments in self.producer.sent:
            self.waiting.setdefault(arguments[0], deque()).append(arguments)
        self.producer.sent = []
        topics = sorted(topic for topic, records in self.waiting.items() if records)
        if not topics:
            return False
        topic = self.pick(topics)
        arguments = self.waiting[topic].popleft()
        self.world.take(arguments)
        key = arguments[2].encode() if isinstance(arguments[2], str) else arguments[2]
        arguments[4](None, FakeMessage(topic, arguments[1], key, arguments[3]))
        return True

    def commit(self) -> None:
        """As Faust does now and then: what was acknowledged."""
        if self.acknowledged:
            self.world.committed = self.acknowledged[-1] + 1

    def live(self, steps: int | None) -> None:
        """Do so many things in any order, then die; None: all there is to do."""
        done = 0
        while steps is None or done < steps:
            done += 1
            what = self.order.choice(("read", "confirm", "confirm", "settle", "commit"))
            if what == "read" and self.next < len(self.world.events):
                self.read()
            elif what == "confirm":
                self.confirm()
            elif what == "settle":
                self.flights.settle()
            elif what == "commit":
                self.commit()
            if steps is None and self.next == len(self.world.events) and not len(self.flights):
                return


def totals_of(rows: list[Row]) -> Counter[str]:
    """What ``netflow-1m`` says in the end."""
    kafka = Kafka(rows)
    Life(kafka).finish()
    last = kafka.last().values()
    return Counter(
        octets=sum(each.total[OCTETS] for each in last),
        packets=sum(each.total[PACKETS] for each in last),
        flows=sum(each.total[ENDED] for each in last),
    )


def expected(sent: list[Sent]) -> Counter[str]:
    """The same of what was sent."""
    return Counter(
        octets=sum(octets for octets, _ in sent),
        packets=sum(packets for _, packets in sent),
        flows=len(sent),
    )


@pytest.mark.parametrize("shape", ["KlkT", "KlkkTk", "KklkbT", "lKkT", "KlT"])
@pytest.mark.parametrize("records", range(4))
@pytest.mark.parametrize("committed", [0, 1, 2, 3])
def test_a_kill_at_the_event_that_releases_loses_and_doubles_nothing(
    shape: str, records: int, committed: int
) -> None:
    """All before the late Template is in Kafka; of its own event only so many records are."""
    events, sent = log_of(shape)
    world = World(events)
    # the worst order: Kafka has the state before it has any record
    dies = Decoding(world, random.Random(1), max)
    while dies.next < shape.index("T"):
        dies.read()
        while len(dies.flights):
            dies.confirm()
            dies.flights.settle()
    world.committed = min(committed, dies.next)
    dies.read()
    for _ in range(records):
        dies.confirm()
        dies.flights.settle()

    Decoding(world, random.Random(1)).live(None)

    assert 0 == world.letters
    assert expected(sent) == totals_of(world.netflow)


@given(st.integers(0, 1 << 32))
def test_whenever_workers_die_the_totals_are_what_was_sent(seed: int) -> None:
    """Any log, any deaths, any order in which Kafka takes what is for several partitions."""
    order = random.Random(seed)
    shape = "".join(order.choices("klbTK.", (3, 3, 2, 1, 1, 1), k=order.randrange(3, 13)))
    events, sent = log_of(f"{shape}TK...")
    world = World(events)

    for steps in order.choices(range(60), k=order.randrange(4)):
        Decoding(world, order).live(steps)
    Decoding(world, order).live(None)

    assert 0 == world.letters
    assert expected(sent) == totals_of(world.netflow)
