"""Many endpoints at a given rate: which datagrams are due now. Time and seed are arguments."""

import heapq
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from envizzy.generator import encode
from envizzy.generator.current import CURRENT, current_layouts
from envizzy.generator.endpoint import SECOND, Endpoint, Spoken
from envizzy.generator.expected import digest, identity, octets_digest, published
from envizzy.generator.layouts import ENDPOINT, INTERFACE, LAYOUTS, Layout

_BURST_SECONDS = 0.25
"""A generator that was held up catches up with no more than this."""

_START_SECONDS = 2.0
"""Over which a fleet comes up."""

_CHANGE_SECONDS = 45.0
"""Mean time between the interface changes of one endpoint."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the endpoints of a fleet behave.

    Attributes:
        endpoints: How many.
        rate: Flow records a second, of all together.
        first: Index of the first endpoint; two generators of one run must not overlap.
        seed: Of everything random.
        templates: ``start``, ``late`` (after ``late_seconds``) or ``never``.
        late_seconds: After the start of the endpoint.
        resend_seconds: Template interval of the clients.
        layout: Of ``LAYOUTS``, or ``v9``: ids of its elements by ``seed``.
    """

    endpoints: int = 20
    rate: float = 100.0
    first: int = 0
    seed: int = 1
    templates: str = "start"
    late_seconds: float = 3.0
    resend_seconds: float = 86_400.0
    layout: str = "v3"


class Sent(NamedTuple):
    """One record that was sent, as the checker must find it.

    Attributes:
        kind: ``endpoint``, ``interface`` or ``flow``.
        endpoint: Index of the endpoint.
        number: Of the record, within its endpoint.
        exporter: Source address; empty until it is sent, or where it is not known.
        key: Kafka key.
        identity: ``expected.identity``.
        digest: ``expected.digest`` of the published value.
        octets: ``expected.octets_digest`` of its Set's content.
        templated: Whether the endpoint had sent its Templates before.
        value: The published value without its long lists.
    """

    kind: str
    endpoint: int
    number: int
    exporter: str
    key: str
    identity: str
    digest: str
    octets: str
    templated: bool
    value: dict[str, Any]


class Emission(NamedTuple):
    """One datagram.

    Attributes:
        endpoint: Index of its sender.
        payload: One Message.
        sent: Its one record; None in a template message.
    """

    endpoint: int
    payload: bytes
    sent: Sent | None


@dataclass(slots=True)
class Fleet:
    """Endpoints that talk.

    Attributes:
        behaviour: Of all of them.
        started_ns: When the run began.
    """

    behaviour: Behaviour
    started_ns: int
    _awake: list[Endpoint] = field(default_factory=list)
    _templated: set[int] = field(default_factory=set)
    _due: list[tuple[int, int, str]] = field(default_factory=list)
    _endpoints: dict[int, Endpoint] = field(default_factory=dict)
    _random: random.Random = field(init=False)
    _credit: float = 0.0
    _last_ns: int = 0
    _layouts: Mapping[int, Layout] = field(init=False)

    def __post_init__(self) -> None:
        """Lay out who comes up when."""
        asked = self.behaviour
        self._layouts = (
            current_layouts(asked.seed) if asked.layout == CURRENT else LAYOUTS[asked.layout]
        )
        self._random = random.Random(f"{asked.seed}/{asked.first}/fleet")
        self._last_ns = self.started_ns
        spread = min(_START_SECONDS, asked.endpoints * 0.002)
        for position in range(asked.endpoints):
            at = self.started_ns + int(spread * position / asked.endpoints * SECOND)
            heapq.heappush(self._due, (at, asked.first + position, "wake"))

    def advance(self, now_ns: int) -> Iterator[Emission]:
        """All datagrams that are due since the last call, in order."""
        while self._due and self._due[0][0] <= now_ns:
            at, index, what = heapq.heappop(self._due)
            yield from self._event(at, index, what, now_ns)
        elapsed = (now_ns - self._last_ns) / SECOND
        self._last_ns = now_ns
        if not self._awake:
            return
        bound = max(1.0, self.behaviour.rate * _BURST_SECONDS)
        self._credit = min(self._credit + elapsed * self.behaviour.rate, bound)
        while self._credit >= 1:
            self._credit -= 1
            endpoint = self._random.choice(self._awake)
            yield self._say(endpoint, endpoint.flow(now_ns), now_ns)

    def _event(self, at: int, index: int, what: str, now_ns: int) -> Iterator[Emission]:
        asked = self.behaviour
        if what == "wake":
            endpoint = self._endpoints[index] = Endpoint(index, asked.seed)
            if asked.templates == "start":
                yield from self._event(at, index, "templates", now_ns)
            elif asked.templates == "late":
                late = at + int(asked.late_seconds * SECOND)
                heapq.heappush(self._due, (late, index, "templates"))
            yield self._say(endpoint, endpoint.describe(now_ns), now_ns)
            yield self._say(endpoint, endpoint.interface(now_ns, moved=False), now_ns)
            self._awake.append(endpoint)
            self._later(at, index, "interface", self._random.expovariate(1 / _CHANGE_SECONDS))
            return
        endpoint = self._endpoints[index]
        if what == "templates":
            body = encode.templates(self._layouts.values())
            yield Emission(index, encode.message(body, now_ns // SECOND, endpoint.number), None)
            if index in self._templated:
                yield self._say(endpoint, endpoint.describe(now_ns), now_ns)
            self._templated.add(index)
            self._later(at, index, "templates", asked.resend_seconds)
        else:
            yield self._say(endpoint, endpoint.interface(now_ns, moved=True), now_ns)
            self._later(at, index, "interface", self._random.expovariate(1 / _CHANGE_SECONDS))

    def _later(self, at: int, index: int, what: str, seconds: float) -> None:
        heapq.heappush(self._due, (at + int(seconds * SECOND), index, what))

    def _say(self, endpoint: Endpoint, spoken: Spoken, now_ns: int) -> Emission:
        layout = self._layouts[spoken.template_id]
        content = encode.record(layout, spoken.value)
        body = encode.set_of(layout.template_id, content)
        payload = encode.message(body, now_ns // SECOND, endpoint.number)
        value = published(layout, spoken.value)
        kinds = {ENDPOINT: "endpoint", INTERFACE: "interface"}
        kind = kinds.get(spoken.template_id, "flow")
        sent = Sent(
            kind,
            endpoint.index,
            endpoint.number,
            "",
            f"{endpoint.udid}/{value['iid']}" if kind == "interface" else endpoint.udid,
            identity(value),
            digest(value),
            octets_digest(content),
            endpoint.index in self._templated,
            {key: each for key, each in value.items() if key not in {"mnl", "mhl"}},
        )
        endpoint.number += 1
        return Emission(endpoint.index, payload, sent)
