"""What passes through a router: its flow cache's entries. Time and randomness are arguments."""

import heapq
import random
from dataclasses import dataclass, field
from typing import NamedTuple

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
"""Protocol numbers."""

IDLE_TIMEOUT, ACTIVE_TIMEOUT, END_OF_FLOW = 1, 2, 3
"""flowEndReason (IANA, 136)."""

MOST_ROUTERS = 256
"""There are so many networks of ``_CLIENTS`` addresses in 10.64.0.0/10."""

_CLIENTS = 16_384
"""Addresses of the clients behind one router: each router has its own, and so its flows."""
_IPV4_CLIENTS = (10 << 24) + (64 << 16)
_FIRST_PORT, _PORTS = 1024, 64_512
_IPV6_SHARE = 0.25
_LONG_SHARE = 0.2
"""Of new TCP flows: they last for minutes, and are reported at each active timeout."""
_LONG_FLOWS = 32
"""Open at a time: memory stays bounded; a router has some under way when it is first heard of."""
_ACK, _SYN, _PSH, _FIN = 0x10, 0x02, 0x08, 0x01

_SERVICES = (
    (TCP, 443, 50, 0x00),
    (UDP, 53, 25, 0x00),
    (UDP, 443, 8, 0x00),
    (TCP, 22, 3, 0x10),
    (UDP, 5004, 4, 0xB8),
    (UDP, 123, 2, 0xC0),
    (ICMP, 0, 8, 0x00),
)
"""Protocol, port, weight, ToS: SSH with AF11's sister, media with EF, time with CS6."""

_ECHO = {4: ((8, 0), (0, 0), (3, 1), (3, 3), (11, 0)), 6: ((128, 0), (129, 0), (1, 4), (3, 0))}
"""ICMP types and codes by IP version."""

_SYSTEMS = (64496, 64500, 64511, 65536, 65551)
"""Documentation AS numbers (RFC 5398), two of them of four octets."""


class Flow(NamedTuple):
    """One entry of a flow cache, as it is exported.

    Attributes:
        version: Of IP.
        protocol: Number.
        source: Address as text.
        destination: Address as text.
        source_port: 0 where the protocol has none.
        destination_port: The same.
        icmp_type: 0 where the protocol has none.
        icmp_code: The same.
        tos: ToS or traffic class.
        tcp_flags: All that were seen; 0 where it is no TCP.
        ingress: ifIndex.
        egress: ifIndex.
        source_mac: Text with colons.
        destination_mac: The same.
        vlan: Of the ingress side.
        packets: Since the last report.
        octets: Since the last report.
        start_ms: Of the first packet since the last report, milliseconds since 1970.
        end_ms: Of the last packet.
        source_as: Autonomous system; 0 is our own.
        destination_as: The same.
        next_hop: Address as text.
        end_reason: flowEndReason.
    """

    version: int
    protocol: int
    source: str
    destination: str
    source_port: int
    destination_port: int
    icmp_type: int
    icmp_code: int
    tos: int
    tcp_flags: int
    ingress: int
    egress: int
    source_mac: str
    destination_mac: str
    vlan: int
    packets: int
    octets: int
    start_ms: int
    end_ms: int
    source_as: int
    destination_as: int
    next_hop: str
    end_reason: int


