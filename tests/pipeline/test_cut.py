"""Cutting records that are too large."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from streams.pipeline.cut import fit, json_octets


def test_what_fits_is_not_touched() -> None:
    """A record that fits stays as it is, without the key."""
    assert ({"a": "b"}, []) == fit({"a": "b"}, 100)


def test_longest_values_are_cut_to_one_length() -> None:
    """Two long texts end with the same length, a short one is whole, and the key names them."""
    value = {"parg": "x" * 500, "pn": "curl", "pparg": "y" * 300, "dp": 443}

    result, cut = fit(value, 300)

    assert ["parg", "pparg"] == cut == result["cut"]
    assert ("curl", 443) == (result["pn"], result["dp"])
    assert len(result["parg"]) == len(result["pparg"]) > 100
    assert json_octets(result) <= 300


def test_lists_lose_whole_items() -> None:
    """A list is cut at an item."""
    result, cut = fit({"mhl": ["A" * 64] * 20}, 300)

    assert ["mhl"] == cut
    assert {"A" * 64} == set(result["mhl"])
    assert 3 <= len(result["mhl"]) < 20


def test_what_cannot_fit_is_given_back_as_small_as_it_gets() -> None:
    """Numbers are not cut: the caller sees that it is still too large."""
    result, cut = fit({"a": 1234567890, "b": "text"}, 5)

    assert {"a": 1234567890, "b": "", "cut": ["b"]} == result
    assert ["b"] == cut


@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=3),
        st.one_of(st.integers(0, 9), st.text(max_size=60), st.lists(st.text(max_size=20))),
        min_size=1,
    ),
    st.integers(60, 400),
)
def test_a_cut_record_fits_and_keeps_beginnings(value: dict, limit: int) -> None:
    """Each value is what it was or its beginning, and the result is the same every time."""
    result, cut = fit(value, limit)

    assert (result, cut) == fit(value, limit)
    assert [*value, *(["cut"] if cut else [])] == list(result) or not cut
    for key, item in value.items():
        assert item == result[key] or (key in cut and item[: len(result[key])] == result[key])
    smallest = {k: v[:0] if isinstance(v, str | list) else v for k, v in value.items()}
    if len(orjson.dumps({**smallest, "cut": list(value)})) <= limit:
        assert json_octets(result) <= limit
