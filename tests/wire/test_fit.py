"""Whether a foreign Template fits a Data Set."""

import struct

import pytest

from streams.wire import Limits, NestedTemplates, fills, fits
from tests.wire.octets import EXPORT_TIME, NO_LIMITS, VARIABLE, bound_of, field, short, template

LAYOUT = template(256, field("dateTimeSeconds", 4), field("string", VARIABLE))
NOW = struct.pack(">I", EXPORT_TIME)
DAY = 86_400


def tried(data: bytes, *templates: bytes, limits: Limits = NO_LIMITS) -> tuple[bool, bool]:
    bound = bound_of(*templates or (LAYOUT,))
    nested = NestedTemplates(bound)
    payload = b"before" + data + b"behind"
    extent = (payload, 6, 6 + len(data), next(iter(bound.values())), nested, limits)
    return fills(*extent), fits(*extent, EXPORT_TIME)


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0\0\0"])
def test_records_that_fill_the_set(padding: bytes) -> None:
    """To the last octet, alignment apart."""
    assert (True, True) == tried(NOW + short(b"a") + NOW + short(b"") + padding)


@pytest.mark.parametrize("left", [b"\1", b"\0\0\0\0", NOW, b"\0\0\0\0\5a", b"\0\0\1"])
def test_anything_left_over_does_not_fill(left: bytes) -> None:
    """Garbage padding, too much of it, half a record."""
    assert (False, False) == tried(NOW + short(b"a") + left)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0",
        NOW + short(b"a\x01"),
        NOW + short(b"\xff"),
        struct.pack(">I", EXPORT_TIME - 730 * DAY - 1) + short(b"a"),
        struct.pack(">I", EXPORT_TIME + DAY + 1) + short(b"a"),
        bytes(4) + short(b"a"),
    ],
)
def test_implausible_records_fill_but_do_not_fit(data: bytes) -> None:
    """No record; control characters; ill-formed text; times far from the Export Time."""
    assert (True, False) == tried(data)


@pytest.mark.parametrize("seconds", [-730 * DAY, 0, DAY])
def test_times_within_the_bounds_fit(seconds: int) -> None:
    """Both bounds included."""
    assert (True, True) == tried(struct.pack(">I", EXPORT_TIME + seconds) + short(b"a"))


@pytest.mark.parametrize("text", [b"-c\nexit", b"a\tb", b"a\r\n"])
def test_text_with_tabs_and_line_breaks_fits(text: bytes) -> None:
    """Process arguments hold them."""
    assert (True, True) == tried(NOW + short(text))


@pytest.mark.parametrize("octet", [*range(9), 11, 12, *range(14, 32)])
def test_any_other_control_does_not_fit(octet: int) -> None:
    """It is an octet of a length or number that was taken for text."""
    assert (True, False) == tried(NOW + short(b"a" + bytes((octet,))))


def test_lists_are_looked_into() -> None:
    """A list that is malformed, or names a Template that is not known, does not fill."""
    layout = template(256, field("basicList", VARIABLE))
    sub = template(256, field("subTemplateList", VARIABLE))
    names = b"\3" + field("string", VARIABLE)

    assert (True, True) == tried(short(names + short(b"ab")), layout)
    assert (True, False) == tried(short(names + short(b"a\2")), layout)
    assert (False, False) == tried(short(names + b"\5a"), layout)
    assert (False, False) == tried(short(b"\3\1\x2c" + NOW), sub)
    assert (True, True) == tried(short(b"\3\1\0" + short(b"")), sub)
