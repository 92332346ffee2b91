"""Looks for rules that work, but hardly as their author meant."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from schemas.field_keys import FieldKey, FieldKeys
from schemas.policy import FilterPair, FilterPolicy, FilterRule, RuleList, Test
from streams.filtering.compare import are_apart, is_covered, is_empty
from streams.filtering.findings import Finding, Level, Path

COMPARED_RULES = 500
"""Rules of both lists that are compared with each other; of more only each by itself is looked at,
for the work grows with their square."""

_HIGHEST = {"pr": 255, "sp": 65_535, "dp": 65_535, "fd": 1, "fsg": 2}
"""Largest value that a key can have (the collector's manual, IANA)."""

_PROTOCOLS = frozenset({6, 17})
"""Clients report TCP and UDP only."""

_DIGITS = {"udid": 40, "ph": 64, "pph": 64, "mhl": 64, "puid": 32, "eveuuid": 32}
"""Hex digits of a whole value."""

_VERSIONS = {"sa": 4, "da": 4, "sa6": 6, "da6": 6}
_OTHER = {"sa": "sa6", "da": "da6", "sa6": "sa", "da6": "da"}
_IPV4_HEAD = re.compile(r"(?:[0-9]{1,3}\.){0,3}(?:[0-9]{1,3})?")
_IPV6_HEAD = re.compile(r"[0-9a-f:]*")
_LEADING_ZERO = re.compile(r"(?:^|:)0[0-9a-f]")
_SPLIT = {"liuida": "liuid", "liuidp": "liuid", "paa": "pa", "pap": "pa"}
_MAXIMUM_OCTET = 255
_PARENT = frozenset({"ppaa", "ppap"})


def lint(form: FilterPolicy, keys: FieldKeys, *, derives_parent: bool = False) -> list[Finding]:
    """Say what looks wrong.

    Args:
        form: A checked policy.
        keys: Of the deployment: its site's elements included.
        derives_parent: ``streams.derive_parent_account``.
    """
    findings = [
        finding
        for name, number, rule in form.rules()
        for finding in _alone(("rules", name, number - 1), rule, keys, derives_parent)
    ]
    if len(form.include) + len(form.exclude) <= COMPARED_RULES:
        findings += _together(form, keys)
    else:
        text = f"more than {COMPARED_RULES} rules: they are not compared with each other"
        findings.append(Finding(Level.NOTICE, ("rules",), text))
    return findings


def _alone(
    path: Path, rule: FilterRule, keys: FieldKeys, derives_parent: bool
) -> Iterator[Finding]:
    """What is to be said of one rule."""
    for pair in rule.pairs:
        here = (*path, pair.key)
        for text in _of_pair(pair, keys.get(pair.key), derives_parent):
            yield Finding(Level.WARNING, here, text)
    wanted = {pair.key: pair for pair in rule.pairs if not pair.absent}
    for four, six in (("sa", "sa6"), ("da", "da6"), ("sa", "da6"), ("sa6", "da")):
        if four in wanted and six in wanted:
            text = f"never matches: a flow has {four} or {six}, by its IP version, never both"
            yield Finding(Level.WARNING, path, text)
    for part, whole in _SPLIT.items():
        if part in wanted and whole in wanted and _contradicts(wanted[part], wanted[whole]):
            text = f"never matches: {part} is what {whole} has "
            side = "before" if part.endswith("a") else "behind"
            yield Finding(Level.WARNING, path, text + f"{side} the backslash, which differs")


def _of_pair(pair: FilterPair, field: FieldKey | None, derives_parent: bool) -> Iterator[str]:
    if pair.key in _PARENT and not derives_parent:
        yield "never there: it is made with streams.derive_parent_account only"
    elif field is not None and not field.elements and not field.derived_from:
        yield (
            "not there yet: its element id is not public; a site's table must map it "
            "(envizzy elements suggest)"
        )
    if is_empty(pair):
        yield "never matches: what it wants is excluded by its other operators"
    for clause in pair.clauses:
        reasons = [reason for test in clause if (reason := _impossible(pair.key, test))]
        if len(reasons) == len(clause):
            yield f"never matches: {reasons[0]}"
        else:
            yield from (f"a value never matches: {reason}" for reason in reasons)
    reached = [_reaches(clause, _PROTOCOLS) for clause in pair.clauses]
    if pair.key == "pr" and reached and not any(reached):
        yield "never matches: clients report TCP (6) and UDP (17) only"


def _reaches(clause: tuple[Test, ...], values: frozenset[int]) -> bool:
    for test in clause:
        if isinstance(test.value, tuple):
            if any(test.value[0] <= value <= test.value[1] for value in values):
                return True
        elif test.value in values:
            return True
    return False


def _impossible(key: str, test: Test) -> str:
    """Say why no value of a key passes a test; empty where one may."""
    if key in _HIGHEST:
        return _out_of_range(key, test)
    if key in _VERSIONS:
        return _wrong_address(key, test)
    if key in _DIGITS and isinstance(test.value, str):
        digits, wanted = len(test.value), _DIGITS[key]
        if test.kind == "equal" and digits != wanted:
            return f"{digits} hex digits, but {key} has {wanted} (or * behind its beginning)"
        if digits > wanted:
            return f"{digits} hex digits, but {key} has {wanted}"
    if isinstance(test.value, int) and test.value < 0:
        return f"{test.value} is below 0"
    return ""


def _out_of_range(key: str, test: Test) -> str:
    first, last = test.value if isinstance(test.value, tuple) else (test.value, test.value)
    if isinstance(first, int) and isinstance(last, int) and (last < 0 or first > _HIGHEST[key]):
        return f"{key} is from 0 to {_HIGHEST[key]}"
    return ""


def _wrong_address(key: str, test: Test) -> str:  # noqa: PLR0911 - a reason each
    text, version = str(test.value), _VERSIONS[key]
    if test.kind in {"equal", "cidr"}:
        found = ip_network(text).version if test.kind == "cidr" else ip_address(text).version
        if found != version:
            return f"{text} is IPv{found}, which stands in {_OTHER[key]}"
    if test.kind != "prefix" or not text:
        return ""
    if version == 4:  # noqa: PLR2004 - the IP version
        if ":" in text:
            return f"{text}* begins an IPv6 address, which stands in {_OTHER[key]}"
        parts = text.rstrip(".").split(".")
        if not _IPV4_HEAD.fullmatch(text) or any(int(p or 0) > _MAXIMUM_OCTET for p in parts):
            return f"no IPv4 address begins with {text}"
        return ""
    if "." in text and ":" not in text:
        return f"{text}* begins an IPv4 address, which stands in {_OTHER[key]}"
    if not _IPV6_HEAD.fullmatch(text):
        return f"no IPv6 address begins with {text}"
    if _LEADING_ZERO.search(text):
        return f"{text}*: addresses are written without leading zeros (RFC 5952)"
    return ""


def _contradicts(part: FilterPair, whole: FilterPair) -> bool:
    """Whether authority or principal cannot be of the account, where both are given exactly."""
    exact = [clause[0] for pair in (part, whole) for clause in pair.clauses if len(clause) == 1]
    if len(exact) != 2 or any(t.kind != "equal" or t.fold for t in exact):  # noqa: PLR2004 - part and whole
        return False
    account = str(exact[1].value)
    authority, separator, principal = account.partition("\\")
    if not separator:
        authority, principal = "", account
    return str(exact[0].value) != (authority if part.key.endswith("a") else principal)


def _together(form: FilterPolicy, keys: FieldKeys) -> Iterator[Finding]:
    """What is to be said of rules beside others."""
    forms = keys.flow_keys()
    lists: dict[RuleList, tuple[FilterRule, ...]] = {
        "include": form.include,
        "exclude": form.exclude,
    }
    for name, rules in lists.items():
        for index, rule in enumerate(rules):
            for other, wider in enumerate(rules):
                both = is_covered(wider, rule, forms) if other != index else False
                if other == index or (both and other > index):
                    continue  # of two equal rules the later one is superfluous
                if is_covered(rule, wider, forms):
                    how = "the same as" if both else "covered by"
                    text = f"superfluous: {how} rule {other + 1} of {name}"
                    yield Finding(Level.WARNING, ("rules", name, index), text)
                    break
    yield from _hybrid(form, keys)


def _hybrid(form: FilterPolicy, keys: FieldKeys) -> Iterator[Finding]:
    """With both lists a flow must be included and not excluded, which is easily turned round."""
    if not form.include or not form.exclude:
        return
    forms = keys.flow_keys()
    for index, rule in enumerate(form.include):
        for other, excluding in enumerate(form.exclude):
            if is_covered(rule, excluding, forms):
                text = f"keeps nothing: all that it includes, rule {other + 1} of exclude drops"
                yield Finding(Level.WARNING, ("rules", "include", index), text)
                break
    for index, rule in enumerate(form.exclude):
        if all(are_apart(rule, including, forms) for including in form.include):
            text = "drops nothing: no rule of include lets such a flow in"
            yield Finding(Level.WARNING, ("rules", "exclude", index), text)
