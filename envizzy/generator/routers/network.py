"""Many routers at a given rate: which datagrams are due now. Time and seed are arguments."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from envizzy.generator.routers.profiles import profile_of
from envizzy.generator.routers.router import Datagram, Router

_BURST_SECONDS = 0.25
"""A generator that was held up catches up with no more than this."""

_SETTLE_MS = 500
"""Between a router's first Templates and options and its first flows: they come from other ports
here and there, and could overtake each other."""

_WAIT_MS = 400
"""A flow waits so long for others to fill its datagram."""

_MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class NetworkBehaviour:
    """How the routers of a network behave.

    Attributes:
        routers: How many.
        rate: Flow records a second, of all together.
        first: Index of the first router; two generators of one run must not overlap.
        seed: Of everything random.
    """

    routers: int = 0
    rate: float = 100.0
    first: int = 0
    seed: int = 1


@dataclass(slots=True)
class Network:
    """Routers that export.

    Attributes:
        behaviour: Of all of them.
        started_ns: When the run began.
    """

    behaviour: NetworkBehaviour
    started_ns: int
    _routers: list[Router] = field(init=False)
    _random: random.Random = field(init=False)
    _credit: float = 0.0
    _last_ns: int = 0

    def __post_init__(self) -> None:
        """Boot all."""
        asked = self.behaviour
        started_ms = self.started_ns // _MILLISECOND
        self._random = random.Random(f"{asked.seed}/{asked.first}/network")
        self._routers = [
            Router(index, asked.seed, profile_of(index), started_ms)
            for index in range(asked.first, asked.first + asked.routers)
        ]
        self._last_ns = self.started_ns

    def advance(self, now_ns: int) -> Iterator[Datagram]:
        """All datagrams that are due since the last call, in order."""
        now_ms = now_ns // _MILLISECOND
        for router in self._routers:
            yield from router.refresh(now_ms)
            yield from router.due(now_ms, _WAIT_MS)
        elapsed = (now_ns - self._last_ns) / 1e9
        self._last_ns = now_ns
        if not self._routers or now_ms < self.started_ns // _MILLISECOND + _SETTLE_MS:
            return
        rate = self.behaviour.rate
        self._credit = min(self._credit + elapsed * rate, max(1.0, rate * _BURST_SECONDS))
        while self._credit >= 1:
            self._credit -= 1
            yield from self._random.choice(self._routers).add(now_ms)

    def finish(self, now_ns: int) -> Iterator[Datagram]:
        """The run is over: what still waits for company."""
        for router in self._routers:
            yield from router.flush(now_ns // _MILLISECOND)
