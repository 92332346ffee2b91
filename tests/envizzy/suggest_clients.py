"""Simulated v9 clients for ``elements suggest``: other ids, orders, lengths, gaps and strangers."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from envizzy.captures import Captured
from envizzy.decode import Collector, Item
from envizzy.generator import encode
from envizzy.generator.current import FIRST_ID, LAST_ID, current_layouts
from envizzy.generator.endpoint import MILLISECOND, SECOND, Endpoint, Spoken
from envizzy.generator.layouts import CISCO, VARIABLE, Field, Layout
from schemas.elements import load_registry
from schemas.field_keys import load_field_keys

REGISTRY = load_registry()
KEYS = load_field_keys()
START = 1_760_000_000 * SECOND

THE_FIFTEEN = frozenset(
    [
        "agv",
        "aliul",
        "ampguid",
        "ctm",
        "fsms",
        "fems",
        "fsg",
        "pid",
        "ppid",
        "ppath",
        "pppath",
        "parg",
        "pparg",
        "pil",
        "ppil",
    ]
)
"""Keys of the collector's manual whose elements are not public."""

Stranger = Callable[[random.Random, Mapping[str, Any]], Any]


def _once(value: object) -> Stranger:
    return lambda _chance, _record: value


STRANGERS: Mapping[str, tuple[Field, str, Stranger]] = {
    "zero": (Field("zero", CISCO, 0, 4, "number"), "F", _once(0)),
    "flag": (Field("flag", CISCO, 0, 1, "number"), "F", lambda chance, _: chance.randrange(2)),
    "session": (
        Field("session", CISCO, 0, 4, "number"),
        "F",
        lambda chance, _: chance.choice((1, 2)),
    ),
    "noise": (
        Field("noise", CISCO, 0, 8, "number"),
        "F",
        lambda chance, _: chance.randrange(2**60),
    ),
    "born": (
        Field("born", CISCO, 0, 8, "number"),
        "F",
        lambda _, record: record["fsms"] - record["pid"] * 7919,
    ),
    "empty": (Field("empty", CISCO, 0, VARIABLE, "text"), "F", _once("")),
    "hash": (Field("hash", CISCO, 0, 32, "hex"), "F", lambda _, record: record["ph"]),
    "image": (Field("image", CISCO, 0, VARIABLE, "text"), "F", lambda _, record: record["pn"]),
    "eveuuid": (Field("eveuuid", CISCO, 0, 16, "hex"), "F", _once("0" * 32)),
    "kernel": (Field("kernel", CISCO, 0, VARIABLE, "text"), "E", _once("Darwin 23.6")),
    "domain": (Field("domain", CISCO, 0, VARIABLE, "text"), "E", _once("corp.example.com")),
}
"""Fields that no manual names, each with its records and how it is made."""


@dataclass
class Client:
    """A client of a version that nobody has seen.

    Attributes:
        seed: Of the ids and of all else.
        shuffled: Whether the order of the fields is another one in each Template.
        missing: Keys that it does not send.
        strangers: Of ``STRANGERS``, which it sends besides.
        lengths: Key to another length of its number.
        endpoints: How many machines.
    """

    seed: int
    shuffled: bool = False
    missing: frozenset[str] = frozenset()
    strangers: tuple[str, ...] = ()
    lengths: Mapping[str, int] = field(default_factory=dict)
    endpoints: int = 8
    truth: dict[int, str] = field(default_factory=dict)

    def layouts(self) -> dict[int, Layout]:
        """Its Templates; ``truth`` is filled with its elements."""
        plain = current_layouts(self.seed)
        chance = random.Random(f"{self.seed}/order")
        used = {f.element_id for layout in plain.values() for f in layout.fields} | {
            f.inner[1] for layout in plain.values() for f in layout.fields if f.inner
        }
        free = [number for number in range(FIRST_ID, LAST_ID + 1) if number not in used]
        chance.shuffle(free)
        extra = {name: free.pop() for name in self.strangers}
        changed = {}
        for number, layout in plain.items():
            kind = {262: "E", 266: "I"}.get(number, "F")
            fields = [
                each._replace(length=self.lengths.get(each.key, each.length))
                for each in layout.fields
                if each.key not in self.missing
            ]
            for name in self.strangers:
                stranger, kinds, _ = STRANGERS[name]
                if kind in kinds:
                    place = chance.randrange(len(fields) + 1)
                    fields.insert(place, stranger._replace(element_id=extra[name]))
            if self.shuffled:
                chance.shuffle(fields)
            for each in fields:
                if each.enterprise_number == CISCO and FIRST_ID <= each.element_id <= LAST_ID:
                    self.truth[each.element_id] = each.key
            changed[number] = Layout(number, "", tuple(fields))
        return changed

    def items(self, flows: int) -> list[Item]:
        """What a collector decodes of so many flows."""
        collector = Collector(REGISTRY)
        return [item for payload in self._payloads(flows) for item in collector.feed(payload)]

    def _payloads(self, flows: int) -> Iterator[Captured]:
        layouts = self.layouts()
        chance = random.Random(f"{self.seed}/values")
        yield _captured(encode.message(encode.templates(layouts.values()), START // SECOND, 0))
        machines = [Endpoint(index + 8 * self.seed, self.seed) for index in range(self.endpoints)]
        for each in machines:
            for spoken in (each.describe(START), each.interface(START, moved=False)):
                yield self._said(layouts, spoken, START, chance)
        for number in range(flows):
            now = START + number * 97 * MILLISECOND
            spoken = chance.choice(machines).flow(now)
            yield self._said(layouts, spoken, now + chance.randrange(30) * SECOND, chance)

    def _said(
        self, layouts: Mapping[int, Layout], spoken: Spoken, now: int, chance: random.Random
    ) -> Captured:
        layout = layouts[spoken.template_id]
        letter = {262: "E", 266: "I"}.get(spoken.template_id, "F")
        value = dict(spoken.value)
        for name in self.strangers:
            _, kinds, make = STRANGERS[name]
            if letter in kinds:
                value[name] = make(chance, value)
        body = encode.set_of(layout.template_id, encode.record(layout, value))
        return _captured(encode.message(body, now // SECOND, 1))


def drawn(seed: int) -> Client:
    """A client that differs in everything that may differ, by its seed."""
    chance = random.Random(f"{seed}/client")
    gaps = chance.sample(sorted(THE_FIFTEEN), chance.choice((0, 0, 1, 2)))
    return Client(
        seed,
        shuffled=chance.random() < 0.5,
        missing=frozenset(gaps),
        strangers=tuple(chance.sample(sorted(STRANGERS), chance.randrange(6))),
        lengths={
            "pid": chance.choice((4, 8)),
            "ppid": chance.choice((4, 8)),
            "pil": chance.choice((2, 4, 8)),
            "ppil": chance.choice((2, 4, 8)),
            "fsg": chance.choice((1, 2, 4)),
        },
    )


def _captured(payload: bytes) -> Captured:
    return Captured(None, 0, 0, 0, payload)
