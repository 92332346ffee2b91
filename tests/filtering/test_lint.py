from typing import Any

import pytest

from schemas.field_keys import load_field_keys
from streams.filtering import check, lint
from streams.filtering.lint import COMPARED_RULES

KEYS = load_field_keys()


def _said(rules: dict[str, Any], *, extensions: bool = False) -> list[str]:
    checked = check({"rules": rules, "extensions": extensions}, KEYS)
    return [str(each) for each in lint(checked.require(), KEYS)]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"dp": 65_536}, "dp: never matches: dp is from 0 to 65535"),
        ({"dp": -1}, "dp: never matches: dp is from 0 to 65535"),
        ({"ibc": -1}, "ibc: never matches: -1 is below 0"),
        ({"fd": 2}, "fd: never matches: fd is from 0 to 1"),
        ({"fsg": 3}, "fsg: never matches: fsg is from 0 to 2"),
        ({"pr": 1}, "pr: never matches: clients report TCP (6) and UDP (17) only"),
        ({"sa": "2001:db8::1"}, "sa: never matches: 2001:db8::1 is IPv6, which stands in sa6"),
        ({"da6": "10.0.0.1"}, "da6: never matches: 10.0.0.1 is IPv4, which stands in da"),
        ({"da6": "10.*"}, "da6: never matches: 10.* begins an IPv4 address, which stands in da"),
        ({"da": "300.*"}, "da: never matches: no IPv4 address begins with 300."),
        ({"da": "1.2.3.4.5*"}, "da: never matches: no IPv4 address begins with 1.2.3.4.5"),
        ({"da": "host*"}, "da: never matches: no IPv4 address begins with host"),
        ({"da6": "xyz*"}, "da6: never matches: no IPv6 address begins with xyz"),
        (
            {"da6": "2001:0db8:*"},
            "da6: never matches: 2001:0db8:*: addresses are written without leading zeros",
        ),
        ({"ph": "AB"}, "ph: never matches: 2 hex digits, but ph has 64"),
        ({"udid": "0" * 41 + "*"}, "udid: never matches: 41 hex digits, but udid has 40"),
        ({"sa": "10.0.0.1", "sa6": "::1"}, "never matches: a flow has sa or sa6"),
        ({"sa": "10.0.0.1", "da6": "::1"}, "never matches: a flow has sa or da6"),
        ({"liuid": "A\\b", "liuida": "B"}, "never matches: liuida is what liuid has before"),
        ({"pa": "b", "pap": "c"}, "never matches: pap is what pa has behind the backslash"),
        ({"ppaa": "NT AUTHORITY"}, "ppaa: never there: it is made with streams.derive_parent"),
        ({"pid": 4}, "pid: not there yet: its element id is not public"),
    ],
)
def test_a_rule_that_never_matches(rule: dict[str, Any], said: str) -> None:
    """Each with its reason, at its key."""
    found = _said({"include": [rule]})

    of_site = [each for each in found if "not there yet" in each]
    assert 1 == len(found) - (len(of_site) if "fsg" in rule else 0)
    assert any(said in each for each in found)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"pn": {"prefix": "a", "not": "*"}}, "is excluded by its other operators"),
        ({"pn": {"any": ["a", "b"], "prefix": "c"}}, "is excluded by its other operators"),
        ({"dp": [53, 70_000]}, "a value never matches: dp is from 0 to 65535"),
        ({"sa": {"cidr": ["2001:db8::/32"]}}, "never matches: 2001:db8::/32 is IPv6"),
    ],
)
def test_extensions_that_never_match(rule: dict[str, Any], said: str) -> None:
    """Operators against each other, and single values of several."""
    assert any(said in each for each in _said({"include": [rule]}, extensions=True))


