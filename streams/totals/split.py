"""A flow over the minutes that it lasted: by time, in whole octets, exact in sum."""

from collections.abc import Sequence
from typing import NamedTuple

MINUTE_NS = 60_000_000_000


class Share(NamedTuple):
    """What a flow has in one minute.

    Attributes:
        minute: Since 1970-01-01T00:00Z.
        octets: Of the flow's.
        packets: Of the flow's.
        first_ns: When its part of the minute begins.
        last_ns: When that ends.
    """

    minute: int
    octets: int
    packets: int
    first_ns: int
    last_ns: int


def minutes_of(start_ns: int, end_ns: int) -> tuple[int, int]:
    """Return the first and the last minute of a flow.

    A flow that ends where a minute begins has no time in that minute, unless it begins there too.
    """
    first = start_ns // MINUTE_NS
    return first, first if end_ns == start_ns else (end_ns - 1) // MINUTE_NS


def apportion(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount by weights so that the parts add up to it (largest remainder).

    Args:
        amount: Not negative.
        weights: Positive, at least one.

    Returns:
        A part for each weight; between equal remainders the earlier one gets more.
    """
    whole = sum(weights)
    parts, remainders = [], []
    for weight in weights:
        part, remainder = divmod(amount * weight, whole)
        parts.append(part)
        remainders.append(remainder)
    left = amount - sum(parts)
    if left:
        order = sorted(range(len(parts)), key=lambda index: (-remainders[index], index))
        for index in order[:left]:
            parts[index] += 1
    return parts


def split(start_ns: int, end_ns: int, octets: int, packets: int) -> list[Share]:
    """Return what a flow has in each of its minutes, in order.

    Args:
        start_ns: First packet.
        end_ns: Last packet; not before the first.
        octets: Of the flow.
        packets: Of the flow.
    """
    first, last = minutes_of(start_ns, end_ns)
    if first == last:
        return [Share(first, octets, packets, start_ns, end_ns)]
    edges = [start_ns, *(each * MINUTE_NS for each in range(first + 1, last + 1)), end_ns]
    weights = [edges[index + 1] - edges[index] for index in range(last - first + 1)]
    return [
        Share(first + index, *parts, edges[index], edges[index + 1])
        for index, parts in enumerate(
            zip(apportion(octets, weights), apportion(packets, weights), strict=True)
        )
    ]
