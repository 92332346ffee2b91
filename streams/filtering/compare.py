"""How the conditions of two rules stand to each other: one within the other, or apart.

Both answers are careful: True only where it is certain, for any value that a record may have.
"""

from ipaddress import ip_network

from schemas.field_keys import ValueForm
from schemas.policy import FilterPair, FilterRule, Test
from streams.filtering.index import passes


def is_covered(rule: FilterRule, wider: FilterRule, forms: dict[str, ValueForm]) -> bool:
    """Whether every flow that matches a rule also matches the wider one."""
    pairs = {pair.key: pair for pair in rule.pairs}
    return all(
        other.key in pairs and _implies(pairs[other.key], other, forms.get(other.key) == "list")
        for other in wider.pairs
    )


def are_apart(one: FilterRule, other: FilterRule, forms: dict[str, ValueForm]) -> bool:
    """Whether no flow can match both rules."""
    pairs = {pair.key: pair for pair in one.pairs}
    return any(
        pair.key in pairs and _are_apart(pairs[pair.key], pair, forms.get(pair.key) == "list")
        for pair in other.pairs
    )


def is_empty(pair: FilterPair) -> bool:
    """Whether no value can be as the pair wants it."""
    return any(
        all(any(_within(test, other) for other in pair.excluded) for test in clause)
        for clause in pair.clauses
    ) or any(
        all(_tests_apart(a, b) for a in one for b in other)
        for index, one in enumerate(pair.clauses)
        for other in pair.clauses[index + 1 :]
    )


def _implies(pair: FilterPair, wider: FilterPair, is_list: bool) -> bool:
    if pair.absent or wider.absent:
        return pair.absent and wider.absent
    clauses = all(
        any(all(any(_within(t, w) for w in wanted) for t in clause) for clause in pair.clauses)
        for wanted in wider.clauses
    )
    if is_list and len(wider.clauses) > 1:
        clauses = pair.clauses == wider.clauses  # one member must be all of it
    return clauses and all(
        any(_within(test, other) for other in pair.excluded)
        or (not is_list and any(all(_tests_apart(t, test) for t in c) for c in pair.clauses))
        for test in wider.excluded
    )


def _are_apart(one: FilterPair, other: FilterPair, is_list: bool) -> bool:
    if one.absent or other.absent:
        return one.absent != other.absent
    if is_list:  # another member may be what the other wants
        return _excludes(one, other) or _excludes(other, one)
    return (
        any(
            all(_tests_apart(a, b) for a in clause for b in wanted)
            for clause in one.clauses
            for wanted in other.clauses
        )
        or _excludes(one, other)
        or _excludes(other, one)
    )


def _excludes(one: FilterPair, other: FilterPair) -> bool:
    """Whether one forbids all that a clause of the other wants."""
    return any(
        all(any(_within(test, unwanted) for unwanted in one.excluded) for test in clause)
        for clause in other.clauses
    )


def _within(test: Test, wider: Test) -> bool:  # noqa: PLR0911 - a case for each pair of kinds
    """Whether whatever passes a test passes the wider one."""
    if test == wider:
        return True
    if test.fold and not wider.fold:
        return False
    if test.kind == "equal":
        return passes(wider, test.value)
    if test.kind == "range" and wider.kind == "range":
        (first, last), (low, high) = _ends(test), _ends(wider)
        return low <= first and last <= high
    if test.kind == "cidr" and wider.kind == "cidr":
        inner, outer = ip_network(str(test.value)), ip_network(str(wider.value))
        return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type] # same version
    text, wanted = _text(test, wider), _text(wider, wider)
    if test.kind == wider.kind == "prefix":
        return text.startswith(wanted)
    if test.kind == wider.kind == "suffix":
        return text.endswith(wanted)
    if wider.kind == "prefix":
        return not wanted  # "*": whatever it is
    return (
        wider.kind == "contains"
        and test.kind in {"prefix", "suffix", "contains"}
        and (wanted in text)
    )


def _text(test: Test, like: Test) -> str:
    text = str(test.value)
    return text.casefold() if like.fold else text


def _ends(test: Test) -> tuple[int, int]:
    return test.value if isinstance(test.value, tuple) else (0, -1)


def _tests_apart(one: Test, other: Test) -> bool:  # noqa: PLR0911 - a case for each pair of kinds
    """Whether no value passes both tests."""
    if one.kind == "equal" and not one.fold:
        return not passes(other, one.value)
    if other.kind == "equal" and not other.fold:
        return not passes(one, other.value)
    if one.kind == other.kind == "range":
        (first, last), (low, high) = _ends(one), _ends(other)
        return last < low or high < first
    if one.kind == other.kind == "cidr":
        return not ip_network(str(one.value)).overlaps(ip_network(str(other.value)))
    if one.kind == other.kind and one.kind in {"prefix", "suffix"}:
        a, b = _text(one, other), _text(other, one)
        if one.kind == "prefix":
            return not a.startswith(b) and not b.startswith(a)
        return not a.endswith(b) and not b.endswith(a)
    return False
