"""Data Records, field by field: the authority that compiled layouts are measured against.

Records hold lists and lists hold records (RFC 6313), so both stand here, around one ``Walk``.
"""

import struct
from collections.abc import Callable, Mapping

from schemas.registry import DataType, InformationElement, Registry, unknown_element
from streams.wire.model import (
    VARIABLE_LENGTH,
    BasicList,
    BoundTemplate,
    DataRecord,
    DataSet,
    Limits,
    ListSemantic,
    Malformed,
    MalformedMessage,
    NestedTemplates,
    SetSpan,
    SubTemplateList,
    SubTemplateMultiList,
    UndecodedSet,
    Value,
)
from streams.wire.templates import read_field_specifier
from streams.wire.values import scalar, text
from streams.wire.walk import MissingTemplate, Walk

LONG_LENGTH = 255
"""First octet of the three-octet form of a length (RFC 7011, 7)."""

_two = struct.Struct(">HH").unpack_from
_long = struct.Struct(">H").unpack_from

_STRING = DataType.STRING
_SEMANTIC_LENGTH = 1
_TEMPLATE_ID_LENGTH = 2
_MULTI_HEADER_LENGTH = 4
_NO_ELEMENT = unknown_element(0, 0)


def read_data_set(
    payload: bytes,
    span: SetSpan,
    bound: BoundTemplate,
    nested: NestedTemplates,
    limits: Limits,
) -> DataSet | UndecodedSet:
    """Read all records of a Data Set (RFC 7011, 3.4.3).

    What is left when no further record fits is padding, whatever its octets (9.1). A Template of
    zero-length fields only has records of no octets, which cannot be counted: the Set has none.

    Args:
        payload: The whole Message.
        span: The Set.
        bound: Its Template.
        nested: Templates that its lists may name.
        limits: Of list depth and members.

    Returns:
        The records, or an ``UndecodedSet`` where a list names a Template that is not known.

    Raises:
        MalformedMessage: ``record`` (a field reaches past the Set), ``list`` or ``limit``.
    """
    try:
        return read_records(payload, span.start, span.end, bound, nested, limits)
    except MissingTemplate as missing:
        return UndecodedSet(span, missing.template_id)


def read_records(
    payload: bytes,
    start: int,
    end: int,
    bound: BoundTemplate,
    nested: NestedTemplates,
    limits: Limits,
) -> DataSet:
    """Read the records between two offsets; lets ``MissingTemplate`` leave."""
    walk = Walk(payload, nested, limits)
    records: list[DataRecord] = []
    position = start
    shortest = bound.minimum_length
    while shortest and end - position >= shortest:
        walk.members = 0
        record, position = _read_record(walk, position, end, bound, 0)
        records.append(record)
    return DataSet(tuple(records), end - position, walk.ill_formed)


def _read_record(
    walk: Walk, position: int, end: int, bound: BoundTemplate, depth: int
) -> tuple[DataRecord, int]:
    """Read one record at ``position``; ``depth`` lists are around it."""
    payload = walk.payload
    reason = Malformed.LIST if depth else Malformed.RECORD
    fields: list[tuple[InformationElement, Value]] = []
    for field in bound.fields:
        start, stop = _extent(payload, position, end, field.length, reason)
        fixed = field.length != VARIABLE_LENGTH
        value = _read_value(walk, start, stop, field.element, fixed, bound.registry, depth)
        fields.append((field.element, value))
        position = stop
    return DataRecord(bound.template_id, bound.scope_count, tuple(fields)), position


def _extent(
    payload: bytes, position: int, end: int, length: int, reason: Malformed
) -> tuple[int, int]:
    """Where a value begins and ends (RFC 7011, 7), checked against its container."""
    start = position
    if length == VARIABLE_LENGTH:
        if end - position < 1:
            raise MalformedMessage(reason, position, "no octet left for a length")
        length = payload[position]
        start += 1
        if length == LONG_LENGTH:
            if end - start < 2:  # noqa: PLR2004 - octets of the long length
                raise MalformedMessage(reason, position, "the three-octet length is cut")
            (length,) = _long(payload, start)
            start += 2
    if length > end - start:
        raise MalformedMessage(
            reason, position, f"a value of {length} octets, {end - start} are left"
        )
    return start, start + length


def _read_value(
    walk: Walk,
    start: int,
    stop: int,
    element: InformationElement,
    fixed: bool,
    registry: Registry | None,
    depth: int,
) -> Value:
    data_type = element.data_type
    if data_type is _STRING:
        value, ill_formed = text(walk.payload[start:stop], fixed=fixed)
        walk.ill_formed += ill_formed
        return value
    read_list = _LISTS.get(data_type)
    if read_list is None:
        return scalar(data_type, walk.payload[start:stop])
    if depth >= walk.limits.list_depth:
        raise MalformedMessage(
            Malformed.LIMIT, start, f"lists nested deeper than {walk.limits.list_depth}"
        )
    return read_list(walk, start, stop, registry, depth + 1)


