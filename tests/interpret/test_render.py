from typing import Any

import orjson
import pytest

from streams.interpret import record_key, render

VALUE: dict[str, Any] = {
    "pn": 'a "b" \\ c',
    "dp": 53,
    "big": 2**53 + 1,
    "mnl": ["a.dll", "b.dll"],
    "mhl": [],
    "parg": "",
}


def test_the_typed_form_keeps_order_and_types() -> None:
    """Numbers as numbers, lists as arrays, empty is not absent."""
    expected = (
        rb'{"pn":"a \"b\" \\ c","dp":53,"big":9007199254740993,'
        rb'"mnl":["a.dll","b.dll"],"mhl":[],"parg":""}'
    )
    assert expected == render(VALUE)


def test_the_strings_form_is_the_collectors() -> None:
    """All values are text, members joined by a space, what is empty is left out."""
    expected = rb'{"pn":"a \"b\" \\ c","dp":"53","big":"9007199254740993","mnl":"a.dll b.dll"}'

    assert expected == render(VALUE, "strings")


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**64 - 1])
def test_big_numbers_may_be_strings(value: int) -> None:
    """Only what exceeds 2**53 changes, also within lists."""
    got = orjson.loads(
        render({"a": value, "b": 2**53, "c": [value], "d": True}, "typed", "strings")
    )

    assert {"a": str(value), "b": 2**53, "c": [str(value)], "d": True} == got


def test_integers_beyond_64_bits_are_text() -> None:
    """unsigned256 has no JSON number that readers take."""
    assert b'{"a":"18446744073709551616","b":1}' == render({"a": 2**64, "b": 1})


def test_meta_fields_stand_behind_the_records_own() -> None:
    """For consumers that drop headers; the record itself is not changed."""
    value = {"dp": 53}

    assert b'{"dp":53,"_id":"x","_form":1}' == render(value, meta={"_id": "x", "_form": 1})
    assert b'{"dp":"53","_form":"1"}' == render(value, "strings", meta={"_form": 1})
    assert {"dp": 53} == value


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("flow", {"udid": "AB"}, b"AB"),
        ("endpoint", {"udid": "AB", "iid": 4}, b"AB"),
        ("interface", {"udid": "AB", "iid": 4}, b"AB/4"),
        ("interface", {"udid": "AB"}, b"AB"),
        ("interface", {"iid": 4}, None),
        ("flow", {"udid": ""}, None),
    ],
)
def test_the_record_key_is_the_udid(
    kind: str, value: dict[str, Any], expected: bytes | None
) -> None:
    """An interface is told apart within its endpoint; without a UDID there is no key."""
    assert expected == record_key(kind, value)
