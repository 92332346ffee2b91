"""A compiled filter policy.

Rules are not tried one after the other: those of one exact value are a set for each key, those of
one beginning a tuple for ``str.startswith``, and the others are found by the value of one of their
keys. So the cost of a flow grows with the number of keys in the policy, hardly with its rules.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.field_keys import FieldKeys, ValueForm
from schemas.policy import WILDCARD, FilterPolicy, FilterRule
from streams.filtering.check import check

Record = Mapping[str, Any]
"""An output record before it is rendered: numbers are int, lists are list."""

_Test = Callable[[Record], bool]
_Pair = tuple[str, int | str]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is kept.

    Attributes:
        keeps: Whether a flow record is kept; pure, never raises.
        form: The checked policy, for people.
    """

    keeps: _Test
    form: FilterPolicy


def compile_policy(policy: object, keys: FieldKeys) -> Policy:
    """Check a policy and make its test.

    A pair matches where the record has the key and its value is equal; with ``*`` behind it, where
    it begins so. A list matches where one of its members does. Numbers are equal whether written
    ``53`` or ``"53"``; hex is compared without regard to case, text with.

    Args:
        policy: As JSON gives it; None keeps all.
        keys: What a rule may name.

    Raises:
        PolicyError: The policy is wrong; the text names the place and what is allowed.
    """
    form = FilterPolicy() if policy is None else check(policy, keys)
    forms = keys.flow_keys()
    included = _any_of(form.include, forms) if form.include else None
    excluded = _any_of(form.exclude, forms) if form.exclude else None
    return Policy(_careful(_combined(included, excluded), forms), form)


def _combined(included: _Test | None, excluded: _Test | None) -> _Test:
    if included is None:
        return _everything if excluded is None else _negated(excluded)
    return included if excluded is None else _first_but_not(included, excluded)


def _everything(_: Record) -> bool:
    return True


def _negated(excluded: _Test) -> _Test:
    return lambda record: not excluded(record)


def _first_but_not(included: _Test, excluded: _Test) -> _Test:
    return lambda record: included(record) and not excluded(record)


def _careful(keeps: _Test, forms: Mapping[str, ValueForm]) -> _Test:
    """Guard against values of another type than the key's, which a site's elements can bring."""

    def test(record: Record) -> bool:
        try:
            return keeps(record)
        except (TypeError, AttributeError):
            return keeps(_well_formed(record, forms))

    return test


def _well_formed(record: Record, forms: Mapping[str, ValueForm]) -> Record:
    """Leave out what has not the form of its key; such a value matches nothing."""
    types: dict[str, type] = {"number": int, "list": list}
    return {
        key: value
        for key, value in record.items()
        if isinstance(value, types.get(forms.get(key, ""), str))
    }


def _any_of(rules: Sequence[FilterRule], forms: Mapping[str, ValueForm]) -> _Test:
    """Make the test that one of the rules matches."""
    equal: dict[str, set[int | str]] = {}
    begins: dict[str, set[str]] = {}
    others: list[FilterRule] = []
    for rule in rules:
        key, value = rule.pairs[0]
        if len(rule.pairs) > 1 or forms.get(key) == "list":
            others.append(rule)
        elif isinstance(value, str) and value.endswith(WILDCARD):
            begins.setdefault(key, set()).add(value[:-1])
        else:
            equal.setdefault(key, set()).add(value)
    tests = [
        *(_equal_one(key, frozenset(values)) for key, values in equal.items()),
        *_indexed(others, forms),
        *(_begins_one(key, tuple(sorted(heads))) for key, heads in begins.items()),
    ]
    return _first_of(tests)


def _first_of(tests: Sequence[_Test]) -> _Test:
    if len(tests) == 1:
        return tests[0]
    fixed = tuple(tests)

    def test(record: Record) -> bool:
        for matches in fixed:  # noqa: SIM110 - any() costs a generator a flow
            if matches(record):
                return True
        return False

    return test


def _all_of(tests: Sequence[_Test]) -> _Test:
    if len(tests) == 1:
        return tests[0]
    fixed = tuple(tests)

    def test(record: Record) -> bool:
        for matches in fixed:  # noqa: SIM110 - all() costs a generator a flow
            if not matches(record):
                return False
        return True

    return test


def _indexed(rules: Sequence[FilterRule], forms: Mapping[str, ValueForm]) -> list[_Test]:
    """Group rules by the exact value of the key that most of them name."""
    uses = Counter(key for rule in rules for key, _ in _exact(rule, forms))
    index: dict[str, dict[int | str, list[_Test]]] = {}
    tests: list[_Test] = []
    for rule in rules:
        exact = _exact(rule, forms)
        if not exact:
            tests.append(_all_of([_pair(pair, forms) for pair in rule.pairs]))
            continue
        chosen = max(exact, key=lambda pair: uses[pair[0]])
        rest = [_pair(pair, forms) for pair in rule.pairs if pair is not chosen]
        index.setdefault(chosen[0], {}).setdefault(chosen[1], []).append(_all_of(rest))
    return [
        *(
            _by_value(key, {value: _first_of(rests) for value, rests in table.items()})
            for key, table in index.items()
        ),
        *tests,
    ]


def _exact(rule: FilterRule, forms: Mapping[str, ValueForm]) -> list[_Pair]:
    return [
        (key, value)
        for key, value in rule.pairs
        if forms.get(key) != "list" and not (isinstance(value, str) and value.endswith(WILDCARD))
    ]


_ABSENT: Final = object()


def _equal_one(key: str, wanted: frozenset[int | str]) -> _Test:
    return lambda record: record.get(key, _ABSENT) in wanted


def _begins_one(key: str, heads: tuple[str, ...]) -> _Test:
    def test(record: Record) -> bool:
        value = record.get(key)
        return value is not None and value.startswith(heads)

    return test


def _by_value(key: str, table: Mapping[int | str, _Test]) -> _Test:
    def test(record: Record) -> bool:
        rest = table.get(record.get(key, _ABSENT))
        return rest is not None and rest(record)

    return test


def _pair(pair: _Pair, forms: Mapping[str, ValueForm]) -> _Test:
    """Make the test of one pair."""
    key, value = pair
    if forms.get(key) == "list":
        return _member(key, str(value))
    if isinstance(value, str) and value.endswith(WILDCARD):
        return _begins_one(key, (value[:-1],))
    return _equal_one(key, frozenset((value,)))


def _member(key: str, wanted: str) -> _Test:
    head = wanted[:-1] if wanted.endswith(WILDCARD) else None

    def test(record: Record) -> bool:
        members = record.get(key)
        if not isinstance(members, list):
            return False
        if head is None:
            return wanted in members
        return any(isinstance(member, str) and member.startswith(head) for member in members)

    return test