@dataclass(slots=True)
class Traffic:
    """The flows of one router.

    Attributes:
        index: Of the router; decides which clients are behind it.
        seed: Of the whole run.
        interfaces: ifIndexes: the first leads to the clients, the others away.
        active_ms: Active timeout: a flow that goes on is reported so often.
        is_ipv6: Whether there are IPv6 flows.
    """

    index: int
    seed: int
    interfaces: tuple[int, ...]
    active_ms: int
    is_ipv6: bool = True
    _random: random.Random = field(init=False)
    _flows: int = 0
    _long: list[tuple[int, int, Flow, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Seed it."""
        if not 0 <= self.index < MOST_ROUTERS:
            raise ValueError(f"router {self.index}: there are {MOST_ROUTERS} networks for them")
        self._random = random.Random(f"{self.seed}/{self.index}/router")

    def begin(self, now_ms: int) -> None:
        """Some long flows are under way: their first reports come spread over one timeout."""
        step = self.active_ms // (_LONG_FLOWS // 2)
        for number in range(_LONG_FLOWS // 2):
            flow = self._new(now_ms, lasts=True)
            since = now_ms - self.active_ms + number * step + self._random.randrange(step)
            self._keep(flow._replace(start_ms=since, end_ms=since), since)

    def next(self, now_ms: int) -> Flow:
        """The flow that leaves the cache now.

        Args:
            now_ms: Milliseconds since 1970; it ended at or before this.
        """
        if self._long and self._long[0][0] <= now_ms:
            return self._report(now_ms)
        if len(self._long) < _LONG_FLOWS and self._random.random() < _LONG_SHARE / 4:
            flow = self._new(now_ms, lasts=True)
            self._keep(flow._replace(start_ms=now_ms, end_ms=now_ms), now_ms)
        return self._new(now_ms, lasts=False)

    def _keep(self, flow: Flow, start_ms: int) -> None:
        due = start_ms + self.active_ms
        self._flows += 1
        heapq.heappush(self._long, (due, self._flows, flow, self._random.randrange(1, 5)))

    def _report(self, now_ms: int) -> Flow:
        """A flow that goes on: what was counted since its last report."""
        due, number, flow, reports = heapq.heappop(self._long)
        packets = self._random.randrange(500, 60_000)
        octets = packets * self._random.randrange(200, 1400)
        goes_on = reports > 1
        flow = flow._replace(
            packets=packets,
            octets=octets,
            end_ms=due,
            tcp_flags=_ACK | _PSH | (0 if goes_on else _FIN),
            end_reason=ACTIVE_TIMEOUT if goes_on else END_OF_FLOW,
        )
        if goes_on:
            # A report later than the timeout (the router was busy) shortens none of the flow.
            start = max(due + 1, now_ms - self.active_ms)
            kept = flow._replace(start_ms=start)
            heapq.heappush(self._long, (start + self.active_ms, number, kept, reports - 1))
        return flow

    def _new(self, now_ms: int, *, lasts: bool) -> Flow:
        chance = self._random
        self._flows += 1
        version = 6 if self.is_ipv6 and chance.random() < _IPV6_SHARE else 4
        services = _SERVICES[:1] if lasts else _SERVICES
        protocol, port, _, tos = chance.choices(services, [each[2] for each in services])[0]
        icmp = (0, 0)
        if protocol == ICMP:
            icmp = chance.choice(_ECHO[version])
            protocol = ICMP if version == 4 else ICMPV6  # noqa: PLR2004 - the IP version
        source, destination, hop = self._addresses(version)
        packets = 1 if port in {53, 123} else chance.randrange(1, 40)
        octets = packets * chance.randrange(64, 1500)
        # Most flows end by idleness, some seconds ago; TCP's by FIN, now.
        end = now_ms - (chance.randrange(50) if protocol == TCP else chance.randrange(3_000))
        start = end - (0 if packets == 1 else chance.randrange(8_000))
        return Flow(
            version,
            protocol,
            source,
            destination,
            _FIRST_PORT + self._flows % _PORTS if port else 0,
            port,
            *icmp,
            tos,
            _SYN | _ACK | _PSH | _FIN if protocol == TCP else 0,
            self.interfaces[0],
            chance.choice(self.interfaces[1:]),
            f"02:00:5e:{self._flows >> 16 & 255:02x}:{self._flows >> 8 & 255:02x}:"
            f"{self._flows & 255:02x}",
            f"02:00:5e:ff:00:{self.index:02x}",
            100 + self._flows % 8,
            packets,
            octets,
            start,
            end,
            0,
            chance.choice(_SYSTEMS),
            hop,
            END_OF_FLOW if protocol == TCP else IDLE_TIMEOUT,
        )

    def _addresses(self, version: int) -> tuple[str, str, str]:
        """A client (the next one at each flow), a server, the next hop."""
        client = self._flows % _CLIENTS
        server = self._random.randrange(1, 255)
        if version == 6:  # noqa: PLR2004 - the IP version
            own = f"2001:db8:{0x1000 + self.index:x}::{client + 1:x}"
            return own, f"2001:db8:ffff::{server:x}", "2001:db8:fffe::1"
        number = _IPV4_CLIENTS + self.index * _CLIENTS + client
        own = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
        return own, f"203.0.113.{server}", "192.0.2.1"
