from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.field_keys import load_field_keys
from streams.filtering import PolicyError, compile_policy

KEYS = load_field_keys()

DNS: dict[str, Any] = {
    "pr": 17,
    "sa": "192.168.3.130",
    "da": "1.2.3.4",
    "dp": 53,
    "liuat": 2,
    "pn": "svchost.exe",
    "ph": "C9A28DC8",
    "mnl": ["dnsrslvr.dll", "a.dll"],
    "mhl": ["83604EA0"],
    "parg": "",
}
V6: dict[str, Any] = {"pr": 6, "sa6": "2001:db8::1", "da6": "2001:db8::2", "dp": 443}


def _keeps(rules: object, record: dict[str, Any]) -> bool:
    return compile_policy({"rules": rules}, KEYS).keeps(record)


def _matches(rule: dict[str, Any], record: dict[str, Any] = DNS) -> bool:
    included = _keeps({"include": [rule]}, record)
    assert included != _keeps({"exclude": [rule]}, record)
    return included


@pytest.mark.parametrize("policy", [None, {}, {"rules": {}}, {"rules": {"include": []}}])
def test_without_rules_all_is_kept(policy: object) -> None:
    """No policy, no filtering; an empty list is as none."""
    assert compile_policy(policy, KEYS).keeps(DNS)


@pytest.mark.parametrize(
    ("include", "exclude", "kept"),
    [
        ([{"dp": 53}], [], True),
        ([{"dp": 80}], [], False),
        ([], [{"dp": 53}], False),
        ([], [{"dp": 80}], True),
        ([{"dp": 53}], [{"pr": 17}], False),
        ([{"dp": 53}], [{"pr": 6}], True),
        ([{"dp": 80}], [{"pr": 6}], False),
        ([{"dp": 80}, {"pr": 17}], [], True),
    ],
)
def test_include_exclude_and_both(include: Any, exclude: Any, kept: bool) -> None:
    """Hybrid: included and not excluded; the rules of a list are alternatives."""
    rules = {name: rules for name, rules in (("include", include), ("exclude", exclude)) if rules}

    assert kept == _keeps(rules, DNS)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"dp": 53, "pr": 17, "da": "1.2.*"}, True),
        ({"dp": 53, "pr": 6, "da": "1.2.*"}, False),
        ({"dp": "53"}, True),
        ({"dp": "053"}, True),
        ({"da": "1.2.3.4"}, True),
        ({"da": "1.2.3"} | {"da": "1.2.3*"}, True),
        ({"da": "1.3.*"}, False),
        ({"sa6": "*"}, False),
        ({"sa6": "2001:db8::1"}, False),
        ({"pn": "svc*"}, True),
        ({"pn": "SVC*"}, False),
        ({"pn": "svchost"}, False),
        ({"pname": "svchost.exe"}, True),
        ({"luat": 2}, True),
        ({"ph": "c9a28dc8"}, True),
        ({"ph": "c9a2*"}, True),
        ({"mnl": "a.dll"}, True),
        ({"mnl": "dns*"}, True),
        ({"mnl": "dnsrslvr.dll a.dll"}, False),
        ({"mhl": "83604ea0"}, True),
        ({"mhl": "8360*", "dp": 53}, True),
        ({"parg": ""}, True),
        ({"parg": "*"}, True),
        ({"pparg": "*"}, False),
        ({"e9_12364": "ab*"}, False),
    ],
)
def test_a_rule_matches_when_all_its_pairs_do(rule: dict[str, Any], expected: bool) -> None:
    """What the record lacks does not match."""
    assert expected == _matches(rule)


def test_addresses_match_as_rfc_5952_text() -> None:
    """An address is brought into its text; the beginning of one is compared as it stands."""
    assert _matches({"da6": "2001:0DB8:0:0::2"}, V6)
    assert _matches({"da6": "2001:DB8::*"}, V6)
    assert not _matches({"da6": "2001:db9::*"}, V6)


def test_unknown_elements_may_be_named() -> None:
    """What leaves under a stable name can be filtered by it."""
    assert _matches({"e9_12364": "ab*"}, {"e9_12364": "ABCD"})


