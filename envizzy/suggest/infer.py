"""Which column is which field: the assignment that most speaks for, and how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from envizzy.suggest.column import Column
from envizzy.suggest.evidence import READERS, Beside, Point
from envizzy.suggest.samples import Identity, Observed, Shape
from streams.wire.model import VARIABLE_LENGTH

ORDER: Final = (
    *("pr", "sa", "sa6", "sp", "da", "da6", "dp", "fd", "fss", "fes", "hh", "hm", "ht", "udid"),
    *("liuid", "liuat", "pa", "puat", "pn", "ph", "ppa", "ppuat", "ppn", "pph", "ibc", "obc"),
    *("ds", "dh", "iid", "mnl", "mhl", "fsms", "fems", "pid", "ppath", "parg", "ppid", "pppath"),
    *("pparg", "aliul", "pil", "ppil", "fsg", "puid", "eveuuid"),
)
"""Of the fields of a real v9 line, which in v3 is that of the Template."""

SURE_POINTS, SURE_MARGIN, SURE_SAMPLES = 7.0, 3.0, 20
LIKELY_POINTS, LIKELY_MARGIN = 4.0, 1.0
LEAST_POINTS = 1.0

_LETTER = {"endpoint": "E", "flow": "F", "interface": "I"}
_ORDER_POINTS = 1.5
_FOLLOWED = 0.9
_ENOUGH = 4


class Confidence(StrEnum):
    """How sure a proposal is."""

    SURE = "sure"
    """The values say so, and nothing else comes near."""
    LIKELY = "likely"
    """The values allow it, and it is the best that fits."""
    GUESS = "guess"
    """Little more than its place."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an element may be.

    Attributes:
        identity: Enterprise number and element id.
        length: In the Template; 65535 for variable.
        key: Field key; empty where nothing fits.
        confidence: None where nothing fits.
        reasons: What speaks for it.
        column: Its values.
        inner: Of a list: the element of its members.
    """

    identity: Identity
    length: int
    key: str
    confidence: Confidence | None
    reasons: tuple[str, ...]
    column: Column
    inner: Identity | None = None


Scores = dict[tuple[int, str], list[Point]]


def propose(observed: Observed, taken: frozenset[str] = frozenset()) -> list[Proposal]:
    """Propose a field for each unknown element.

    Args:
        observed: Templates and records.
        taken: Keys that are mapped already.

    Returns:
        One for each element of enterprise 9 that no table names, in wire order.
    """
    columns = [
        Column(identity, length, observed.samples) for identity, length in observed.unknown()
    ]
    kinds = _kinds(observed)
    keys = [key for key in READERS if key not in taken]
    scores = _scores(columns, kinds, keys, Beside())
    first = _assign(scores, len(columns))
    # What processes are is known now: arguments and parents can be told by it.
    by_key = {key: columns[index] for index, key in first.items()}
    beside = Beside(by_key.get("pid"), by_key.get("ppid"))
    scores = _scores(columns, kinds, keys, beside)
    _add_order(scores, columns, observed.shapes)
    chosen = _assign(scores, len(columns))
    return [
        _proposal(index, column, chosen.get(index, ""), scores, chosen)
        for index, column in enumerate(columns)
    ]


def _kinds(observed: Observed) -> Mapping[Identity, str]:
    """The letters of the records that each element occurs in, by Templates."""
    found: dict[Identity, str] = {}
    for shape in observed.shapes:
        for enterprise, element, _ in shape.fields:
            letters = found.get((enterprise, element), "")
            letter = _LETTER[shape.kind]
            found[enterprise, element] = letters if letter in letters else letters + letter
    return found


def _scores(
    columns: Sequence[Column],
    kinds: Mapping[Identity, str],
    keys: Sequence[str],
    beside: Beside,
) -> Scores:
    scores: Scores = {}
    for index, column in enumerate(columns):
        for key in keys:
            letters, reader = READERS[key]
            if column.samples and set(kinds[column.identity]) <= set(letters):
                points = reader(column, beside)
                if points:
                    scores[index, key] = points
    return scores


def _total(points: Sequence[Point]) -> float:
    return sum(point.points for point in points)


def _assign(scores: Scores, count: int) -> dict[int, str]:
    """Choose so that the points of all together are most: an exchange that gains is made."""
    totals = {pair: _total(points) for pair, points in scores.items()}
    chosen: dict[int, str] = {}
    for index, key in sorted(totals, key=lambda pair: -totals[pair]):
        if index not in chosen and key not in chosen.values() and totals[index, key] > 0:
            chosen[index] = key
    for _ in range(count):
        if not _exchange(chosen, totals, count):
            break
    return chosen


def _exchange(chosen: dict[int, str], totals: Mapping[tuple[int, str], float], count: int) -> bool:
    for one in range(count):
        for other in range(one + 1, count):
            here, there = chosen.get(one), chosen.get(other)
            before = _of(totals, one, here) + _of(totals, other, there)
            if _of(totals, one, there) + _of(totals, other, here) > before:
                for index, key in ((one, there), (other, here)):
                    chosen.pop(index, None)
                    if key is not None:
                        chosen[index] = key
                return True
    return False


def _of(totals: Mapping[tuple[int, str], float], index: int, key: str | None) -> float:
    """The points of a pair; what nothing speaks for is not chosen."""
    return 0.0 if key is None else totals.get((index, key), -100.0)


def _add_order(scores: Scores, columns: Sequence[Column], shapes: Sequence[Shape]) -> None:
    """Let the place speak where the Template follows the order of the line in what is known."""
    for shape in shapes:
        if shape.kind != "flow":
            continue
        places = {(e, i): at for at, (e, i, _) in enumerate(shape.fields)}
        told = {key: at for at, key in enumerate(shape.keys) if key in ORDER}
        sure = _sure_of(scores, len(columns))
        told |= {
            key: places[columns[index].identity]
            for index, key in sure.items()
            if key in ORDER and columns[index].identity in places
        }
        if not _follows(told, sure.values()):
            continue
        for (index, key), points in scores.items():
            at = places.get(columns[index].identity)
            if at is None or key not in ORDER or sure.get(index) == key:
                continue
            if any(point.reason.startswith("stands where") for point in points):
                continue
            rank = ORDER.index(key)
            others = [(ORDER.index(name), place) for name, place in told.items() if name != key]
            if all((place < at) == (before < rank) for before, place in others):
                points.append(Point(_ORDER_POINTS, "stands where the v9 line has it"))


def _sure_of(scores: Scores, count: int) -> dict[int, str]:
    chosen = _assign(scores, count)
    return {
        index: key
        for index, key in chosen.items()
        if _total(scores[index, key]) >= SURE_POINTS
        and _margin(index, key, scores, chosen) >= SURE_MARGIN
    }


def _follows(told: Mapping[str, int], found: object) -> bool:
    """Whether the unknown fields found so far stand in the order of the line."""
    keys = [key for key in ORDER if key in told and key in set(found)]  # type: ignore[call-overload] # values of a dict
    if len(keys) < _ENOUGH:
        return False
    right = sum(told[a] < told[b] for a, b in pairwise(keys))
    return right >= _FOLLOWED * (len(keys) - 1)


def _margin(index: int, key: str, scores: Scores, chosen: Mapping[int, str]) -> float:
    """How much worse the best other choice would be."""
    mine = _total(scores[index, key])
    losses = [mine]
    owners = {name: owner for owner, name in chosen.items()}
    for (other, name), points in scores.items():
        value = _total(points)
        if other == index and name != key:
            owner = owners.get(name)
            if owner is None:
                losses.append(mine - value)
                continue
            theirs = _total(scores[owner, name])
            back = _total(scores[owner, key]) if (owner, key) in scores else 0.0
            losses.append(mine + theirs - value - back)
        elif name == key and other != index:
            theirs = _total(scores[other, chosen[other]]) if other in chosen else 0.0
            losses.append(mine + theirs - value)
    return min(losses)


def _proposal(
    index: int, column: Column, key: str, scores: Scores, chosen: Mapping[int, str]
) -> Proposal:
    points = scores.get((index, key), [])
    total = _total(points)
    if not key or total < LEAST_POINTS:
        reasons = ("no record has it yet",) if not column.samples else ("nothing fits it",)
        return Proposal(column.identity, column.length, "", None, reasons, column)
    margin = _margin(index, key, scores, chosen)
    inner = column.lists[0].inner if column.lists else None
    return Proposal(
        column.identity,
        column.length,
        key,
        _confidence(total, margin, len(column.samples)),
        tuple(point.reason for point in points),
        column,
        inner,
    )


def _confidence(total: float, margin: float, samples: int) -> Confidence:
    if total >= SURE_POINTS and margin >= SURE_MARGIN and samples >= SURE_SAMPLES:
        return Confidence.SURE
    if total >= LIKELY_POINTS and margin >= LIKELY_MARGIN:
        return Confidence.LIKELY
    return Confidence.GUESS


def data_type(proposal: Proposal) -> str:
    """The abstract data type that a proposal's octets have."""
    if proposal.column.lists:
        return "basicList"
    if proposal.length == VARIABLE_LENGTH:
        return "string" if proposal.column.texts else "octetArray"
    return {1: "unsigned8", 2: "unsigned16", 4: "unsigned32", 8: "unsigned64"}.get(
        proposal.length, "octetArray"
    )
