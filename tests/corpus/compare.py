"""Compare our records with an oracle's, field by field."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from tests.corpus.main_fields import FIELDS, Main, Time

Same = Callable[[str, Any, Any], bool]


def tshark_same(field: str, ours: Any, theirs: Any) -> bool:  # noqa: ARG001 - one form for all
    """A tshark time does not round NTP fractions: a unit of the element's precision is allowed."""
    if isinstance(ours, Time) and isinstance(theirs, Time):
        allowed = ours.unit_ns if ours.unit_ns <= 1000 else 0
        return abs(ours.ns - theirs.ns) <= allowed
    return bool(ours == theirs)


def nfdump_same(field: str, ours: Any, theirs: Any) -> bool:
    """Zero stands for absent; times are nfdump's own only where they are milliseconds."""
    if field in {"start", "end"}:
        if not isinstance(ours, Time) or ours.unit_ns != 1_000_000:
            return True
        return bool(isinstance(theirs, Time) and ours.ns == theirs.ns)
    if field.endswith("uptime"):
        return True
    if field in {"sport", "dport"} and theirs is None:
        return True  # ICMP: type and code stand in their place
    return bool((ours or 0) == (theirs or 0))


def ipfixdump_same(field: str, ours: Any, theirs: Any) -> bool:  # noqa: ARG001 - one form for all
    """An ipfixDump time lacks the fraction of micro- and nanoseconds."""
    if isinstance(ours, Time) and isinstance(theirs, Time):
        unit = 10**9 if ours.unit_ns < 1_000_000 else 1
        return ours.ns // unit == theirs.ns // unit
    return bool(ours == theirs)


def differing(ours: Sequence[Main], theirs: Sequence[Main], same: Same) -> dict[str, int]:
    """In how many records each field differs; both in wire order and equally many."""
    counts = Counter(
        field
        for mine, other in zip(ours, theirs, strict=True)
        for field in FIELDS
        if not same(field, mine.get(field), other.get(field))
    )
    return dict(counts)


def without_extra(ours: Sequence[Main], theirs: Sequence[Main], same: Same) -> list[Main]:
    """Ours without those that the oracle does not have: what is left must be theirs, in order."""
    kept: list[Main] = []
    rest = iter(ours)
    for other in theirs:
        for mine in rest:
            if all(same(field, mine.get(field), other.get(field)) for field in FIELDS):
                kept.append(mine)
                break
    return kept
