import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.json_nodes import Place
from schemas.json_text import MAXIMUM_MISTAKES, read_json

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON, st.sampled_from([None, 1, 4]), st.booleans())
def test_json_is_read_as_it_is(value: object, indent: int | None, ascii_only: bool) -> None:
    """What the standard library writes has no mistakes and the same value."""
    read = read_json(json.dumps(value, indent=indent, ensure_ascii=ascii_only))

    assert () == read.mistakes
    assert read.node is not None
    assert value == read.node.value


@given(st.text(alphabet='{}[]",:“1a \\\n#/-.', max_size=40))
def test_any_text_is_read_to_an_end(text: str) -> None:
    """No text makes it fail or loop; what is no JSON has a mistake."""
    read = read_json(text)
    try:
        right: object = json.loads(text)
    except ValueError:
        assert read.mistakes
    else:
        assert read.mistakes or (read.node is not None and right == read.node.value)


@pytest.mark.parametrize(
    ("text", "value", "mistakes"),
    [
        (
            '{"a": 1,\n}',
            {"a": 1},
            ["1:8 found ',' before '}', expected no comma behind the last entry"],
        ),
        ("[1, 2,]", [1, 2], ["1:6 found ',' before ']', expected no comma behind the last entry"]),
        (
            '{"a": 1\n "b": 2}',
            {"a": 1, "b": 2},
            ["2:2 found \"b\", expected ',' before it, or '}'"],
        ),
        ("{a: 1}", {"a": 1}, ['1:2 found a, expected a key in double quotes: "a"']),
        (
            "{'a': 'b'}",
            {"a": "b"},
            [
                '1:2 found the quote \', expected double quotes: "a"',
                '1:7 found the quote \', expected double quotes: "b"',
            ],
        ),
        ("{“a“: 1}", {"a": 1}, ['1:2 found the quote “, expected double quotes: "a"']),
        (
            '{"a": opt/acnvm/x}',
            {"a": "opt/acnvm/x"},
            [
                (
                    '1:7 found opt/acnvm/x, expected a text in double quotes: "opt/acnvm/x"; '
                    "or a number, true, false"
                )
            ],
        ),
        (
            '{"a": True, "b": No}',
            {"a": True, "b": False},
            ["1:7 found True, expected true", "1:18 found No, expected false"],
        ),
        ('{"a": 007}', {"a": 7}, ["1:7 found 007, expected 7 (no sign, no zero in front)"]),
        ('{"a" 1}', {"a": 1}, ["1:6 found 1, expected ':' behind the key \"a\""]),
        ('{"a" = 1}', {"a": 1}, ["1:6 found '=', expected ':' between key and value"]),
        ('{"a": }', {"a": None}, ["1:7 found '}', expected a value for \"a\""]),
        (
            '{"a": [1, 2}',
            {"a": [1, 2]},
            ["1:12 found '}', expected ']' for the '[' in line 1, column 7"],
        ),
        (
            '{"a": {"b": 1}',
            {"a": {"b": 1}},
            ["1:15 found the end of the file, expected '}' for the '{' in line 1, column 1"],
        ),
        (
            '{"a": [{"b": 1',
            {"a": [{"b": 1}]},
            [
                (
                    "1:15 found the end of the file, expected '}' for the '{' in line 1, column 8, "
                    "']' for the '[' in line 1, column 7, '}' for the '{' in line 1, column 1"
                )
            ],
        ),
        (
            '{"a": 1, "b} ] }',
            {"a": 1},
            [
                "1:10 found a text without end, expected '\"' at its end, in the same line",
                "1:17 found the end of the file, expected '}' for the '{' in line 1, column 1",
            ],
        ),
        (
            '{"a": 1}}',
            {"a": 1},
            ["1:9 found '}', expected nothing behind the end of the outermost value"],
        ),
        ('"a": 1}', {"a": 1}, ["1:1 found \"a\", expected '{' before the first key"]),
        (
            '{"a": "C:\\Windows"}',
            {"a": "C:\\Windows"},
            ["1:10 found \\W, expected \\\\W (a backslash is written twice)"],
        ),
        (
            '{"a": 1} // end',
            {"a": 1},
            ["1:10 found a comment, expected none: JSON has no comments"],
        ),
        (
            '{"a": 1, "a": 2}',
            {"a": 2},
            [
                (
                    '1:10 found the key "a" for the second time, expected each key once '
                    "(the first is in line 1)"
                )
            ],
        ),
        (
            '{"a": "x\n}',
            {"a": "x"},
            ["1:7 found a text without end, expected '\"' at its end, in the same line"],
        ),
        ("", None, ["1:1 found an empty file, expected an object: { ... }"]),
        ("[" * 40, None, ["1:33 found '[', expected at most 32 levels"]),
    ],
)
def test_a_mistake_names_place_found_and_expected(
    text: str, value: object, mistakes: list[str]
) -> None:
    """Reading goes on behind it where it is clear what was meant."""
    read = read_json(text)

    assert mistakes == [f"{m.place.line}:{m.place.column} {m}" for m in read.mistakes]
    assert value == (read.node.value if read.node else None)


def test_mistakes_are_bounded() -> None:
    """A file that is no JSON at all is not read to its end."""
    assert MAXIMUM_MISTAKES == len(read_json("{" + "a:1," * 1000).mistakes)


def test_every_value_keeps_its_place() -> None:
    """By keys and positions; where a path leads too far, the last place on the way."""
    node = read_json('{\n "a": [1,\n  {"b": 2}]}').node
    assert node is not None

    assert [Place(2, 2), Place(2, 8), Place(3, 4), Place(3, 4), Place(1, 1)] == [
        node.at(path) for path in (("a",), ("a", 0), ("a", 1, "b"), ("a", 1, "b", "c"), ("x",))
    ]