def test_values_of_another_type_match_nothing() -> None:
    """A site's element may bring a list where a number is usual; the filter does not raise."""
    rules = {"exclude": [{"dp": 53}, {"pn": "a*"}, {"pr": 6, "pn": "b"}, {"mnl": "x"}]}

    assert _keeps(rules, {"dp": [53], "pn": 7, "pr": {"a": 1}, "mnl": "x"})
    assert not _keeps(rules, {"dp": [53], "pn": "ab"})


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ([], r"\[\], but an object is right: \{\"rules\": "),
        ({"rule": {}}, "rule: unknown; allowed: rules"),
        ({"rules": []}, "rules: .*, but an object with include and exclude is right"),
        ({"rules": {"inc": []}}, "rules.inc: unknown list; allowed: include, exclude"),
        ({"rules": {"include": {}}}, "rules.include: {}, but a list of rules is right"),
        ({"rules": {"include": [{"dp": 1}, {}]}}, "rules.include rule 2: empty"),
        ({"rules": {"exclude": [53]}}, "rules.exclude rule 1: 53, but an object"),
        (
            {"rules": {"exclude": [{"dport": 1}]}},
            r"rules.exclude rule 1: unknown key 'dport'; did you mean 'dp'\? allowed: fv, pr, sa",
        ),
        ({"rules": {"include": [{"vsn": "x"}]}}, "rule 1: unknown key 'vsn'"),
        ({"rules": {"include": [{"dp": "5*"}]}}, r"rule 1: dp: '5\*', but a whole number"),
        ({"rules": {"include": [{"dp": True}]}}, "rule 1: dp: true, but a number is right"),
        ({"rules": {"include": [{"dp": 5.5}]}}, "rule 1: dp: 5.5, but a number is right"),
        ({"rules": {"include": [{"pn": None}]}}, "rule 1: pn: null, but a text is right"),
        ({"rules": {"include": [{"pn": ["a"]}]}}, "rule 1: pn: .* but a text is right"),
        ({"rules": {"include": [{"dh": "*.com"}]}}, r"rule 1: dh: .* \* is allowed at the end"),
        (
            {"rules": {"include": [{"da": "1.2.3"}]}},
            r"rule 1: da: .* an address is right.*1\.2\.\*",
        ),
        ({"rules": {"include": [{"ph": "xyz"}]}}, "rule 1: ph: .*hexadecimal digits are right"),
        ({"rules": {"include": [{"dp": 1}] * 10_001}}, "rules: more than 10000 rules"),
    ],
)
def test_a_wrong_policy_names_the_place(policy: object, message: str) -> None:
    """The error names list, rule, key, and what is allowed."""
    with pytest.raises(PolicyError, match=message):
        compile_policy(policy, KEYS)


_VALUES = {
    "dp": st.sampled_from([53, 80, 443]),
    "pr": st.sampled_from([6, 17]),
    "pn": st.sampled_from(["a", "ab", "abc", "b"]),
    "da": st.sampled_from(["1.2.3.4", "1.2.4.4"]),
    "mnl": st.lists(st.sampled_from(["a", "ab", "b"]), max_size=2),
}
_WANTED = {
    "dp": st.sampled_from([53, "53", 80]),
    "pr": st.sampled_from([6, "17"]),
    "pn": st.sampled_from(["a", "a*", "ab*", "*", "b"]),
    "da": st.sampled_from(["1.2.3.4", "1.2.3*", "1.*"]),
    "mnl": st.sampled_from(["a", "a*", "*"]),
}
_RULES = st.lists(
    st.fixed_dictionaries({}, optional=_WANTED).filter(bool),
    max_size=6,
)


def _plainly(rules: list[dict[str, Any]], record: dict[str, Any]) -> bool:
    """Say whether a rule matches, as the collector's manual puts it: one after the other."""

    def pair(key: str, wanted: Any) -> bool:
        if key not in record:
            return False
        if key in {"dp", "pr"}:
            return bool(int(wanted) == record[key])
        members = record[key] if key == "mnl" else [record[key]]
        if wanted.endswith("*"):
            return any(member.startswith(wanted[:-1]) for member in members)
        return wanted in members

    return any(all(pair(*item) for item in rule.items()) for rule in rules)


@given(_RULES, _RULES, st.fixed_dictionaries({}, optional=_VALUES))
def test_the_compiled_policy_is_the_plain_one(
    include: list[dict[str, Any]], exclude: list[dict[str, Any]], record: dict[str, Any]
) -> None:
    """Finding rules by value changes nothing about what they mean."""
    expected = (not include or _plainly(include, record)) and not _plainly(exclude, record)

    assert expected == _keeps({"include": include, "exclude": exclude}, record)
