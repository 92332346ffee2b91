"""The collector's line: empty values, escapes, both headers, cuts."""

from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.subscriber import Event
from streams.subscribers.line import LineWriter

UTC = ZoneInfo("UTC")
NOON = 1_534_755_854.25
PLAIN = LineWriter(None, "rfc3164", "host", UTC)


def event(value: object, topic: str = "flow") -> Event:
    """An event with a value."""
    headers = (("record-id", b"0a-1"),)
    return Event(topic, topic, 0, 0, None, orjson.dumps(value), 0, headers)


def pairs(value: object) -> str:
    """The line without its header."""
    text = PLAIN.write(event(value), NOON).octets.decode()
    return text.removeprefix("Aug 20 09:04:14 host  ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"pr": 17, "fd": 0}, 'pr="17" fd="0"'),
        ({"hh": "", "hm": "", "ht": ""}, "hh=\"''\" hm=\"''\" ht=\"''\""),
        ({"mnl": [], "mhl": [], "aliul": []}, "mnl=\"''\" mhl=\"''\" aliul=\"''\""),
        ({"pr": 6, "pparg": "", "ds": "", "dp": 1}, 'pr="6" dp="1"'),
        ({"mnl": ["a b.dll", "c.dll"]}, 'mnl="a b.dll c.dll "'),
        ({"mnl": "a.dll c.dll"}, 'mnl="a.dll c.dll "'),
        ({"parg": ' /i "x" \\y\\'}, 'parg=" /i \\"x\\" \\y\\"'),
        ({"sm": "-", "vsn": "Käse 測"}, 'sm="-" vsn="Käse 測"'),
        ({"_id": "0-1", "pr": 6}, 'pr="6"'),
        ({"a": True, "b": 1.5, "c": None}, 'a="true" b="1.5"'),
        ({"d": {"x": 1}}, 'd="{\\"x\\":1}"'),
        ({'bad key"=\n': 1}, 'bad_key___="1"'),
        ({}, ""),
    ],
)  # fmt: skip
def test_pairs(value: object, expected: str) -> None:
    """As real lines show it; in the strings form lists end in their space all the same."""
    assert expected == pairs(value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb", "a\\x0d\\x0ab"),
        ("\x00\x1b[2J\x7f", "\\x00\\x1b[2J\\x7f"),
        ("\x85\u2028\u2029", "\\x85\\u2028\\u2029"),
        ("tab\t", "tab\\x09"),
        ("\u00a0\u200b\ue000", "\u00a0\u200b\ue000"),
    ],
)
def test_control_characters_are_escaped_and_nothing_else(text: str, shown: str) -> None:
    """No text of an endpoint ends the line."""
    assert f'pn="{shown}"' == pairs({"pn": text})


@given(st.dictionaries(st.text(max_size=8), st.text() | st.integers() | st.lists(st.text())))
def test_a_line_is_one_line(value: dict[str, object]) -> None:
    """Whatever the record holds."""
    ours = {key: each for key, each in value.items() if not isinstance(each, int) or each < 2**63}
    try:
        made = PLAIN.write(event(ours), NOON).octets
    except TypeError:  # an integer that JSON's writer does not take
        return
    assert 1 == len(made.decode().splitlines())
    assert made.decode().isprintable() or not any(c < 32 for c in made)


def test_the_header_of_the_original() -> None:
    """Day padded by a space, English months, the time of the zone; PRI in front."""
    writer = LineWriter(14, "rfc3164", "collector", ZoneInfo("Asia/Kolkata"))
    line = writer.write(event({"pr": 6}), 1_533_148_200.0).octets

    assert b'<14>Aug  2 00:00:00 collector  pr="6"' == line


def test_the_header_of_rfc_5424() -> None:
    """The kind is the message id; no structured data."""
    writer = LineWriter(134, "rfc5424", "", ZoneInfo("Europe/Paris"), record_id=True)
    line = writer.write(event({"pr": 6}, "endpoint"), NOON).octets

    expected = '<134>1 2018-08-20T11:04:14.250000+02:00 - envizzy - endpoint - pr="6" _id="0a-1"'
    assert expected.encode() == line


@pytest.mark.parametrize("value", [b"", b"{", b"[1]", b"null", b'"x"', b"\xff"])
def test_what_is_no_object_is_refused(value: bytes) -> None:
    """The runner makes a dead letter of it."""
    with pytest.raises(ValueError, match=r"JSON|unexpected|EOF|UTF|character|column"):
        PLAIN.write(event({})._replace(value=value), NOON)


RECORD = {"pr": 6, "mnl": [f"m{i}.dll" for i in range(30)], "mhl": ["AB" * 32] * 30, "iid": 4}


@pytest.mark.parametrize("limit", range(60, 2600, 90))
def test_a_line_is_cut_at_list_items(limit: int) -> None:
    """As many items of each list as fit; all other values stay whole."""
    whole = PLAIN.write(event(RECORD), NOON)
    line = PLAIN.write(event(RECORD), NOON, limit)

    assert len(line.octets) <= limit
    assert (len(whole.octets) > limit) == line.cut
    text = line.octets.decode()
    assert 'pr="6"' in text
    assert text.endswith('iid="4"')
    assert text.count(".dll ") == text.count("AB" * 32 + " ")
    if line.cut:
        more = (len(".dll ") + 3) + 65
        assert len(line.octets) + more > limit


def test_a_line_without_lists_is_cut_at_its_longest_texts() -> None:
    """To one length, at a character; what is short stays."""
    line = PLAIN.write(event({"parg": "ü" * 500, "pn": "a.exe"}), NOON, 100)

    assert line.cut
    assert 99 <= len(line.octets) <= 100
    assert line.octets.decode().endswith('" pn="a.exe"')


def test_a_line_that_cannot_fit_is_refused() -> None:
    """Where even empty values are too much."""
    with pytest.raises(ValueError, match="no line of this record fits"):
        PLAIN.write(event({f"k{i}": 10**9 for i in range(50)}), NOON, 200)
