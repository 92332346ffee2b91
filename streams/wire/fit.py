"""Does a Template fit a Data Set that did not come with it? Strict: a wrong match is silent."""

from schemas.registry import DataType
from streams.wire.model import (
    BasicList,
    BoundTemplate,
    DataRecord,
    DataSet,
    Limits,
    MalformedMessage,
    NestedTemplates,
    SubTemplateList,
    SubTemplateMultiList,
    Value,
)
from streams.wire.records import read_records
from streams.wire.walk import MissingTemplate

_ALIGNMENT = 4
"""Sets are padded to 4 octets (RFC 7011, 3.3.1): fewer than this many may be left over."""

_DAY = 86_400
OLDEST_SECONDS = 2 * 365 * _DAY
"""A time may lie this long before the Export Time: endpoints send what they kept offline."""

NEWEST_SECONDS = _DAY
"""A time may lie this long after the Export Time: both are the Exporter's own clock."""

_FIRST_PRINTABLE = 0x20
_LAID_OUT = frozenset("\t\n\r")
_CONTROLS = frozenset(map(chr, range(_FIRST_PRINTABLE))) - _LAID_OUT
"""C0 controls: an octet of a length or number that was taken for text.

Not tab and line breaks: process arguments hold them (scripts given on a command line), and a client
whose Templates never come would have such Sets parked for good.
"""


def fills(
    payload: bytes,
    start: int,
    end: int,
    bound: BoundTemplate,
    nested: NestedTemplates,
    limits: Limits,
    *,
    loose_padding: bool = False,
) -> bool:
    """Whether the records fill the Set to its last octet; never raises.

    Padding apart: fewer than 4 zero octets, and fewer than a record has.

    Args:
        payload: What holds the Set.
        start: Behind the Set Header.
        end: Behind the Set.
        bound: The Template that is tried.
        nested: Templates that its lists may name.
        limits: As for decoding.
        loose_padding: Whether fewer than 4 octets of anything, or zeros of any number, are padding
            too, as in NetFlow v9 (NX-OS has sent 36).
    """
    return _filling(payload, start, end, bound, nested, limits, loose_padding) is not None


def fits(
    payload: bytes,
    start: int,
    end: int,
    bound: BoundTemplate,
    nested: NestedTemplates,
    limits: Limits,
    export_time: int,
) -> bool:
    """Whether the records fill the Set and look like what the Template says; never raises.

    At least one record; strings are UTF-8 without C0 controls other than tab and line
    breaks; dateTimeSeconds lie between two
    years before and one day after the Export Time, both modulo 2**32 (RFC 7011, 5.2).

    Args:
        payload: What holds the Set.
        start: Behind the Set Header.
        end: Behind the Set.
        bound: The Template that is tried.
        nested: Templates that its lists may name.
        limits: As for decoding.
        export_time: Of the Message, seconds since 1970.
    """
    data = _filling(payload, start, end, bound, nested, limits, False)
    if data is None or not data.records or data.ill_formed:
        return False
    return all(_is_plausible(record, export_time) for record in data.records)


def _filling(
    payload: bytes,
    start: int,
    end: int,
    bound: BoundTemplate,
    nested: NestedTemplates,
    limits: Limits,
    loose_padding: bool,
) -> DataSet | None:
    try:
        data = read_records(payload, start, end, bound, nested, limits)
    except (MalformedMessage, MissingTemplate):
        return None
    long, filled = data.padding >= _ALIGNMENT, any(payload[end - data.padding : end])
    return None if (long and filled if loose_padding else long or filled) else data


def _is_plausible(record: DataRecord, export_time: int) -> bool:
    return all(
        _is_plausible_value(element.data_type, value, export_time)
        for element, value in record.fields
    )


def _is_plausible_value(data_type: DataType, value: Value, export_time: int) -> bool:
    if isinstance(value, str):
        return data_type is not DataType.STRING or _CONTROLS.isdisjoint(value)
    if isinstance(value, int):
        if data_type is not DataType.DATE_TIME_SECONDS:
            return True
        return (value - export_time + OLDEST_SECONDS) % (1 << 32) <= OLDEST_SECONDS + NEWEST_SECONDS
    if isinstance(value, BasicList):
        inner = value.element.data_type
        return all(_is_plausible_value(inner, item, export_time) for item in value.values)
    if isinstance(value, SubTemplateList | SubTemplateMultiList):
        return all(_is_plausible(record, export_time) for record in value.records)
    return True
