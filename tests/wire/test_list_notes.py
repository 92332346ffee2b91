"""What lists say beside their members (RFC 6313, 4.4 and 4.5)."""

from typing import Any

import pytest

from streams.wire import DataSet, list_notes
from tests.wire.octets import VARIABLE, decode, entry_of, field, long, short, template

BASIC = template(256, field("basicList", VARIABLE))
SUB = template(256, field("subTemplateList", VARIABLE))
MULTI = template(256, field("subTemplateMultiList", VARIABLE))
PAIR = template(300, field("unsigned8", 1), field("basicList", VARIABLE))
NUMBER = template(301, field("unsigned16", 2))

PORTS = b"\x03" + field("unsigned16", 2) + b"\x00\x50\x01\xbb"
"""allOf | Field Specifier | 80 | 443"""


def notes(content: bytes, *templates: bytes) -> dict[str, Any]:
    found = decode(long(content), *templates)
    assert isinstance(found, DataSet)
    return list_notes(found.records[0].fields)


@pytest.mark.rfc("6313", "4.4")
@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "noneOf"), (1, "exactlyOneOf"), (2, "oneOrMoreOf"), (3, "allOf"), (4, "ordered"),
        (255, "undefined"), (77, 77),
    ],
)  # fmt: skip
def test_every_semantic_has_its_name(number: int, name: str | int) -> None:
    """An array of noneOf would else read as its contrary; unassigned ones stay numbers."""
    content = bytes([number]) + PORTS[1:]

    assert {"xbasicList": {"semantic": name, "element": "xunsigned16"}} == notes(content, BASIC)


@pytest.mark.rfc("6313", "4.5.1")
@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"\x03" + field("string", VARIABLE, 9), {"semantic": "allOf", "element": "cstring"}),
        (b"\x03" + field(5, 2, 77), {"semantic": "allOf", "element": "e77_5"}),
        (b"", {"semantic": "undefined"}),
    ],
)
def test_a_basic_list_names_its_element(content: bytes, note: dict[str, Any]) -> None:
    """Empty ones and unknown elements too; a list of no octets has none."""
    assert {"xbasicList": note} == notes(content, BASIC)


@pytest.mark.rfc("6313", "4.5.2")
def test_a_sub_template_list_names_its_template_and_the_lists_within() -> None:
    """One note of members for each record."""
    content = b"\x00\x01\x2c" + b"\x07" + short(PORTS) + b"\x08" + short(b"\x04" + PORTS[1:])
    inner = [
        {"xbasicList": {"semantic": semantic, "element": "xunsigned16"}}
        for semantic in ("allOf", "ordered")
    ]

    assert {
        "xsubTemplateList": {"semantic": "noneOf", "template_id": 300, "members": inner}
    } == notes(content, SUB, PAIR)


@pytest.mark.rfc("6313", "4.5.3")
def test_a_multi_list_names_the_template_of_each_record() -> None:
    """Records without lists have an empty note where others have one."""
    content = b"\x01" + entry_of(301, b"\x00\x50\x01\xbb") + entry_of(300, b"\x07" + short(PORTS))
    inner = {"xbasicList": {"semantic": "allOf", "element": "xunsigned16"}}

    assert {
        "xsubTemplateMultiList": {
            "semantic": "exactlyOneOf",
            "template_ids": [301, 301, 300],
            "members": [{}, {}, inner],
        }
    } == notes(content, MULTI, NUMBER, PAIR)


@pytest.mark.rfc("6313", "5.2")
def test_a_basic_list_of_lists_has_notes_of_its_members() -> None:
    """Recursion goes on."""
    content = b"\x02" + field("basicList", VARIABLE) + short(PORTS)
    inner = [{"semantic": "allOf", "element": "xunsigned16"}]

    assert {
        "xbasicList": {"semantic": "oneOrMoreOf", "element": "xbasicList", "members": inner}
    } == notes(content, BASIC)


def test_repeated_lists_are_told_apart_and_other_fields_have_no_note() -> None:
    """Names are those of the output."""
    layout = template(
        256, field("basicList", VARIABLE), field("unsigned8", 1), *[field("basicList", VARIABLE)]
    )
    found = decode(short(PORTS) + b"\x01" + short(b""), layout)
    assert isinstance(found, DataSet)

    assert ["xbasicList", "xbasicList_2"] == list(list_notes(found.records[0].fields))
    assert {} == list_notes(found.records[0].fields[1:2])
