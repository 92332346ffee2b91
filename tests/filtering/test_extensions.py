"""What goes beyond the original: only with the switch, as the document says."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.field_keys import load_field_keys
from streams.filtering import PolicyError, compile_policy
from streams.filtering.index import ABSENT, KEPT_VALUES, holds, index_key

KEYS = load_field_keys()
RECORDS = json.loads((Path(__file__).parent / "manual_records.json").read_text())


def _keeps(rule: object, record: str | dict[str, Any]) -> bool:
    policy = {"extensions": True, "rules": {"include": [rule]}}
    value = RECORDS[record] if isinstance(record, str) else record
    return compile_policy(policy, KEYS).keeps(value)


@pytest.mark.parametrize(
    ("record", "rule", "kept"),
    [
        ("dns", {"dp": [53, 443]}, True),
        ("tile", {"dp": [53, 443]}, False),
        ("dns", {"dp": {"any": ["53", 443]}}, True),
        ("dns", {"pn": ["svc*", "a"]}, True),
        ("bare", {"pn": ["*"]}, False),
        ("dns", {"sa": {"cidr": "192.168.0.0/16"}}, True),
        ("dns", {"sa": {"cidr": ["10.0.0.0/8", "192.168.3.128/25"]}}, True),
        ("dns", {"sa": {"cidr": "192.168.3.0/25"}}, False),
        ("six", {"sa6": {"cidr": "2001:db8::/32"}}, True),
        ("six", {"da6": {"cidr": "2001:db8:0:1::/64"}}, True),
        ("six", {"da6": {"cidr": "2001:db8:0:2::/64"}}, False),
        ("six", {"sa": {"cidr": "0.0.0.0/0"}}, False),
        ("dns", {"sp": {"range": [49152, 65535]}}, True),
        ("dns", {"sp": {"range": [56939, 56939]}}, True),
        ("dns", {"sp": {"range": [56940, 65535]}}, False),
        ("dns", {"sp": {"range": [0, 56938]}}, False),
        ("six", {"obc": {"range": [1, 18446744073709551615]}}, True),
        ("dns", {"dp": {"not": 53}}, False),
        ("msi", {"dp": {"not": 53}}, True),
        ("msi", {"dp": {"not": [53, 443]}}, False),
        ("bare", {"pn": {"not": "x"}}, False),
        ("msi", {"dp": {"not": {"range": [0, 1023]}}}, False),
        ("dns", {"sa": {"not": {"cidr": "10.0.0.0/8"}}}, True),
        ("msi", {"ppath": {"prefix": "C:\\Windows\\"}}, True),
        ("msi", {"ppath": {"prefix": ["D:\\", "C:\\Users"]}}, False),
        ("msi", {"ppath": {"suffix": ".exe"}}, True),
        ("msi", {"ppath": {"suffix": ".dll"}}, False),
        ("msi", {"parg": {"contains": "githubusercontent"}}, False),
        ("msi", {"parg": {"contains": "github.com"}}, True),
        ("msi", {"ppath": {"prefix": "C:\\", "suffix": "cmd.exe"}}, False),
        ("msi", {"ppath": {"prefix": "C:\\", "suffix": "msiexec.exe"}}, True),
        ("dns", {"pn": {"any": ["SVCHOST.EXE"], "ignore_case": True}}, True),
        ("dns", {"pn": {"prefix": "SVC", "ignore_case": True}}, True),
        ("dns", {"pn": {"not": "SVCHOST.EXE", "ignore_case": True}}, False),
        ("six", {"pn": {"contains": "GRAŻYNA", "ignore_case": True}}, True),
        ("dns", {"pn": {"present": True}}, True),
        ("bare", {"pn": {"present": True}}, False),
        ("bare", {"pn": {"present": False}}, True),
        ("dns", {"pn": {"present": False}}, False),
        ("msi", {"pparg": {"present": False}}, True),
        ("tile", {"mnl": {"contains": "service"}}, True),
        ("tile", {"mnl": {"suffix": ".sys"}}, False),
        ("tile", {"mnl": {"prefix": "wpn", "suffix": "svc.dll"}}, False),
        ("tile", {"mnl": {"prefix": "crypt", "suffix": "svc.dll"}}, True),
        ("tile", {"mnl": {"not": "cryptsvc.dll"}}, False),
        ("dns", {"mnl": {"not": "cryptsvc.dll"}}, True),
        ("msi", {"mnl": {"not": "cryptsvc.dll"}}, True),
        ("bare", {"mnl": {"not": "cryptsvc.dll"}}, False),
        ("tile", {"mnl": {"prefix": "wpn", "not": {"suffix": "svc.dll"}}}, False),
        ("tile", {"mhl": {"prefix": "8f57"}}, True),
        ("six", {"mnl": {"any": ["b.DLL"], "ignore_case": True}}, True),
        ("dns", {"ph": {"suffix": "5f69"}}, True),
        ("dns", {"dp": 53, "pr": {"not": 6}}, True),
        (
            {"sa": "-"},
            {"sa": {"cidr": "0.0.0.0/0"}},
            False,
        ),
    ],
)
def test_operators(record: str | dict[str, Any], rule: dict[str, Any], kept: bool) -> None:
    """All that an object has must hold; of a list one member is enough, and for not none may."""
    assert kept == _keeps(rule, record)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"dp": {"cidr": "10.0.0.0/8"}}, "cidr: only for addresses"),
        ({"sa": {"cidr": "10.0.0.1/8"}}, "10.0.0.1/8 has host bits set; 10.1.0.0/16 is right"),
        ({"dp": {"range": [2, 1]}}, "the first is above the last"),
        ({"dp": {"range": 2}}, r"range: 2, but \[first, last\] is right"),
        ({"pn": {"range": [1, 2]}}, "range: only for numbers, not for pn"),
        ({"dp": {"prefix": "5"}}, "prefix: only for text, not for dp"),
        ({"pn": {"like": "a"}}, "unknown operator 'like'; allowed: any, not, cidr"),
        ({"pn": {}}, "compares with nothing"),
        ({"pn": {"ignore_case": True}}, "compares with nothing"),
        ({"pn": {"present": False, "prefix": "a"}}, "present: false stands alone"),
        ({"pn": {"present": "no"}}, "present: 'no', but true or false is right"),
        ({"dp": {"any": [1], "ignore_case": True}}, "ignore_case: only for text"),
        ({"pn": []}, r"any: \[\], but a list with at least one value"),
        ({"pn": {"not": {"prefix": "a", "suffix": "b"}}}, "not: one of any, cidr"),
        ({"pn": {"contains": [""]}}, "contains: .* but a text is right"),
        ({"ph": {"suffix": "xyz"}}, "hexadecimal digits are right"),
    ],
)
def test_a_wrong_operator_names_what_is_right(value: dict[str, Any], message: str) -> None:
    """Key, operator, what was found."""
    with pytest.raises(PolicyError, match=f"rules.include rule 1: .*{message}"):
        _keeps(value, "dns")


def test_without_the_switch_they_are_refused() -> None:
    """A file that works here and not in the original is told apart."""
    with pytest.raises(PolicyError, match='"extensions": true beside "rules" allows'):
        compile_policy({"rules": {"include": [{"dp": {"range": [1, 2]}}]}}, KEYS)
    with pytest.raises(PolicyError, match="extensions: 'yes', but true or false"):
        compile_policy({"extensions": "yes", "rules": {}}, KEYS)


_TEXT = st.sampled_from(["a", "ab", "abc", "b", "ba", "AB"])
_PORT = st.integers(0, 6)
_WANTED = {
    "dp": _PORT
    | st.lists(_PORT, min_size=1, max_size=3)
    | st.fixed_dictionaries({"range": st.tuples(_PORT, _PORT).map(sorted)})
    | st.fixed_dictionaries({"not": st.fixed_dictionaries({"range": st.just([2, 4])}) | _PORT}),
    "pn": _TEXT
    | st.fixed_dictionaries(
        {"ignore_case": st.booleans(), "prefix": _TEXT},
        optional={"suffix": _TEXT, "contains": _TEXT, "not": _TEXT},
    )
    | st.fixed_dictionaries({"present": st.booleans()}),
    "mnl": _TEXT
    | st.fixed_dictionaries({"prefix": _TEXT}, optional={"suffix": _TEXT, "not": _TEXT})
    | st.fixed_dictionaries({"not": st.lists(_TEXT, min_size=1, max_size=2)}),
    "sa": st.fixed_dictionaries({"cidr": st.sampled_from(["10.0.0.0/8", "10.1.0.0/16"])}),
}
_VALUES = {
    "dp": _PORT,
    "pn": _TEXT,
    "mnl": st.lists(_TEXT, max_size=3),
    "sa": st.sampled_from(["10.1.2.3", "10.2.2.3", "192.0.2.1"]),
}
_RULES = st.lists(st.fixed_dictionaries({}, optional=_WANTED).filter(bool), max_size=5)


@given(_RULES, _RULES, st.fixed_dictionaries({}, optional=_VALUES))
def test_the_index_is_the_plain_reading(
    include: list[dict[str, Any]], exclude: list[dict[str, Any]], record: dict[str, Any]
) -> None:
    """Masks change nothing about what rules mean: each pair by itself says the same."""
    rules = {"include": include, "exclude": exclude}
    policy = compile_policy({"rules": rules, "extensions": True}, KEYS)
    matching = {
        name: tuple(
            number
            for of, number, rule in policy.form.rules()
            if of == name
            and all(
                holds(pair, record[pair.key]) if pair.key in record else pair.absent
                for pair in rule.pairs
            )
        )
        for name in ("include", "exclude")
    }
    kept = (not include or bool(matching["include"])) and not matching["exclude"]

    decision = policy.decide(record)

    assert (kept, kept) == (policy.keeps(record), decision.kept)
    assert (matching["include"], matching["exclude"]) == decision[1:]


def test_what_is_remembered_is_bounded() -> None:
    """However many values a key has."""
    form = compile_policy({"rules": {"include": [{"pn": "a*"}]}}, KEYS).form
    lookup = index_key("text", [(0, form.include[0].pairs[0])], 0)
    assert lookup.table is not None

    masks = {lookup.table[f"b{number}"] for number in range(KEPT_VALUES + 10)}

    assert ({0}, 0, 1) == (masks, lookup.table[ABSENT], lookup.table["ab"])
    assert len(lookup.table) <= KEPT_VALUES
