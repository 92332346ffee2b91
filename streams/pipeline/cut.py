"""A record that is too large for its topic is cut by one rule, and says so.

The rule: the longest texts and lists are cut to one common length, the greatest with which the
record fits. So nothing that is shorter is touched, and the same record is always cut the same way.
A text loses characters at its end, a list whole items. The key ``cut`` names what was cut.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

CUT_KEY = "cut"
"""Names the keys that were cut, in the record's order."""


def json_octets(value: Mapping[str, Any]) -> int:
    """Octets of the record as JSON."""
    return len(orjson.dumps(value))


def fit(
    value: Mapping[str, Any],
    limit: int,
    octets: Callable[[Mapping[str, Any]], int] = json_octets,
) -> tuple[dict[str, Any], list[str]]:
    """Cut a record until it fits; called only where the rendered one does not.

    Args:
        value: The output record; not changed.
        limit: Octets that the topic takes.
        octets: How large a record is once rendered.

    Returns:
        The record, and the keys that were cut. Where even empty texts and lists do not help, it is
        still too large: the caller makes a dead letter (``too_large``).
    """
    if octets(value) <= limit:
        return dict(value), []
    sizes = {key: _size(item) for key, item in value.items() if isinstance(item, str | list)}
    low, high = 0, max(sizes.values(), default=0)
    # the greatest level with which it fits, by halving
    while low < high:
        middle = (low + high + 1) // 2
        if octets(_at_level(value, sizes, middle)) <= limit:
            low = middle
        else:
            high = middle - 1
    result = _at_level(value, sizes, low)
    return result, list(result[CUT_KEY])


def _at_level(value: Mapping[str, Any], sizes: Mapping[str, int], level: int) -> dict[str, Any]:
    result = {
        key: _shortened(item, level) if sizes.get(key, 0) > level else item
        for key, item in value.items()
    }
    result[CUT_KEY] = [key for key in value if sizes.get(key, 0) > level]
    return result


def _shortened(item: str | list[Any], level: int) -> str | list[Any]:
    """The longest beginning of at most ``level`` octets as JSON."""
    low, high = 0, len(item)
    while low < high:
        middle = (low + high + 1) // 2
        if _size(item[:middle]) <= level:
            low = middle
        else:
            high = middle - 1
    return item[:low]


def _size(item: str | list[Any]) -> int:
    return len(orjson.dumps(item))
