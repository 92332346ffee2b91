"""How the compiled layout reads one field: a struct format, and an expression over what it gave.

No name that came from outside enters the source: keys pass through ``repr``, everything else is an
object in the name space.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from schemas.registry import DataType, Registry
from streams.wire.memo import Memo
from streams.wire.model import (
    VARIABLE_LENGTH,
    BoundField,
    CannotRead,
    Limits,
    MalformedMessage,
    NestedTemplates,
)
from streams.wire.output import output_value
from streams.wire.records import read_basic_list
from streams.wire.values import ipv4_text, ipv6_text, mac_text, scalar
from streams.wire.walk import MissingTemplate, Walk

_HEX_MEMO = 64
"""Fixed octets up to this many are hashes and identifiers, which repeat: hex is remembered."""

_BASIC_HEADER = 5
_ENTERPRISE_BASIC_HEADER = 9
_LIST_TYPES = frozenset({DataType.SUB_TEMPLATE_LIST, DataType.SUB_TEMPLATE_MULTI_LIST})

_INTEGERS: Mapping[tuple[DataType, int], str] = {
    (DataType.UNSIGNED8, 1): "B",
    (DataType.SIGNED8, 1): "b",
    (DataType.DATE_TIME_SECONDS, 4): "I",
    (DataType.DATE_TIME_MILLISECONDS, 8): "Q",
    **{
        (kind, length): code
        for kinds, codes in (
            (("unsigned16", "unsigned32", "unsigned64"), {1: "B", 2: "H", 4: "I", 8: "Q"}),
            (("signed16", "signed32", "signed64"), {1: "b", 2: "h", 4: "i", 8: "q"}),
        )
        for size, kind in zip((2, 4, 8), map(DataType, kinds), strict=True)
        for length, code in codes.items()
        if length <= size
    },
    (DataType.FLOAT32, 4): "f",
    (DataType.FLOAT64, 4): "f",
    (DataType.FLOAT64, 8): "d",
}
"""What struct reads by itself (reduced sizes of 3, 5, 6 and 7 octets it does not)."""

_ADDRESSES: Mapping[tuple[DataType, int], Callable[[bytes], str]] = {
    (DataType.IPV4_ADDRESS, 4): ipv4_text,
    (DataType.IPV6_ADDRESS, 16): ipv6_text,
    (DataType.MAC_ADDRESS, 6): mac_text,
}

_NOT_MEMOISED = frozenset({DataType.BOOLEAN, DataType.FLOAT32, DataType.FLOAT64})
"""Equal keys that are not the same value: True and 1, 0.0 and -0.0."""


class Reading(NamedTuple):
    """How a field is read.

    Attributes:
        code: struct format; "" for variable-length fields, which are sliced.
        expression: Over ``{}``, the raw value; names an object below as ``_``.
        helper: Put into the name space in place of ``_``; None where there is none.
        checked: Whether it must be read even where no column wants it: a list may be malformed.
        memoise: Whether derived values may be remembered by the output value.
    """

    code: str
    expression: str
    helper: Callable[[Any], Any] | Memo | None = None
    checked: bool = False
    memoise: bool = True


def reading(  # noqa: PLR0911 - one return a way of reading
    field: BoundField, registry: Registry | None, limits: Limits
) -> Reading | None:
    """Say how a field is read; None where only the interpreted path can (Templates in lists)."""
    kind, length = field.element.data_type, field.length
    variable = length == VARIABLE_LENGTH
    code = "" if variable else f"{length}s"
    if kind in _LIST_TYPES:
        return None
    if kind is DataType.BASIC_LIST:
        return Reading(code, "_[{}]", Memo(BasicLists(registry, limits)), True, False)
    if kind is DataType.STRING:
        cut = "" if variable else '.rstrip(b"\\0")'
        # decode() takes half the time of str(octets, "utf-8")
        return Reading(code, f"{{}}{cut}.decode()")
    integer = _INTEGERS.get((kind, length))
    if integer is not None:
        return Reading(integer, "{}", memoise=kind not in _NOT_MEMOISED)
    address = _ADDRESSES.get((kind, length))
    if address is not None:
        return Reading(code, "_[{}]", Memo(address))
    if kind is DataType.OCTET_ARRAY:
        if not variable and length <= _HEX_MEMO:
            return Reading(code, "_[{}]", Memo(_upper_hex))
        return Reading(code, "{}.hex().upper()")
    return Reading(code, "_({})", _other(kind), memoise=kind not in _NOT_MEMOISED)


def _upper_hex(octets: bytes) -> str:
    return octets.hex().upper()


def _other(kind: DataType) -> Callable[[bytes], Any]:
    """Any type in any length, by the interpreted path's own functions."""

    def read(octets: bytes) -> Any:
        return output_value(scalar(kind, octets))

    return read


class BasicLists:
    """Reads basicLists of one field; the header seen before goes the short way (6313, 4.5.1)."""

    __slots__ = ("_header", "_limits", "_registry", "_short")

    def __init__(self, registry: Registry | None, limits: Limits) -> None:
        self._registry = registry
        self._limits = limits
        self._header = b""
        self._short: Callable[[bytes], list[Any]] | None = None

    def __call__(self, octets: bytes) -> list[Any]:
        """Return the list's output value; ``CannotRead`` where it is not plain."""
        if self._short is not None and octets.startswith(self._header):
            return self._short(octets)
        walk = Walk(octets, NestedTemplates(), self._limits)
        try:
            value = read_basic_list(walk, 0, len(octets), self._registry, 1)
        except (MalformedMessage, MissingTemplate) as error:
            raise CannotRead from error
        if walk.ill_formed:
            raise CannotRead
        if octets:
            self._remember(octets, value.element.data_type)
        output: list[Any] = output_value(value)
        return output

    def _remember(self, octets: bytes, kind: DataType) -> None:
        size = _ENTERPRISE_BASIC_HEADER if octets[1] & 0x80 else _BASIC_HEADER
        length = int.from_bytes(octets[3:5], "big")
        self._short = None
        if kind is DataType.STRING and length == VARIABLE_LENGTH:
            self._short = _short_strings(size)
        elif kind is DataType.OCTET_ARRAY and 0 < length < VARIABLE_LENGTH:
            self._short = _short_octets(size, length)
        self._header = octets[:size]


def _short_strings(header: int) -> Callable[[bytes], list[Any]]:
    def read(octets: bytes) -> list[Any]:
        items = []
        position, end = header, len(octets)
        while position < end:
            stop = position + octets[position] + 1
            if octets[position] == 255:  # noqa: PLR2004 - the three-octet form (RFC 7011, 7)
                position += 2
                stop = position + (octets[position - 1] << 8 | octets[position]) + 1
            if stop > end:
                raise CannotRead
            items.append(octets[position + 1 : stop].decode())
            position = stop
        return items

    return read


def _short_octets(header: int, length: int) -> Callable[[bytes], list[Any]]:
    step = 2 * length

    def read(octets: bytes) -> list[Any]:
        if (len(octets) - header) % length:
            raise CannotRead
        digits = octets[header:].hex().upper()
        return [digits[at : at + step] for at in range(0, len(digits), step)]

    return read
