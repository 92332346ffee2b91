"""Writes a record as the JSON that stands on its topic."""

from collections.abc import Mapping
from typing import Any, Literal

import orjson

JsonValues = Literal["typed", "strings"]
"""Numbers as numbers and lists as arrays, or the collector's form in which every value is text."""

BigNumbers = Literal["numbers", "strings"]
"""What becomes of integers beyond 2**53, which many JSON readers round."""

LARGEST_EXACT = 2**53
"""Up to here a JSON reader with binary64 numbers is exact."""

_LARGEST_WRITTEN = 2**64 - 1  # orjson writes no larger integer
_SMALLEST_WRITTEN = -(2**63)


def render(
    value: dict[str, Any],
    json_values: JsonValues = "typed",
    big_numbers: BigNumbers = "numbers",
    meta: Mapping[str, Any] | None = None,
) -> bytes:
    """Write a record.

    Args:
        value: Output record, JSON-ready.
        json_values: With ``strings`` numbers are decimal text, members of a list are joined by a
            space, and empty texts and lists are left out, as in the collector's JSON.
        big_numbers: With ``strings`` integers beyond 2**53 are decimal text. Those beyond 64 bits
            always are.
        meta: Fields of ours that go behind the record's own (``meta = "fields"``).

    Returns:
        One JSON object in UTF-8, keys in the order given, without spaces.
    """
    if meta:
        value = {**value, **meta}
    if json_values == "strings":
        return orjson.dumps(
            {key: text for key, item in value.items() if (text := _as_text(item)) != ""}
        )
    if big_numbers == "strings":
        value = _bounded(value, -LARGEST_EXACT, LARGEST_EXACT)
    try:
        return orjson.dumps(value)
    except TypeError:
        # unsigned256, or a site's element of it: the only integers that exceed 64 bits
        return orjson.dumps(_bounded(value, _SMALLEST_WRITTEN, _LARGEST_WRITTEN))


def _bounded(value: Any, least: int, most: int) -> Any:  # JSON-ready in, JSON-ready out
    if isinstance(value, int):
        return value if least <= value <= most else str(value)
    if isinstance(value, list):
        return [_bounded(item, least, most) for item in value]
    if isinstance(value, dict):
        return {key: _bounded(item, least, most) for key, item in value.items()}
    return value


def _as_text(value: Any) -> str:  # JSON-ready
    kind = type(value)
    if kind is str or kind is int:
        return str(value)
    if kind is list:
        return " ".join(map(_as_text, value))
    if kind is bool:
        return "true" if value else "false"
    return orjson.dumps(_bounded(value, _SMALLEST_WRITTEN, _LARGEST_WRITTEN)).decode()
