"""A capture of ``raw``: its datagrams as a pcap file, as they would have stood on the wire."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

import dpkt

from envizzy.diag.model import Entry, Given
from envizzy.lab.reader import TopicReader
from schemas import raw_batch
from schemas.datagram import Datagram
from schemas.errors import SchemaError

_RAW_LINK = 101
"""LINKTYPE_RAW: a packet begins with its IP header, of either version."""

_V4_IN_V6 = bytes(10) + b"\xff\xff"
_UDP = 17
_HOPS = 64
_SNAP_OCTETS = 262_144
"""tcpdump's own: no packet is cut."""

_HEADERS_OCTETS = 64
"""More than any of the headers that are put before a payload."""


def raw(given: Given) -> Iterator[Entry]:
    """What comes into ``raw`` for some seconds.

    Raises:
        LabError: Kafka does not answer, or there is no such topic.
    """
    settings = given.settings
    topic = settings.topics.name("raw")
    path = given.folder / "raw.pcap"
    reader = TopicReader(
        given.kafka.librdkafka("diag"),
        [topic],
        from_end=True,
        patience=given.kafka.timeout_seconds,
    )
    end = time.monotonic() + settings.diag.raw_seconds
    unreadable = 0
    try:
        with path.open("wb") as file:
            capture = Capture(file, settings.diag.raw_octets)
            while time.monotonic() < end and not capture.full:
                for message in reader.read(0.2):
                    try:
                        datagrams = raw_batch.decode(message.value() or b"").datagrams
                    except SchemaError:
                        unreadable += 1
                        continue
                    for datagram in datagrams:
                        capture.add(datagram)
    finally:
        reader.close()
    yield Entry("raw.pcap", path)
    about = (
        f"{capture.datagrams} datagrams, {capture.left_out} left out for their size, "
        f"{unreadable} batches unreadable; the address that they came to is not known to raw "
        "(0.0.0.0 or ::). Templates that were sent before it are not in it: `envizzy decode` "
        "reads what follows a template.\n"
    )
    yield Entry("raw.txt", about.encode())


class Capture:
    """A pcap file of datagrams, with nanoseconds.

    Attributes:
        datagrams: Written.
        left_out: Not written: the file would be too large.
    """

    def __init__(self, file: BinaryIO, most_octets: int) -> None:
        self._writer = dpkt.pcap.Writer(file, snaplen=_SNAP_OCTETS, linktype=_RAW_LINK, nano=True)
        self._room = most_octets
        self.datagrams = 0
        self.left_out = 0

    @property
    def full(self) -> bool:
        """Whether the file has its size."""
        return self.left_out > 0

    def add(self, datagram: Datagram) -> None:
        """Write one datagram, unless it has no room."""
        octets = len(datagram.payload) + _HEADERS_OCTETS
        if octets > self._room:
            self.left_out += 1
            return
        self._room -= octets
        self.datagrams += 1
        # A Decimal: a float has no nanoseconds of our days.
        at = Decimal(datagram.received_at_ns) / 1_000_000_000
        self._writer.writepkt_time(packet_of(datagram), at)


def packet_of(datagram: Datagram) -> bytes:
    """IP and UDP headers before a payload, with their checksums.

    Args:
        datagram: The address that it came to is not known: ``0.0.0.0`` or ``::`` stands for it.
    """
    udp = dpkt.udp.UDP(sport=datagram.port, dport=datagram.local_port, data=datagram.payload)
    udp.ulen = len(udp)
    if datagram.exporter.startswith(_V4_IN_V6):
        address = datagram.exporter[len(_V4_IN_V6) :]
        four = dpkt.ip.IP(src=address, dst=bytes(4), p=_UDP, ttl=_HOPS, data=udp)
        four.len = len(four)
        return bytes(four)
    six = dpkt.ip6.IP6(src=datagram.exporter, dst=bytes(16), nxt=_UDP, hlim=_HOPS, data=udp)
    six.plen = len(udp)
    return bytes(six)
