"""Router flows of 18 fields as events of ``raw``: IPFIX, NetFlow v9 and v5.

Addresses, next hop, interfaces, packets, octets, start, end, ports, flags, protocol, ToS, ASes and
prefix lengths; as many flows in a datagram as exporters put there.
"""

import random
import struct
import time
from collections.abc import Iterator

from bench.loads import Batches, Event
from schemas.addresses import exporter_octets

ROUTERS = 16
CLIENTS, SERVERS = 4000, 20_000
SEED = 7
OCTETS = 1420
"""Of a datagram: what exporters fill on Ethernet."""

V5_FLOWS = 30

ELEMENTS = {
    "ipfix": (8, 12, 15, 10, 14, 2, 1, 152, 153, 7, 11, 6, 4, 5, 16, 17, 9, 13),
    "v9": (8, 12, 15, 10, 14, 2, 1, 22, 21, 7, 11, 6, 4, 5, 16, 17, 9, 13),
}
FORMATS = {
    "ipfix": struct.Struct(">4s4s4sIIIIQQHHBBBIIBB"),
    "v9": struct.Struct(">4s4s4sIIIIIIHHBBBIIBB"),
    "v5": struct.Struct(">4s4s4sHHIIIIHHxBBBHHBBxx"),
}
_OCTETS = (4, 4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 1, 1, 1, 4, 4, 1, 1)
SIZES = dict(zip(ELEMENTS["v9"], _OCTETS, strict=True)) | {152: 8, 153: 8}


class Router:
    """One exporter's flows as octets."""

    def __init__(self, kind: str, number: int) -> None:
        self._kind = kind
        self._random = random.Random(SEED + number)
        self._pack = FORMATS[kind].pack
        self._sequence = 0
        self._number = number
        self.exporter = exporter_octets(f"192.0.2.{number + 1}")
        self.flows = V5_FLOWS if kind == "v5" else (OCTETS - 24) // FORMATS[kind].size

    def template(self, now: int) -> bytes:
        """The datagram of the Template; empty for v5, which has none."""
        if self._kind == "v5":
            return b""
        fields = b"".join(
            struct.pack(">HH", number, SIZES[number]) for number in ELEMENTS[self._kind]
        )
        record = struct.pack(">HH", 256, len(fields) // 4) + fields
        set_id = 2 if self._kind == "ipfix" else 0
        return self._message(now, struct.pack(">HH", set_id, 4 + len(record)) + record, 0)

    def datagram(self, now: int) -> bytes:
        """One with flows."""
        content = b"".join(self._flow(now) for _ in range(self.flows))
        if self._kind == "v5":
            head = struct.pack(
                ">HHIIIIBBH", 5, self.flows, 5_000_000, now, 0, self._sequence, 0, 0, 0
            )
            self._sequence += self.flows
            return head + content
        return self._message(now, struct.pack(">HH", 256, 4 + len(content)) + content, self.flows)

    def _message(self, now: int, sets: bytes, flows: int) -> bytes:
        if self._kind == "ipfix":
            head = struct.pack(">HHIII", 10, 16 + len(sets), now, self._sequence, self._number)
            self._sequence += flows
            return head + sets
        head = struct.pack(">HHIIII", 9, flows or 1, 5_000_000, now, self._sequence, self._number)
        self._sequence += 1
        return head + sets

    def _flow(self, now: int) -> bytes:
        some = self._random
        client = b"\x0a" + some.randrange(CLIENTS).to_bytes(3)
        # some servers are asked far more often than others
        server = b"\xc6" + int(SERVERS * some.random() ** 3).to_bytes(3)
        packets = some.randrange(1, 100)
        times = (now * 1000 - 3000, now * 1000 - 1000)
        if self._kind != "ipfix":
            times = (4_997_000, 4_999_000)
        return self._pack(
            client, server, b"\xc0\0\2\x01", some.randrange(48), some.randrange(48), packets,
            packets * some.randrange(40, 1500), *times, some.randrange(1024, 65_536),
            some.choice((53, 80, 443)), 0x18, some.choice((6, 6, 6, 17)), 0,
            some.randrange(64_512), 64_512, 24, 16,
        )  # fmt: skip


def _load(kind: str, flows: int) -> Iterator[Event]:
    now_ns = time.time_ns()
    routers = [Router(kind, number) for number in range(ROUTERS)]
    batches, made = Batches(), 0
    for router in routers:
        if template := router.template(now_ns // 10**9):
            yield from batches.add(now_ns, router.exporter, template)
    while made < flows:
        for router in routers:
            now_ns += 1_000_000
            yield from batches.add(now_ns, router.exporter, router.datagram(now_ns // 10**9))
            made += router.flows
    yield from batches.rest(now_ns)


def ipfix(flows: int) -> Iterator[Event]:
    """IPFIX with times in milliseconds, 22 flows a datagram."""
    return _load("ipfix", flows)


def v9(flows: int) -> Iterator[Event]:
    """NetFlow v9, 26 flows a datagram."""
    return _load("v9", flows)


def v5(flows: int) -> Iterator[Event]:
    """NetFlow v5, 30 flows a datagram."""
    return _load("v5", flows)
