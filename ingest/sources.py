"""Who sends: octets and partition of an address, the lists, the watch for hidden sources."""

import ipaddress
from collections.abc import Sequence
from typing import NamedTuple

from schemas.addresses import exporter_octets, exporter_text, raw_partition
from schemas.datagram import Transport
from schemas.raw_batch import encode_source

MAX_SESSIONS = 131_072
"""Sessions that are remembered within an hour (about 30 MB); then all are forgotten and found
again."""

HOUR_NS = 3_600_000_000_000
"""The time in which the sessions of an address are counted."""

DENIED = -1
"""In place of a partition, for an address that the lists refuse."""

Peer = tuple[str, int] | tuple[str, int, int, int]
"""A source as the socket gives it; address and port are the first two."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Source(NamedTuple):
    """What is known of a session's source.

    Attributes:
        encoded: What all its datagrams share in ``raw`` (``schemas.raw_batch.encode_source``).
        partition: Of ``raw``; ``DENIED`` if the lists refuse it.
    """

    encoded: bytes
    partition: int


class Sources:
    """Sources by session (address and port), for an hour.

    Attributes:
        hidden: Addresses found, in this hour, with more sessions than one exporter has.
    """

    def __init__(
        self, partitions: int, allow: Sequence[str], deny: Sequence[str], sessions: int
    ) -> None:
        """Take the lists.

        Args:
            partitions: Of ``raw``.
            allow: Networks; none: all.
            deny: Networks.
            sessions: Per address and hour; more are a warning; 0: no warning.
        """
        self._known: dict[int, dict[Peer, Source]] = {}
        self._count = 0
        self.hidden: list[str] = []
        self._partitions = partitions
        self._allow = [ipaddress.ip_network(each) for each in allow]
        self._deny = [ipaddress.ip_network(each) for each in deny]
        self._sessions = sessions
        self._per_address: dict[bytes, int] = {}
        self._hour_ns: int | None = None

    @property
    def count(self) -> int:
        """Sessions that are remembered."""
        return self._count

    def known(self, local_port: int) -> dict[Peer, Source]:
        """The sessions at a port, looked up for each datagram; ``learn`` fills it."""
        return self._known.setdefault(local_port, {})

    def learn(self, peer: Peer, local_port: int) -> Source:
        """Work out what the datagrams of a session share, and count the session."""
        if self._count >= MAX_SESSIONS:
            self.forget()
        self._count += 1
        exporter = exporter_octets(peer[0])
        allowed = self._is_allowed(exporter)
        partition = raw_partition(exporter, self._partitions) if allowed else DENIED
        encoded = encode_source(exporter, peer[1], local_port, Transport.UDP, None)
        source = self.known(local_port)[peer] = Source(encoded, partition)
        count = self._per_address[exporter] = self._per_address.get(exporter, 0) + 1
        if self._sessions and count == self._sessions + 1:
            self.hidden.append(exporter_text(exporter))
        return source

    def pass_time(self, now_ns: int) -> None:
        """Begin to count anew when an hour is over."""
        if self._hour_ns is None or not 0 <= now_ns - self._hour_ns < HOUR_NS:
            self._hour_ns = now_ns
            self.forget()

    def forget(self) -> None:
        """Drop all sessions and counts."""
        for known in self._known.values():
            known.clear()  # the dictionary itself stays: the receive loop holds it
        self._count = 0
        self._per_address.clear()

    def _is_allowed(self, exporter: bytes) -> bool:
        address = ipaddress.ip_address(exporter_text(exporter))
        if any(address in network for network in self._deny):
            return False
        return not self._allow or any(address in network for network in self._allow)
