"""A compiled filter policy.

Rules are not tried one after the other. Each is a bit; the most telling pair of each rule makes it
a candidate, and for each key that the policy names, a flow's value gives the mask of the rules that
it does not speak against. So the cost of a flow grows with the number of keys, hardly with rules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from schemas.field_keys import FieldKeys, ValueForm
from schemas.policy import FilterPair, FilterPolicy
from streams.filtering.check import Checked, check
from streams.filtering.findings import Finding, Level
from streams.filtering.index import ABSENT, Bits, Lookup, index_key

Record = Mapping[str, Any]
"""An output record before it is rendered: numbers are int, lists are list."""

_Matches = Callable[[Record], Bits]

_Step = tuple[str, Lookup]
"""A key and what its value says."""


class Decision(NamedTuple):
    """What a policy says of one flow.

    Attributes:
        kept: Whether it is published.
        include: Numbers, from 1, of the matching rules of ``include``.
        exclude: Of ``exclude``.
    """

    kept: bool
    include: tuple[int, ...]
    exclude: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is kept.

    Attributes:
        keeps: Whether a flow record is kept; pure, never raises.
        decide: The same with the rules that match; slower.
        form: The checked policy, for people.
        notices: What is worth knowing about it, a line each.
    """

    keeps: Callable[[Record], bool]
    decide: Callable[[Record], Decision]
    form: FilterPolicy
    notices: tuple[Finding, ...] = ()


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
    checked = Checked(FilterPolicy(), ()) if policy is None else check(policy, keys)
    return compile_form(checked, keys)


def compile_form(checked: Checked, keys: FieldKeys) -> Policy:
    """Make the test of a policy that was checked.

    Raises:
        PolicyError: There is a mistake in it.
    """
    form = checked.require()
    forms = keys.flow_keys()
    notices = tuple(each for each in checked.findings if each.level is not Level.ERROR)
    included = (1 << len(form.include)) - 1
    excluded = ((1 << len(form.exclude)) - 1) << len(form.include)
    steps = _steps(form, forms)
    careful = partial(_well_formed, forms=forms)
    matches: _Matches = _assemble(steps, "mask", included, excluded, careful)
    if not included:
        result = "not mask"
    elif not excluded:
        result = "mask != 0"
    else:
        result = "mask & included != 0 and not mask & excluded"
    keeps = _assemble(steps, result, included, excluded, careful)
    return Policy(keeps, _decide(matches, included, excluded), form, notices)


def _decide(matches: _Matches, included: Bits, excluded: Bits) -> Callable[[Record], Decision]:
    first = included.bit_length()

    def decide(record: Record) -> Decision:
        mask = matches(record)
        wanted, unwanted = mask & included, (mask & excluded) >> first
        kept = (wanted != 0 or not included) and not unwanted
        return Decision(kept, _numbers(wanted), _numbers(unwanted))

    return decide


def _numbers(mask: Bits) -> tuple[int, ...]:
    return tuple(number + 1 for number in range(mask.bit_length()) if mask >> number & 1)


def _steps(form: FilterPolicy, forms: Mapping[str, ValueForm]) -> tuple[list[_Step], list[_Step]]:
    """Return the look-ups that find candidates, and those that rule them out again.

    Each rule is a candidate where the most telling one of its pairs matches. Nearly all flows have
    none, which the few keys of these pairs show.
    """
    rules = [rule for _, _, rule in form.rules()]
    by_key: dict[str, list[tuple[int, FilterPair]]] = {}
    for number, rule in enumerate(rules):
        for pair in rule.pairs:
            by_key.setdefault(pair.key, []).append((number, pair))
    left = set(range(len(rules)))
    finding: list[_Step] = []
    while left:
        key = max(by_key, key=lambda name: len({p for n, p in by_key[name] if n in left}))
        pairs = [(number, pair) for number, pair in by_key[key] if number in left]
        left -= {number for number, _ in pairs}
        finding.append((key, index_key(forms.get(key, "hex"), pairs, 0)))
    if all(len(rule.pairs) == 1 for rule in rules):
        return finding, []
    everything = (1 << len(rules)) - 1
    checking: list[_Step] = []
    for key, pairs in by_key.items():
        others = everything
        for number, _ in pairs:
            others &= ~(1 << number)
        checking.append((key, index_key(forms.get(key, "hex"), pairs, others)))
    return finding, checking


def _assemble(
    steps: tuple[Sequence[_Step], Sequence[_Step]],
    result: str,
    included: Bits,
    excluded: Bits,
    well_formed: Callable[[Record], Record],
) -> Any:  # a function of a record
    """Write the look-ups one below the other: a call for each key and a loop cost twice as much.

    The text holds numbers of steps only; keys and values come in as names.
    """
    names: dict[str, object] = {
        "included": included,
        "excluded": excluded,
        "absent": ABSENT,
        "well_formed": well_formed,
    }
    finding, checking = steps
    lines = ["def test(record):", " try:", "  get, mask = record.get, 0"]
    lines += [f"  mask |= {_found(f'f{n}', step, names)}" for n, step in enumerate(finding)]
    if checking:
        lines.append("  if mask:")
        lines += [f"   mask &= {_found(f'c{n}', step, names)}" for n, step in enumerate(checking)]
    lines += [
        # Values of another type than the key's, which a site's elements can bring.
        " except (TypeError, AttributeError):",
        "  sound = well_formed(record)",
        "  if sound == record: raise",
        "  return test(sound)",
        f" return {result}",
    ]
    exec("\n".join(lines), names)  # noqa: S102 - the text is made of numbers only
    return names["test"]


def _found(name: str, step: _Step, names: dict[str, object]) -> str:
    """Return the expression of one look-up; what it needs is put among the names."""
    key, lookup = step
    names[f"{name}_key"] = key
    value = f"get({name}_key, absent)"
    if lookup.call is not None:
        names[f"{name}_call"] = lookup.call
        return f"{name}_call({value})"
    if lookup.table is not None and lookup.default is not None:
        names |= {f"{name}_find": lookup.table.get, f"{name}_default": lookup.default}
        return f"{name}_find({value}, {name}_default)"
    names[f"{name}_table"] = lookup.table
    return f"{name}_table[{value}]"


def _well_formed(record: Record, forms: Mapping[str, ValueForm]) -> Record:
    """Leave out what has not the form of its key; such a value matches nothing."""
    types: dict[str, type] = {"number": int, "list": list}
    sound = {
        key: value
        for key, value in record.items()
        if isinstance(value, types.get(forms.get(key, ""), str))
    }
    return {
        key: [each for each in value if isinstance(each, str)] if isinstance(value, list) else value
        for key, value in sound.items()
    }
