"""Checks a filter policy and brings its values into the form that records have."""

import re
from collections.abc import Mapping
from ipaddress import ip_address

from schemas.field_keys import ALIASES, HEX_LISTS, FieldKeys, ValueForm
from schemas.policy import (
    MAXIMUM_RULES,
    RULE_LISTS,
    WILDCARD,
    FilterPolicy,
    FilterRule,
    RuleList,
)

_DECIMAL = re.compile(r"-?[0-9]{1,20}")
_HEX = re.compile(r"[0-9A-Fa-f]*")
_UNKNOWN_ELEMENT = re.compile(r"e[0-9]{1,10}_[0-9]{1,5}")
_SHOWN_OCTETS = 60  # of a wrong value, in an error


class PolicyError(ValueError):
    """A filter policy is wrong; the text names the list, the rule, the key and what is allowed."""


def check(policy: object, keys: FieldKeys) -> FilterPolicy:
    """Check a policy.

    Args:
        policy: As JSON gives it: ``{"rules": {"include": [...], "exclude": [...]}}``.
        keys: What a rule may name, with the form of each value.

    Raises:
        PolicyError: Anything in it is unknown, empty or of the wrong form.
    """
    rules = _only_key(policy)
    forms = keys.flow_keys()
    lists: dict[RuleList, tuple[FilterRule, ...]] = {}
    for name in rules:
        if name not in RULE_LISTS:
            raise PolicyError(f"rules.{name}: unknown list; allowed: {', '.join(RULE_LISTS)}")
    for name in RULE_LISTS:
        found = rules.get(name, [])
        if not isinstance(found, list):
            raise PolicyError(f"rules.{name}: {_shown(found)}, but a list of rules is right")
        lists[name] = tuple(
            _rule(f"rules.{name} rule {number}", rule, forms)
            for number, rule in enumerate(found, 1)
        )
    if sum(map(len, lists.values())) > MAXIMUM_RULES:
        raise PolicyError(f"rules: more than {MAXIMUM_RULES} rules in both lists")
    return FilterPolicy(**lists)


def _only_key(policy: object) -> Mapping[str, object]:
    if not isinstance(policy, dict):
        raise PolicyError(
            f"{_shown(policy)}, but an object is right: "
            '{"rules": {"include": [], "exclude": []}}'
        )
    for name in policy:
        if name != "rules":
            raise PolicyError(f"{name}: unknown; allowed: rules")
    rules = policy.get("rules", {})
    if not isinstance(rules, dict):
        raise PolicyError(
            f"rules: {_shown(rules)}, but an object with include and exclude is right"
        )
    return rules


def _rule(place: str, rule: object, forms: Mapping[str, ValueForm]) -> FilterRule:
    if not isinstance(rule, dict):
        raise PolicyError(
            f'{place}: {_shown(rule)}, but an object of keys and values is right: {{"dp": 53}}'
        )
    if not rule:
        raise PolicyError(
            f'{place}: empty; it would match every flow. A rule has at least one key: {{"dp": 53}}'
        )
    pairs = []
    for written, value in rule.items():
        key = ALIASES.get(written, written)
        form = forms.get(key) or ("hex" if _UNKNOWN_ELEMENT.fullmatch(key) else None)
        if form is None:
            raise PolicyError(f"{place}: unknown key {written!r}; allowed: {', '.join(forms)}")
        pairs.append((key, _value(f"{place}: {written}", key, form, value)))
    return FilterRule(tuple(pairs))


def _value(place: str, key: str, form: ValueForm, value: object) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        right = "a number" if form == "number" else "a text"
        raise PolicyError(f"{place}: {_shown(value)}, but {right} is right")
    if form == "number":
        return _number(place, value)
    text = str(value)
    wanted, wildcard = (text[:-1], WILDCARD) if text.endswith(WILDCARD) else (text, "")
    if WILDCARD in wanted:
        raise PolicyError(f"{place}: {_shown(text)}, but {WILDCARD} is allowed at the end only")
    if form == "hex" or key in HEX_LISTS:
        if not _HEX.fullmatch(wanted):
            raise PolicyError(f"{place}: {_shown(text)}, but hexadecimal digits are right")
        return wanted.upper() + wildcard
    if form == "address":
        return _address(place, wanted, wildcard)
    return text


def _number(place: str, value: int | str) -> int:
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise PolicyError(
                f"{place}: {_shown(value)}, but a whole number is right ({WILDCARD} is for text)"
            )
        return int(value)
    return value


def _address(place: str, wanted: str, wildcard: str) -> str:
    """Bring an address into the text that records have (RFC 5952); a beginning stays as it is."""
    if wildcard:
        return wanted.lower() + wildcard
    try:
        return str(ip_address(wanted))
    except ValueError as error:
        raise PolicyError(
            f"{place}: {_shown(wanted)}, but an address is right, or the beginning of one with "
            f"{WILDCARD} behind it: 1.2.*"
        ) from error


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_OCTETS else text[:_SHOWN_OCTETS] + "..."
