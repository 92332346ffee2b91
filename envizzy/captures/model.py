"""What a capture file gives, and what was left out on the way."""

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Format(StrEnum):
    """How the octets of a file are to be read; told from its content (``formats.tell``)."""

    PCAP = "pcap"
    PCAPNG = "pcapng"
    HEX = "hex"
    IPFIX = "ipfix"
    RAW = "raw"


class CaptureError(Exception):
    """A file that cannot be read; one line that names it, the place and what would be right."""


class Captured(NamedTuple):
    """One UDP payload, or one Message of an IPFIX file.

    Attributes:
        exporter: Source address, 16 octets (IPv4 as ``::ffff:a.b.c.d``); None where the file has
            none.
        port: Source port; 0 where the file has none.
        local_port: Destination port; 0 where the file has none.
        time_ns: When it was captured (of a fragmented one its last fragment), nanoseconds since
            1970-01-01T00:00:00Z; 0 where the file has none.
        payload: The octets, unread.
        stream: Whether it comes from an IPFIX file: there withdrawals count (RFC 7011, 8.1), over
            UDP not (8.4).
    """

    exporter: bytes | None
    port: int
    local_port: int
    time_ns: int
    payload: bytes
    stream: bool = False


class Skipped(StrEnum):
    """Why a packet of a capture gave no datagram."""

    OTHER_PORT = "to another port"
    NOT_UDP = "not UDP over IP"
    LINK_TYPE = "of a link type that is not supported"
    DAMAGED = "damaged"
    INCOMPLETE = "fragmented, a fragment missing"
    SHORT = "cut by the capture's snap length (decoded as far as they go)"
    CUT_FILE = "lost: the file ends within a packet"


@dataclass(slots=True)
class Tally:
    """Counts what reading left out, so that nothing goes missing unsaid.

    Attributes:
        datagrams: Handed out.
        skipped: By reason.
        link_types: Numbers of link types that were met and are not supported.
        empty: Files that gave no datagram, each with what it had instead.
    """

    datagrams: int = 0
    skipped: Counter[Skipped] = field(default_factory=Counter)
    link_types: set[int] = field(default_factory=set)
    empty: list[tuple[str, Counter[Skipped]]] = field(default_factory=list)

    def notes(self) -> list[str]:
        """What a user must be told: losses, and files that had nothing but something else."""
        loud = set(Skipped) - _QUIET
        empty = [
            ", ".join((f"{name}: no datagram", *_counted(skipped, _QUIET)))
            for name, skipped in self.empty
            if not _counted(skipped, loud)
        ]
        return empty + _counted(self.skipped, loud)


_QUIET = frozenset({Skipped.OTHER_PORT, Skipped.NOT_UDP})
"""Packets that simply are something else."""


def _counted(skipped: Counter[Skipped], reasons: AbstractSet[Skipped]) -> list[str]:
    return [
        f"{count} {'packet' if count == 1 else 'packets'} {why}"
        for why, count in skipped.items()
        if count and why in reasons
    ]