@pytest.mark.parametrize(
    ("rule", "wider", "covered"),
    [
        ({"dp": 53, "pr": 17}, {"dp": 53}, True),
        ({"dp": 53}, {"dp": 53, "pr": 17}, False),
        ({"da": "10.1.2.3"}, {"da": "10.*"}, True),
        ({"da": "10.1.*"}, {"da": "10.*"}, True),
        ({"da": "10.*"}, {"da": "10.1.*"}, False),
        ({"pn": "a"}, {"pn": "*"}, True),
        ({"mnl": "a.dll"}, {"mnl": "a*"}, True),
        ({"dp": {"range": [10, 20]}}, {"dp": {"range": [1, 100]}}, True),
        ({"dp": {"range": [10, 200]}}, {"dp": {"range": [1, 100]}}, False),
        ({"dp": [1, 2]}, {"dp": {"range": [1, 2]}}, True),
        ({"dp": [1, 3]}, {"dp": {"range": [1, 2]}}, False),
        ({"sa": {"cidr": "10.1.0.0/16"}}, {"sa": {"cidr": "10.0.0.0/8"}}, True),
        ({"sa": {"cidr": "10.0.0.0/8"}}, {"sa": {"cidr": "10.1.0.0/16"}}, False),
        ({"sa": "10.1.0.1"}, {"sa": {"cidr": "10.1.0.0/16"}}, True),
        ({"pn": "A"}, {"pn": {"any": ["a"], "ignore_case": True}}, True),
        ({"pn": {"any": ["a"], "ignore_case": True}}, {"pn": "a"}, False),
        ({"pn": {"suffix": "x.exe"}}, {"pn": {"suffix": ".exe"}}, True),
        ({"pn": {"suffix": ".exe"}}, {"pn": {"contains": "exe"}}, True),
        ({"dp": 53}, {"dp": {"not": 443}}, True),
        ({"dp": 443}, {"dp": {"not": 443}}, False),
        ({"dp": {"not": [1, 2]}}, {"dp": {"not": 1}}, True),
        ({"mnl": "a"}, {"mnl": {"not": "b"}}, False),
        ({"pn": {"present": False}}, {"pn": {"present": False}}, True),
        ({"pn": "a"}, {"pn": {"present": True}}, True),
        ({"pn": {"present": True}}, {"pn": "a"}, False),
    ],
)
def test_a_rule_that_another_covers(
    rule: dict[str, Any], wider: dict[str, Any], covered: bool
) -> None:
    """Only where it is certain."""
    said = _said({"include": [wider, rule]}, extensions=True)

    assert covered == any("rule 2: superfluous" in each for each in said)


def test_the_later_of_two_equal_rules_is_superfluous() -> None:
    """Not both."""
    said = _said({"exclude": [{"dp": 53}, {"pr": 17}, {"dp": 53}]})

    assert ["rules.exclude rule 3: superfluous: the same as rule 1 of exclude"] == said


@pytest.mark.parametrize(
    ("include", "exclude", "said"),
    [
        ([{"dp": 53}], [{"dp": 53}], "include rule 1: keeps nothing: all that it includes, rule 1"),
        ([{"dp": 53, "pr": 17}], [{"pr": 17}], "include rule 1: keeps nothing"),
        ([{"dp": 53}], [{"dp": 443}], "exclude rule 1: drops nothing: no rule of include lets"),
        ([{"da": "10.1.*"}], [{"da": "10.2.*"}], "exclude rule 1: drops nothing"),
        ([{"dp": 53}], [{"pr": 6}], ""),
        ([{"dp": 53}, {"dp": 443}], [{"dp": 443, "pr": 17}], ""),
        ([{"mnl": "a"}], [{"mnl": "b"}], ""),
        ([], [{"dp": 443}], ""),
    ],
)
def test_hybrid_confusion(include: Any, exclude: Any, said: str) -> None:
    """An include rule that excludes undo, an exclude rule that has nothing to drop."""
    found = _said({"include": include, "exclude": exclude})

    assert bool(said) == bool(found)
    assert not said or any(said in each for each in found)


def test_notices_are_no_mistakes() -> None:
    """Aliases, numbers as text, empty lists: read, and said."""
    checked = check({"rules": {"include": [{"pname": "a", "luat": "2"}], "exclude": []}}, KEYS)

    assert [
        "rules.include rule 1: pname: read as pn, as the collector's lines call it",
        "rules.include rule 1: luat: read as liuat, as the collector's lines call it",
        "rules.include rule 1: luat: '2': a number given as text; 2 is right",
        "rules.exclude: empty, which is as none: none is excluded",
    ] == [str(each) for each in checked.findings]
    assert ("pn", "liuat") == tuple(pair.key for pair in checked.require().include[0].pairs)


def test_all_mistakes_are_found_at_once() -> None:
    """Not the first one only."""
    checked = check({"rules": {"include": [{"dpp": 1, "pn": None}, {}], "out": []}}, KEYS)

    assert 4 == len(checked.findings)


def test_too_many_rules_are_not_compared() -> None:
    """The work grows with their square; it is said."""
    said = _said({"include": [{"dp": 1}] * (COMPARED_RULES + 1)})

    assert [f"rules: more than {COMPARED_RULES} rules: they are not compared with each other"] == (
        said
    )
