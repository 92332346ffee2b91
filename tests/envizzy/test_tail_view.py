"""The table of ``envizzy tail``: what fits is readable, what does not is named."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from envizzy.tail_view import TailView

FLOW = {
    "fv": "nvzFlow_v3",
    "pr": 6,
    "sa": "192.0.2.130",
    "da": "198.51.100.26",
    "dp": 443,
    "liuid": "EXAMPLE\\ana.lopez",
    "pn": "firefox.exe",
    "dh": "outlook.example.com",
    "ibc": 123456,
    "obc": 1234,
}
OF_IPV6 = {"sa6": "2001:db8::7", "da6": "2001:db8::8", "dp": 53, "pn": "svchost.exe"}


def drawn(*values: object, width: int = 80) -> str:
    """The table of some records' values."""
    out = io.StringIO()
    with TailView("flow", Console(file=out, width=width)) as view:
        for offset, value in enumerate(values):
            view.add({"partition": 3, "offset": 120 + offset, "value": value})
    return out.getvalue()


def test_what_is_shown_is_whole_in_80_columns() -> None:
    """The least important gives way, and is named."""
    text = drawn(FLOW, OF_IPV6)

    for cell in ("3:120", "EXAMPLE\\ana.lopez", "firefox.exe", "192.0.2.130", "198.51.100.26"):
        assert f" {cell} " in text
    assert "no room for dh" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_both_kinds_of_addresses_stand_in_one_column() -> None:
    """A flow has one or the other."""
    text = drawn(FLOW, OF_IPV6, width=200)

    assert [" 2001:db8::7 ", " 2001:db8::8 "] == [
        cell for cell in (" 2001:db8::7 ", " 2001:db8::8 ") if cell in text
    ]
    assert "no room" not in text
    assert "sa6" not in text


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        ({"src_addr": "192.0.2.1", "dst_addr": "192.0.2.2", "bytes": 77}, ("192.0.2.1", "77")),
        ({"reason": "no_template", "detail": "x" * 99}, ("no_template", "x" * 20)),
        ({"unreadable": "no Avro"}, ("no Avro",)),
        (None, ("null",)),
    ],
)
def test_records_of_other_topics(value: Mapping[str, Any] | None, cells: tuple[str, ...]) -> None:
    """Each has columns of its own; what has none is shown as it is."""
    text = drawn(value)
    assert all(cell in text for cell in cells)
