"""Checks the form of a filter policy."""

import difflib
import re
from collections.abc import Mapping
from typing import NamedTuple

from schemas.field_keys import ALIASES, FieldKeys, ValueForm
from schemas.known_names import key_of
from schemas.policy import (
    EXTENSIONS,
    MAXIMUM_RULES,
    RULE_LISTS,
    FilterPair,
    FilterPolicy,
    FilterRule,
    RuleList,
)
from streams.filtering.conditions import read_pair, shown
from streams.filtering.findings import Finding, Level, Path, PolicyError

_UNKNOWN_ELEMENT = re.compile(r"e[0-9]{1,10}_[0-9]{1,5}")
_TOP = ("rules", EXTENSIONS)


class Checked(NamedTuple):
    """What checking gave.

    Attributes:
        form: The rules that are right.
        findings: Mistakes and notices, in the order of the file. With a mistake among them the
            policy is to be refused.
    """

    form: FilterPolicy
    findings: tuple[Finding, ...]

    def require(self) -> FilterPolicy:
        """Return the policy if there is no mistake in it.

        Raises:
            PolicyError: There is; the text is the first one's.
        """
        for finding in self.findings:
            if finding.level is Level.ERROR:
                raise PolicyError(str(finding))
        return self.form


def check(policy: object, keys: FieldKeys) -> Checked:
    """Check a policy.

    Args:
        policy: As JSON gives it: ``{"rules": {"include": [...], "exclude": [...]}}``.
        keys: What a rule may name, with the form of each value.
    """
    work = _Check(keys.flow_keys())
    form = work.policy(policy)
    return Checked(form, tuple(work.findings))


class _Check:
    """Collects what is found."""

    def __init__(self, forms: Mapping[str, ValueForm]) -> None:
        self._forms = forms
        self._extended = False
        self.findings: list[Finding] = []

    def policy(self, policy: object) -> FilterPolicy:
        if not isinstance(policy, dict):
            right = '{"rules": {"include": [], "exclude": []}}'
            self._wrong((), f"{shown(policy)}, but an object is right: {right}")
            return FilterPolicy()
        for name in policy:
            if name not in _TOP:
                self._wrong((name,), f"unknown; allowed: rules{self._nearest(name, RULE_LISTS)}")
        switch = policy.get(EXTENSIONS, False)
        if not isinstance(switch, bool):
            self._wrong((EXTENSIONS,), f"{shown(switch)}, but true or false is right")
        self._extended = bool(switch)
        rules = policy.get("rules", {})
        if not isinstance(rules, dict):
            text = f"{shown(rules)}, but an object with include and exclude is right"
            self._wrong(("rules",), text)
            return FilterPolicy()
        for name in rules:
            if name not in RULE_LISTS:
                self._wrong(("rules", name), f"unknown list; allowed: {', '.join(RULE_LISTS)}")
        lists: dict[RuleList, tuple[FilterRule, ...]] = {}
        for name in RULE_LISTS:
            lists[name] = self._list(name, rules.get(name, []), given=name in rules)
        if sum(map(len, lists.values())) > MAXIMUM_RULES:
            self._wrong(("rules",), f"more than {MAXIMUM_RULES} rules in both lists")
        return FilterPolicy(**lists)

    def _nearest(self, name: str, lists: tuple[str, ...]) -> str:
        return f' (and {name} within it: {{"rules": {{"{name}": []}}}})' if name in lists else ""

    def _list(self, name: RuleList, found: object, *, given: bool) -> tuple[FilterRule, ...]:
        path: Path = ("rules", name)
        if not isinstance(found, list):
            self._wrong(path, f"{shown(found)}, but a list of rules is right")
            return ()
        if given and not found:
            meaning = "all flows are included" if name == "include" else "none is excluded"
            self._note(path, f"empty, which is as none: {meaning}")
        rules = (self._rule((*path, index), rule) for index, rule in enumerate(found))
        return tuple(rule for rule in rules if rule is not None)

    def _rule(self, path: Path, rule: object) -> FilterRule | None:
        if not isinstance(rule, dict):
            right = 'an object of keys and values is right: {"dp": 53}'
            self._wrong(path, f"{shown(rule)}, but {right}")
            return None
        if not rule:
            self._wrong(
                path, 'empty; it would match every flow. A rule has at least one key: {"dp": 53}'
            )
            return None
        pairs: dict[str, FilterPair] = {}
        sound = True
        for written, value in rule.items():
            here = (*path, written)
            try:
                pair = self._pair(path, written, value)
            except PolicyError as error:
                self._wrong(here, str(error))
                sound = False
                continue
            if pair is None:
                sound = False
            elif pair.key in pairs:
                self._wrong(here, f"{written} is {pair.key}, which the rule has already")
                sound = False
            else:
                pairs[pair.key] = pair
        return FilterRule(tuple(pairs.values())) if sound else None

    def _pair(self, path: Path, written: str, value: object) -> FilterPair | None:
        key = ALIASES.get(written, written)
        form = self._forms.get(key)
        if form is None and _UNKNOWN_ELEMENT.fullmatch(key):
            form = "hex"
        if form is None:
            near = key_of(key) or next(
                iter(difflib.get_close_matches(key.lower(), self._forms, 1, 0.6)), None
            )
            hint = f"did you mean {near!r}? " if near else ""
            # The place is the rule's: the key itself is what is wrong.
            text = f"unknown key {written!r}; {hint}allowed: {', '.join(self._forms)}"
            self.findings.append(Finding(Level.ERROR, path, text))
            return None
        here = (*path, written)
        if key != written:
            self._note(here, f"read as {key}, as the collector's lines call it")
        return read_pair(
            key, form, value, lambda text: self._note(here, text), extended=self._extended
        )

    def _wrong(self, path: Path, text: str) -> None:
        self.findings.append(Finding(Level.ERROR, path, text))

    def _note(self, path: Path, text: str) -> None:
        self.findings.append(Finding(Level.NOTICE, path, text))
