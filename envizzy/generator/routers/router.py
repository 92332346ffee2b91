"""One router: Templates, options and flows, packed into datagrams as it would."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from envizzy.generator.expected import digest, octets_digest
from envizzy.generator.fleet import Sent
from envizzy.generator.routers import expected, options, sets
from envizzy.generator.routers.configuration import Configuration, Field, configured
from envizzy.generator.routers.flows import Flow, Traffic
from envizzy.generator.routers.profiles import WRAP_SECONDS, Profile
from envizzy.generator.routers.sets import IPFIX, NETFLOW_5, NETFLOW_9, Clock

DATA_PORT, TEMPLATE_PORT = 0, 1
"""Which of a router's ports a datagram leaves from."""

INTERFACE_NAMES = {
    1: "GigabitEthernet0/0/0",
    2: "GigabitEthernet0/0/1",
    3: "TenGigabitEthernet0/1/0",
    4: "Tunnel100",
}
"""ifIndex to name; the first leads to the clients."""

SAMPLER = 1
"""Id of the one sampler."""

_IPV4_TEMPLATE, _IPV6_TEMPLATE = 256, 257
_INTERFACE_OPTIONS, _SAMPLER_OPTIONS, _SYSTEM_OPTIONS = 258, 259, 260
_DATAGRAM_OCTETS = 1400
"""An export datagram fits an Ethernet frame."""

_HEADERS_OCTETS = 40
_UP_DAYS_MS = 3 * 86_400_000
"""A router has been up for so long, where its sysUpTime does not wrap soon."""

_SELECTOR = Field(302, 4, "sampler")
"""IPFIX names the sampler by selectorId (RFC 5477, 8.2.1), v9 by its own type 48."""

_FLOW_SAMPLER = 48


class Datagram(NamedTuple):
    """One export datagram.

    Attributes:
        router: Index of its sender.
        port: ``DATA_PORT`` or ``TEMPLATE_PORT``.
        payload: Of UDP.
        sent: Its flows; empty where it has Templates and options only.
    """

    router: int
    port: int
    payload: bytes
    sent: tuple[Sent, ...]


