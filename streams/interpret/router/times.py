"""Times of router flows, all to nanoseconds since 1970, UTC."""

from streams.interpret.router.model import RouterMessage

MS_NS = 1_000_000
US_NS = 1_000

UPTIME_MASK = (1 << 32) - 1
"""sysUpTime has 32 bits of milliseconds: it wraps after 49.7 days (RFC 3954, 5.1)."""

AHEAD_MS = 1 << 31
"""Of the two times that an uptime can mean the one nearer to the export counts, in the manner of
RFC 1982: a flow up to 24.8 days old is dated well on both sides of a wrap, and one that is ahead of
the Exporter's own uptime (real devices are, by milliseconds) stays visibly ahead."""


def first_uptime(uptime_ms: int) -> int:
    """Return the earliest uptime that a 32-bit value can mean, milliseconds since boot.

    Negative right after a wrap. A value ``v`` means ``first + ((v - first) & UPTIME_MASK)``. An
    export long before the boot says nothing: uptimes then count from the boot, as defined.

    Args:
        uptime_ms: sysUpTime at the Export Time; any number of bits, negative before the boot.
    """
    if uptime_ms < -AHEAD_MS:
        return 0
    return uptime_ms + AHEAD_MS - UPTIME_MASK


def by_uptime(value: int, message: RouterMessage) -> int:
    """Return the time of flowStartSysUpTime or flowEndSysUpTime (RFC 7012: 22, 21).

    Args:
        value: Milliseconds, 32 bits.
        message: With a known uptime.
    """
    since = (value - message.first_uptime) & UPTIME_MASK
    return message.first_uptime_ns + since * MS_NS


def by_init_time(value: int, init_ms: int, message: RouterMessage) -> int:
    """The same, where the record itself has systemInitTimeMilliseconds (160).

    Args:
        value: Milliseconds, 32 bits.
        init_ms: Milliseconds since 1970.
        message: For the Export Time, which says how often the uptime has wrapped.
    """
    first = first_uptime(message.export_ns // MS_NS - init_ms)
    return (init_ms + first + ((value - first) & UPTIME_MASK)) * MS_NS


def by_delta(value: int, message: RouterMessage) -> int:
    """Return the time of flowStart- or flowEndDeltaMicroseconds (158, 159): before the export."""
    return message.export_ns - value * US_NS
