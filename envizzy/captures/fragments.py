"""Join the fragments of IP packets (RFC 791, 3.2; RFC 8200, 4.5).

Own code: dpkt has none. Fragments may come in any order; the same one twice is no harm; ones that
overlap make the packet
void (RFC 5722, 4), since no honest sender makes them.
"""

from dataclasses import dataclass, field

from envizzy.captures.frames import IpPacket
from envizzy.captures.model import Skipped, Tally

WAIT_NS = 60_000_000_000
"""How long fragments wait for the others, by the capture's clock (RFC 8200, 4.5)."""

WAITING = 4096
"""Packets whose fragments wait at one time; the oldest goes first. 256 MiB at worst."""

_LARGEST = 65535

_Key = tuple[bytes, bytes, int, int]


@dataclass(slots=True)
class _Pieces:
    since_ns: int
    parts: dict[int, bytes] = field(default_factory=dict)
    total: int | None = None
    missing: int = 0


class Joiner:
    """Collects fragments; gives whole packets back."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._waiting: dict[_Key, _Pieces] = {}

    def join(self, packet: IpPacket, time_ns: int) -> IpPacket | None:
        """Return the whole packet, once nothing of it is missing; an unfragmented one at once."""
        if not packet.offset and not packet.more:
            return packet
        self._forget(time_ns)
        key = (packet.source, packet.destination, packet.protocol, packet.identification)
        pieces = self._waiting.setdefault(key, _Pieces(time_ns))
        if not self._add(pieces, packet):
            del self._waiting[key]
            self._tally.skipped[Skipped.DAMAGED] += 1
            return None
        payload = _whole(pieces)
        if payload is None:
            return None
        del self._waiting[key]
        return packet._replace(offset=0, more=False, payload=payload, missing=pieces.missing)

    def finish(self) -> None:
        """The capture is over: what still waits is counted as incomplete."""
        self._tally.skipped[Skipped.INCOMPLETE] += len(self._waiting)
        self._waiting.clear()

    def _forget(self, now_ns: int) -> None:
        while self._waiting:
            key, oldest = next(iter(self._waiting.items()))
            if len(self._waiting) < WAITING and now_ns - oldest.since_ns <= WAIT_NS:
                return
            del self._waiting[key]
            self._tally.skipped[Skipped.INCOMPLETE] += 1

    @staticmethod
    def _add(pieces: _Pieces, packet: IpPacket) -> bool:
        """Put a fragment in its place; False where it contradicts what is there."""
        start, end = packet.offset, packet.offset + len(packet.payload)
        if end > _LARGEST or (packet.more and not packet.payload):
            return False
        if pieces.parts.get(start) == packet.payload:
            return True
        if any(start < at + len(part) and at < end for at, part in pieces.parts.items()):
            return False
        pieces.parts[start] = packet.payload
        pieces.missing += packet.missing
        if not packet.more:
            if pieces.total not in (None, end):
                return False
            pieces.total = end
        return pieces.total is None or end <= pieces.total


def _whole(pieces: _Pieces) -> bytes | None:
    if pieces.total is None or sum(map(len, pieces.parts.values())) != pieces.total:
        return None
    return b"".join(pieces.parts[start] for start in sorted(pieces.parts))
