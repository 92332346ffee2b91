"""Events in work: acknowledged strictly in order, once all that follows from them is confirmed."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

ROOM_SECONDS = 0.002
"""How long the agent sleeps while the air is full: a broker's answer takes as long at best."""


class Flight:
    """One event and what was sent for it.

    Attributes:
        event: Faust's event.
        partition: Of ``raw``.
        offset: Of the event.
        open: Records sent and not confirmed, and one for the agent while it works on the event.
        sent: Arguments of each ``produce``, kept so that a refused batch can be sent again with
            its headers (librdkafka's reports have none).
        octets: Of the values sent.
        received_at_ns: Of its oldest datagram; 0 for a tick.
        afterwards: Sends what may be written only when all the rest is confirmed, of the flights
            before it, too; None: nothing.
    """

    __slots__ = (
        "afterwards",
        "event",
        "octets",
        "offset",
        "open",
        "partition",
        "received_at_ns",
        "refused",
        "sent",
    )

    def __init__(
        self, event: Any, partition: int, offset: int, refused: Callable[..., None]
    ) -> None:
        self.event = event
        self.partition = partition
        self.offset = offset
        self.open = 1
        self.sent: list[tuple[Any, ...]] = []
        self.octets = 0
        self.received_at_ns = 0
        self.afterwards: Callable[[], None] | None = None
        self.refused = refused

    def report(self, error: Any, message: Any) -> None:
        """The delivery callback of all its records: one bound method, no closure a record."""
        if error is None:
            self.open -= 1
        else:
            self.refused(self, error, message)

    def land(self) -> None:
        """The agent has sent all of it."""
        self.open -= 1


class Flights:
    """The events in work, oldest first.

    Out of order is not safe: Faust's commit can pass an unfinished event.
    """

    def __init__(self, limit: int, octets_limit: int, landed: Callable[[Flight], None]) -> None:
        """Take the bounds.

        Args:
            limit: Events in work at most.
            octets_limit: Octets sent and not acknowledged at most (one event may exceed it).
            landed: Called for each event that was acknowledged.
        """
        self._limit = limit
        self._octets_limit = octets_limit
        self._landed = landed
        self._air: deque[Flight] = deque()
        self._ahead = 0
        self.octets = 0

    def __len__(self) -> int:
        return len(self._air)

    def open(self, flight: Flight) -> Flight:
        """Take an event into work."""
        self._air.append(flight)
        return flight

    def close(self, flight: Flight) -> None:
        """The agent has sent all of it; the delivery reports do the rest."""
        self.octets += flight.octets
        flight.land()

    def settle(self) -> None:
        """Let what is confirmed go on, in order: to what comes afterwards, then acknowledged."""
        air = self._air
        while self._ahead < len(air) and not air[self._ahead].open:
            afterwards = air[self._ahead].afterwards
            self._ahead += 1
            if afterwards is not None:
                afterwards()
        while self._ahead and not air[0].open:
            self._ahead -= 1
            flight = air.popleft()
            # Each of its records names the flight's callback: a cycle that only the cycle collector
            # would end (it took 15 % of the CPU time).
            flight.sent.clear()
            flight.event.ack()
            self.octets -= flight.octets
            self._landed(flight)

    def full(self) -> bool:
        """Whether the next event must wait."""
        return len(self._air) >= self._limit or self.octets >= self._octets_limit

    async def room(self) -> None:
        """Wait until the next event may be taken."""
        while self.full():  # noqa: ASYNC110 - reports come by polling librdkafka: no event to wait for
            await asyncio.sleep(ROOM_SECONDS)
