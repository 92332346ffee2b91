"""What must be known at a committed offset beside the totals: it stands in the commit's metadata.

Kafka keeps 4,096 octets of text with each offset, written in one step with it.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Final, NamedTuple

from streams.totals.lanes import PREFIX, LaneMark, Rules

MOST_LANES: Final = 128
"""Partitions of ``raw`` whose lanes fit into the metadata, were each at its longest."""

_FORM: Final = 1


class Snapshot(NamedTuple):
    """A partition of ``netflow`` at an offset.

    Attributes:
        offset: The next record's.
        rules: By which the records before it were counted.
        clock: Newest minute of receipt.
        base_floor: Where lanes begin that are not heard of yet.
        output_from: Offset on ``netflow-1m`` from which all stands that may be revised.
        lanes: Heard of.
    """

    offset: int
    rules: Rules
    clock: int
    base_floor: int
    output_from: int
    lanes: tuple[LaneMark, ...]


def encode(snapshot: Snapshot) -> str:
    """Return the metadata; the offset itself is the commit's."""
    out = bytearray([_FORM])
    for number in snapshot.rules:
        _put(out, number)
    _put(out, snapshot.clock + 1)
    _put(out, snapshot.base_floor + 1)
    _put(out, snapshot.output_from)
    incarnations = sorted({lane.key[:8] for lane in snapshot.lanes})
    _put(out, len(incarnations))
    for each in incarnations:
        out += bytes.fromhex(each.decode())
    _put(out, len(snapshot.lanes))
    for lane in snapshot.lanes:
        _put(out, incarnations.index(lane.key[:8]))
        _put(out, int(lane.key[9:], 16))
        _put_position(out, lane)
        _put(out, lane.longest)
        _put(out, lane.before)
        # clocks of lanes are close to each other; a floor is below its clock, or the minute behind
        _put(out, _folded(snapshot.clock - lane.clock))
        _put(out, _folded(lane.clock - lane.floor))
        _put(out, _folded(snapshot.clock - lane.heard))
    return base64.b85encode(bytes(out)).decode()


def decode(offset: int, metadata: str) -> Snapshot:
    """Read the metadata of a committed offset.

    Raises:
        ValueError: It is none of ours: somebody else committed.
    """
    try:
        octets = base64.b85decode(metadata)
    except (ValueError, binascii.Error) as error:
        raise ValueError("not base85") from error
    if not octets or octets[0] != _FORM:
        raise ValueError("of another form")
    numbers = _numbers(octets, 1)
    try:
        rules = Rules(next(numbers)[0], next(numbers)[0], next(numbers)[0])
        clock, base_floor = next(numbers)[0] - 1, next(numbers)[0] - 1
        output_from = next(numbers)[0]
        count, at = next(numbers)
        ends = range(at + 4, min(at + 4 * count, len(octets)) + 1, 4)
        incarnations = [octets[end - 4 : end].hex() for end in ends]
        numbers = _numbers(octets, at + 4 * count)
        lanes = tuple(_lane(numbers, incarnations, clock) for _ in range(next(numbers)[0]))
    except (StopIteration, RuntimeError, IndexError) as error:
        raise ValueError("cut short") from error
    return Snapshot(offset, rules, clock, base_floor, output_from, lanes)


def _lane(numbers: Iterator[tuple[int, int]], incarnations: list[str], clock: int) -> LaneMark:
    key = f"{incarnations[next(numbers)[0]]}-{next(numbers)[0]:04x}"
    position = _position(numbers, key)
    longest, before = next(numbers)[0], next(numbers)[0]
    own = clock - _unfolded(next(numbers)[0])
    floor = own - _unfolded(next(numbers)[0])
    heard = clock - _unfolded(next(numbers)[0])
    return LaneMark(key.encode(), position, own, floor, longest, before, heard)


def _put_position(out: bytearray, lane: LaneMark) -> None:
    """A position is a datagram's coordinates (31 octets) and then a record id."""
    prefix, record = lane.position[:PREFIX], lane.position[PREFIX:]
    fields = [int(each, 16) for each in record.decode().split("-")[2:]]
    same = record.startswith(prefix)
    _put(out, len(fields) * 2 + same)
    for each in fields:
        _put(out, each)
    if not same:
        for part in prefix.decode().split("-")[2:]:
            _put(out, int(part, 16))


def _position(numbers: Iterator[tuple[int, int]], key: str) -> bytes:
    count, same = divmod(next(numbers)[0], 2)
    if not count:
        return b""
    offset, *rest = (next(numbers)[0] for _ in range(count))
    record = "-".join([key, f"{offset:012x}", *(f"{each:04x}" for each in rest)])
    if same:
        return (record[:PREFIX] + record).encode()
    return f"{key}-{next(numbers)[0]:012x}-{next(numbers)[0]:04x}{record}".encode()


def _folded(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _unfolded(number: int) -> int:
    return number // 2 if number % 2 == 0 else -(number + 1) // 2


def _put(out: bytearray, number: int) -> None:
    """Seven bits an octet, the lowest first."""
    while number > 0x7F:  # noqa: PLR2004
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _numbers(octets: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Each number, and where the next one begins."""
    number = shift = 0
    for index in range(at, len(octets)):
        octet = octets[index]
        number |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:  # noqa: PLR2004
            yield number, index + 1
            number = shift = 0
