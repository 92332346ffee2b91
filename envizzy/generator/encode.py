"""Values to IPFIX octets (RFC 7011, 3; RFC 6313, 4.5.1), as real nvzFlow clients write them."""

import struct
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from envizzy.generator.layouts import VARIABLE, Field, Layout

DOMAIN = 127
"""Observation Domain ID of all real nvzFlow messages that are public."""

_HEADER = struct.Struct("!HHIII")
_SET = struct.Struct("!HH")
_LONG = struct.Struct("!BH")
_VERSION, _TEMPLATE_SET, _ENTERPRISE, _ALL_OF = 10, 2, 0x8000, 3
_SHORT_LIMIT = 255
_INNER_LENGTH = {"texts": VARIABLE, "hexes": 32}


def message(body: bytes, export_time: int, sequence: int) -> bytes:
    """One Message.

    Args:
        body: Its Sets.
        export_time: Seconds since 1970-01-01T00:00:00Z.
        sequence: Data Records sent before it.
    """
    length = _HEADER.size + len(body)
    return _HEADER.pack(_VERSION, length, export_time, sequence & 0xFFFFFFFF, DOMAIN) + body


def set_of(set_id: int, content: bytes) -> bytes:
    """A Set around its content, without padding."""
    return _SET.pack(set_id, _SET.size + len(content)) + content


def templates(layouts: Iterable[Layout]) -> bytes:
    """One Template Set that defines all layouts."""
    octets = bytearray()
    for layout in layouts:
        octets += struct.pack("!HH", layout.template_id, len(layout.fields))
        for field in layout.fields:
            octets += _specifier(field.enterprise_number, field.element_id, field.length)
    return set_of(_TEMPLATE_SET, bytes(octets))


def record(layout: Layout, value: Mapping[str, Any]) -> bytes:
    """The octets of one Data Record.

    Args:
        layout: Its Template.
        value: Key to value for each field of the layout.
    """
    return b"".join(_WRITERS[field.form](field, value[field.key]) for field in layout.fields)


def _specifier(enterprise: int, element: int, length: int) -> bytes:
    if not enterprise:
        return struct.pack("!HH", element, length)
    return struct.pack("!HHI", element | _ENTERPRISE, length, enterprise)


def _number(field: Field, value: int) -> bytes:
    return value.to_bytes(field.length, "big")


def _address(_field: Field, value: str) -> bytes:
    return ip_address(value).packed


def _hex(_field: Field, value: str) -> bytes:
    return bytes.fromhex(value)


def _text(_field: Field, value: str) -> bytes:
    return _variable(value.encode())


def _list(field: Field, members: Iterable[str]) -> bytes:
    """A basicList; its outer length is always in the long form, as real clients send it."""
    length = _INNER_LENGTH[field.form]
    if field.inner is None:
        raise ValueError(f"{field.key} is written as a list and names no inner element")
    octets = bytes((_ALL_OF,)) + _specifier(*field.inner, length)
    if length == VARIABLE:
        octets += b"".join(_variable(each.encode()) for each in members)
    else:
        octets += b"".join(bytes.fromhex(each) for each in members)
    return _LONG.pack(_SHORT_LIMIT, len(octets)) + octets


def _variable(octets: bytes) -> bytes:
    if len(octets) < _SHORT_LIMIT:
        return bytes((len(octets),)) + octets
    return _LONG.pack(_SHORT_LIMIT, len(octets)) + octets


_WRITERS: Mapping[str, Callable[[Field, Any], bytes]] = {
    "number": _number,
    "address": _address,
    "hex": _hex,
    "text": _text,
    "texts": _list,
    "hexes": _list,
}