@dataclass(slots=True)
class Router:
    """A router that exports.

    Attributes:
        index: Among all simulated ones.
        seed: Of the whole run.
        profile: What it sends.
        started_ms: When the run began, milliseconds since 1970.
    """

    index: int
    seed: int
    profile: Profile
    started_ms: int
    _configuration: Configuration = field(init=False)
    _traffic: Traffic = field(init=False)
    _boot_ms: int = field(init=False)
    _options: list[options.Options] = field(init=False)
    _pending: list[Flow] = field(default_factory=list)
    _pending_octets: int = 0
    _pending_since_ms: int = 0
    _number: int = 0
    _sequences: list[int] = field(default_factory=lambda: [0, 0])
    _datagrams: int = 0
    _refreshed_ms: int | None = None

    def __post_init__(self) -> None:
        """Boot."""
        made = configured(self.profile.lines)
        if self.profile.version == IPFIX:
            made = made._replace(ipv4=_by_selector(made.ipv4), ipv6=_by_selector(made.ipv6))
        self._configuration = made
        uptime = sets.UPTIME_MODULUS - WRAP_SECONDS * 1000 if self.profile.wraps else _UP_DAYS_MS
        self._boot_ms = self.started_ms - uptime
        self._traffic = Traffic(
            self.index,
            self.seed,
            tuple(INTERFACE_NAMES),
            made.active_seconds * 1000,
            bool(made.ipv6),
        )
        self._traffic.begin(self.started_ms - self.profile.held_seconds * 1000)
        self._options = self._tables()

    @property
    def domain(self) -> int:
        """Its Observation Domain ID, Source ID or engine_id."""
        return self.index % 250 + 1

    def _tables(self) -> list[options.Options]:
        asked, version = self.profile, self.profile.version
        if version == NETFLOW_5:
            return []
        tables = []
        if asked.names:
            tables.append(options.interface_table(_INTERFACE_OPTIONS, version, INTERFACE_NAMES))
        if asked.sampling:
            tables.append(options.sampler_table(_SAMPLER_OPTIONS, version, SAMPLER, asked.sampling))
        if asked.uptime and version == IPFIX:
            tables.append(options.system_table(_SYSTEM_OPTIONS, self.domain, self._boot_ms))
        return tables

    def refresh(self, now_ms: int) -> Iterator[Datagram]:
        """Templates and options, where they are due."""
        if self.profile.version == NETFLOW_5:
            return
        if self._refreshed_ms is not None and (
            self._datagrams < self.profile.refresh_datagrams
            and now_ms - self._refreshed_ms < self.profile.refresh_seconds * 1000
        ):
            return
        self._refreshed_ms, self._datagrams = now_ms, 0
        version = self.profile.version
        layouts = {_IPV4_TEMPLATE: self._configuration.ipv4}
        if self._configuration.ipv6:
            layouts[_IPV6_TEMPLATE] = self._configuration.ipv6
        told, count = options.message_sets(self._options, version)
        data = sum(len(each.records) for each in self._options)
        port = TEMPLATE_PORT if self.profile.split else DATA_PORT
        body = [sets.templates(version, layouts), *told]
        payload = self._message(body, len(layouts) + count, data, now_ms, port)
        yield Datagram(self.index, port, payload, ())

    def add(self, now_ms: int) -> Iterator[Datagram]:
        """One more flow leaves the cache; the datagram that it fills."""
        flow = self._traffic.next(now_ms - self.profile.held_seconds * 1000)
        if not self._pending:
            self._pending_since_ms = now_ms
        self._pending.append(flow)
        self._pending_octets += self._octets(flow)
        if self._is_full():
            yield from self.flush(now_ms)

    def due(self, now_ms: int, wait_ms: int) -> Iterator[Datagram]:
        """What has waited long enough for company."""
        if self._pending and now_ms - self._pending_since_ms >= wait_ms:
            yield from self.flush(now_ms)

    def flush(self, now_ms: int) -> Iterator[Datagram]:
        """All that waits, in one datagram, behind Templates where they are due."""
        if not self._pending:
            return
        yield from self.refresh(now_ms)
        flows, self._pending, self._pending_octets = self._pending, [], 0
        # In the order in which they stand in the datagram: one Set for each IP version.
        flows.sort(key=lambda flow: flow.version)
        clock = Clock(now_ms, self._boot_ms)
        if self.profile.version == NETFLOW_5:
            payload = sets.netflow_5(
                flows, clock, self._sequences[0], self.domain, self.profile.sampling
            )
            self._sequences[0] += len(flows)
            contents = {4: payload}
        else:
            contents = {
                version: self._data_set(version, flows, clock)
                for version in sorted({flow.version for flow in flows})
            }
            payload = self._message(
                list(contents.values()), len(flows), len(flows), now_ms, DATA_PORT
            )
        sequence = int.from_bytes(payload[_SEQUENCE_AT[self.profile.version]])
        sent = tuple(self._sent(flow, clock, sequence, contents[flow.version]) for flow in flows)
        self._datagrams += 1
        yield Datagram(self.index, DATA_PORT, payload, sent)

    def _data_set(self, version: int, flows: list[Flow], clock: Clock) -> bytes:
        fields = self._fields(version)
        content = b"".join(
            sets.record(fields, self._values(flow, clock))
            for flow in flows
            if flow.version == version
        )
        return sets.set_of(_IPV4_TEMPLATE if version == 4 else _IPV6_TEMPLATE, content)  # noqa: PLR2004

    def _fields(self, version: int) -> tuple[Field, ...]:
        return self._configuration.ipv4 if version == 4 else self._configuration.ipv6  # noqa: PLR2004

    def _values(self, flow: Flow, clock: Clock) -> dict[str, Any]:
        values = flow._asdict()
        values["start_uptime"] = (flow.start_ms - clock.boot_ms) % sets.UPTIME_MODULUS
        values["end_uptime"] = (flow.end_ms - clock.boot_ms) % sets.UPTIME_MODULUS
        values["sampler"] = SAMPLER
        if flow.icmp_type or flow.icmp_code:
            # As routers do; no collector should believe it where ICMP elements are there.
            values["destination_port"] = flow.icmp_type * 256 + flow.icmp_code
        return values

    def _message(self, body: list[bytes], records: int, data: int, now_ms: int, port: int) -> bytes:
        """A v9 or IPFIX message, numbered: v9 by datagrams of the Source ID, IPFIX by records."""
        clock = Clock(now_ms, self._boot_ms)
        if self.profile.version == NETFLOW_9:
            self._sequences[0] += 1
            return sets.netflow_9(body, records, clock, self._sequences[0] - 1, self.domain)
        sequence = self._sequences[port]
        self._sequences[port] += data
        return sets.ipfix(body, clock, sequence, self.domain)

    def _octets(self, flow: Flow) -> int:
        return sum(each.length for each in self._fields(flow.version))

    def _is_full(self) -> bool:
        if self.profile.version == NETFLOW_5:
            return len(self._pending) >= sets.MOST_V5_RECORDS
        widest = max(
            sum(each.length for each in fields)
            for fields in (self._configuration.ipv4, self._configuration.ipv6)
        )
        return self._pending_octets + widest + _HEADERS_OCTETS > _DATAGRAM_OCTETS

    def _sent(self, flow: Flow, clock: Clock, sequence: int, content: bytes) -> Sent:
        value = expected.published(
            flow,
            clock,
            self.profile,
            self._fields(flow.version),
            sequence,
            self.domain,
            INTERFACE_NAMES if self.profile.names else {},
        )
        self._number += 1
        return Sent(
            "netflow",
            self.index,
            self._number - 1,
            "",
            "",
            expected.identity(value),
            digest(expected.comparable(value)),
            octets_digest(content[4:]),
            True,
            value,
        )


_SEQUENCE_AT = {NETFLOW_5: slice(16, 20), NETFLOW_9: slice(12, 16), IPFIX: slice(8, 12)}


def _by_selector(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(_SELECTOR if each.element_id == _FLOW_SAMPLER else each for each in fields)
