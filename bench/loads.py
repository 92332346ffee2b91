"""What the worker is loaded with: events of ``raw``, templates first."""

import struct
import time
from collections.abc import Iterator

from envizzy.generator.fleet import Behaviour, Fleet
from schemas import raw_batch
from schemas.addresses import exporter_octets, raw_partition

PARTITIONS = 4
ENDPOINTS = 200
ROUTERS = 16
DATAGRAMS_AN_EVENT = 50
FLOWS_A_DATAGRAM = 24

Event = tuple[int, bytes]
"""Partition and value."""

_V9 = struct.Struct(">HHIIII")
_FLOW = struct.Struct(">IIIIIIIHHHHBBBBBB")
_FIELDS = (
    (8, 4), (12, 4), (15, 4), (1, 4), (2, 4), (22, 4), (21, 4), (7, 2), (11, 2), (10, 2), (14, 2),
    (4, 1), (5, 1), (6, 1), (9, 1), (13, 1), (61, 1),
)  # fmt: skip
"""Addresses, next hop, octets, packets, first, last, ports, interfaces, protocol, ToS, TCP flags,
prefix lengths, direction: what routers commonly send."""


class Batches:
    """Datagrams of each partition, sealed when there are enough of them."""

    def __init__(self) -> None:
        self._items: dict[int, list[bytes]] = {each: [] for each in range(PARTITIONS)}

    def add(self, now_ns: int, exporter: bytes, payload: bytes) -> Iterator[Event]:
        """Take a datagram; gives the event that it fills."""
        partition = raw_partition(exporter, PARTITIONS)
        items = self._items[partition]
        items.append(raw_batch.encode_datagram(now_ns, exporter, 50_000, 2055, 0, None, payload))
        if len(items) == DATAGRAMS_AN_EVENT:
            yield partition, raw_batch.seal(now_ns, items)
            items.clear()

    def rest(self, now_ns: int) -> Iterator[Event]:
        """Give what is not full."""
        for partition, items in self._items.items():
            yield partition, raw_batch.seal(now_ns, items)


def nvzflow(flows: int) -> Iterator[Event]:
    """One flow a datagram: the public v3 layout (template 267), 25 fields, two module lists."""
    now_ns = time.time_ns()
    fleet = Fleet(Behaviour(endpoints=ENDPOINTS, rate=100_000.0), now_ns)
    batches, made = Batches(), 0
    while made < flows:
        now_ns += 10_000_000
        for emission in fleet.advance(now_ns):
            exporter = exporter_octets(f"10.1.{emission.endpoint >> 8}.{emission.endpoint & 255}")
            yield from batches.add(now_ns, exporter, emission.payload)
            made += emission.sent is not None and emission.sent.kind == "flow"
    yield from batches.rest(now_ns)


def netflow(flows: int) -> Iterator[Event]:
    """24 flows of 17 fields a datagram: NetFlow v9 of some routers."""
    now_ns = time.time_ns()
    batches = Batches()
    template = struct.pack(">HHHH", 0, 8 + 4 * len(_FIELDS), 256, len(_FIELDS))
    template += b"".join(struct.pack(">HH", *each) for each in _FIELDS)
    for datagram in range(-ROUTERS, -(-flows // FLOWS_A_DATAGRAM)):
        now_ns += 100_000
        router = datagram % ROUTERS
        exporter = exporter_octets(f"10.2.0.{router}")
        sequence = datagram // ROUTERS + 1
        head = _V9.pack(9, FLOWS_A_DATAGRAM, 86_400_000, now_ns // 10**9, sequence, router)
        content = template if datagram < 0 else _flows(datagram)
        yield from batches.add(now_ns, exporter, head + content)
    yield from batches.rest(now_ns)


def _flows(datagram: int) -> bytes:
    records = b"".join(
        _FLOW.pack(
            0x0A000000 + (datagram * 7919 + flow * 31) % 65_536,  # a few thousand hosts
            0xC6336400 + (datagram * 104_729 + flow) % 256,
            0xC0000201,
            1500 * (flow + 1),
            flow + 1,
            86_300_000 + flow,
            86_390_000 + datagram % 10_000,
            1024 + (datagram * 13 + flow) % 60_000,
            (53, 80, 443, 8443)[flow % 4],
            1 + flow % 4,
            2,
            17 if flow % 4 == 0 else 6,
            0,
            0x1B,
            24,
            16,
            0,
        )
        for flow in range(FLOWS_A_DATAGRAM)
    )
    return struct.pack(">HH", 256, 4 + len(records)) + records