def _semantic(number: int) -> int:
    try:
        return ListSemantic(number)
    except ValueError:
        return number


def read_basic_list(
    walk: Walk, start: int, stop: int, registry: Registry | None, depth: int
) -> BasicList:
    """RFC 6313, 4.5.1. A list of no octets at all is read as empty: some exporters send that."""
    if start == stop:
        return BasicList(ListSemantic.UNDEFINED, _NO_ELEMENT, ())
    payload = walk.payload
    semantic = _semantic(payload[start])
    specifier, position = read_field_specifier(
        payload, start + _SEMANTIC_LENGTH, stop, Malformed.LIST
    )
    number, element_id = specifier.enterprise_number, specifier.element_id
    element = (
        registry.lookup(number, element_id) if registry else unknown_element(number, element_id)
    )
    if not specifier.length and position < stop:
        raise MalformedMessage(
            Malformed.LIST, position, "content in a list of zero-length elements"
        )
    fixed = specifier.length != VARIABLE_LENGTH
    values: list[Value] = []
    while position < stop:
        walk.count_member(position)
        begin, position = _extent(payload, position, stop, specifier.length, Malformed.LIST)
        values.append(_read_value(walk, begin, position, element, fixed, registry, depth))
    return BasicList(semantic, element, tuple(values))


def _read_sub_template_list(
    walk: Walk, start: int, stop: int, _registry: Registry | None, depth: int
) -> SubTemplateList:
    """RFC 6313, 4.5.2. An empty list needs no Template."""
    if start == stop:
        return SubTemplateList(ListSemantic.UNDEFINED, 0, ())
    position = start + _SEMANTIC_LENGTH
    if stop - position < _TEMPLATE_ID_LENGTH:
        raise MalformedMessage(Malformed.LIST, position, "no Template ID")
    (template_id,) = _long(walk.payload, position)
    records = _read_members(walk, position + _TEMPLATE_ID_LENGTH, stop, template_id, depth)
    return SubTemplateList(_semantic(walk.payload[start]), template_id, records)


def _read_sub_template_multi_list(
    walk: Walk, start: int, stop: int, _registry: Registry | None, depth: int
) -> SubTemplateMultiList:
    """RFC 6313, 4.5.3. Data Records Length 0 is the "exceptional case of zero instances"."""
    if start == stop:
        return SubTemplateMultiList(ListSemantic.UNDEFINED, ())
    records: list[DataRecord] = []
    position = start + _SEMANTIC_LENGTH
    while position < stop:
        if stop - position < _MULTI_HEADER_LENGTH:
            raise MalformedMessage(
                Malformed.LIST, position, "no room for Template ID and Data Records Length"
            )
        template_id, length = _two(walk.payload, position)
        length = length or _MULTI_HEADER_LENGTH
        if not _MULTI_HEADER_LENGTH <= length <= stop - position:
            raise MalformedMessage(
                Malformed.LIST,
                position + 2,
                f"Data Records Length {length}, 4 to {stop - position} would fit",
            )
        begin = position + _MULTI_HEADER_LENGTH
        position += length
        records.extend(_read_members(walk, begin, position, template_id, depth))
    return SubTemplateMultiList(_semantic(walk.payload[start]), tuple(records))


def _read_members(
    walk: Walk, position: int, stop: int, template_id: int, depth: int
) -> tuple[DataRecord, ...]:
    """Read records of one Template "until no further data remains"; lists have no padding (5.5)."""
    if position == stop:
        return ()
    bound = walk.nested.get(template_id)
    if bound is None:
        raise MissingTemplate(template_id)
    if not bound.minimum_length:
        raise MalformedMessage(
            Malformed.LIST, position, f"content for Template {template_id}, whose records are empty"
        )
    records: list[DataRecord] = []
    while position < stop:
        walk.count_member(position)
        record, position = _read_record(walk, position, stop, bound, depth)
        records.append(record)
    return tuple(records)


_ListReader = Callable[[Walk, int, int, Registry | None, int], Value]

_LISTS: Mapping[DataType, _ListReader] = {
    DataType.BASIC_LIST: read_basic_list,
    DataType.SUB_TEMPLATE_LIST: _read_sub_template_list,
    DataType.SUB_TEMPLATE_MULTI_LIST: _read_sub_template_multi_list,
}
