"""A rule in words, for people."""

from collections.abc import Mapping
from typing import Final

from schemas.policy import FilterPair, FilterRule, Test

_WORDS: Final[Mapping[str, str]] = {
    "equal": "",
    "prefix": "begins with ",
    "suffix": "ends with ",
    "contains": "contains ",
    "cidr": "in ",
    "range": "",
}


def rule_text(rule: FilterRule) -> str:
    """Return what a rule wants, as in ``dp 53, da begins with 1.2.``."""
    return ", ".join(f"{pair.key} {_pair(pair)}" for pair in rule.pairs)


def _pair(pair: FilterPair) -> str:
    if pair.absent:
        return "not there"
    words = [" or ".join(map(_test, clause)) for clause in pair.clauses]
    if pair.excluded:
        words.append("not " + " nor ".join(map(_test, pair.excluded)))
    return " and ".join(words) or "there"


def _test(test: Test) -> str:
    if isinstance(test.value, tuple):
        return f"{test.value[0]} to {test.value[1]}"
    if test.kind == "prefix" and not test.value:
        return "anything"
    return f"{_WORDS[test.kind]}{test.value}{' (any case)' if test.fold else ''}"
