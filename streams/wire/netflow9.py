"""NetFlow v9 (RFC 3954): Export Packets, FlowSets, Templates and Options Templates."""

import struct

from schemas.registry import SCOPE_ELEMENTS
from streams.wire.model import (
    FieldSpecifier,
    Limits,
    Malformed,
    MalformedMessage,
    Message,
    MessageHeader,
    SetSpan,
    Template,
)

TEMPLATE_FLOWSET = 0
"""FlowSet ID of a Template FlowSet (RFC 3954, 5.2)."""

OPTIONS_TEMPLATE_FLOWSET = 1
"""FlowSet ID of an Options Template FlowSet (RFC 3954, 6.1)."""

VERSION_9 = 9

_HEADER_LENGTH = 20
_SET_HEADER_LENGTH = 4
_FIRST_TEMPLATE_ID = 256
_TEMPLATE_HEADER_LENGTH = 4
_OPTIONS_HEADER_LENGTH = 6
_SPECIFIER_LENGTH = 4

_header = struct.Struct(">HHIIII").unpack_from
_two = struct.Struct(">HH").unpack_from
_three = struct.Struct(">HHH").unpack_from


def read_v9_message(payload: bytes) -> Message:
    """Check the frame of an Export Packet (RFC 3954, 5.1), all of it before anything is used.

    FlowSets are walked by their lengths; the header's Count, which many Exporters get wrong, is
    not asked. A FlowSet of id 0 and length 0 ends the walk: some Exporters fill datagrams up with
    zeros (5.3 has padding in FlowSets only). So do fewer octets than a FlowSet Header, whatever
    they are.

    Args:
        payload: One whole UDP payload of Version 9.

    Returns:
        Header (its length is what was walked), FlowSets, and how many octets follow the last one.

    Raises:
        MalformedMessage: ``truncated`` (fewer octets than a header), ``set_length`` (shorter than
            a FlowSet Header, or past the datagram).
    """
    size = len(payload)
    if size < _HEADER_LENGTH:
        raise _truncated(size)
    version, _, uptime, seconds, sequence, source_id = _header(payload)
    spans: list[SetSpan] = []
    position = _HEADER_LENGTH
    while size - position >= _SET_HEADER_LENGTH:
        set_id, length = _two(payload, position)
        if not _SET_HEADER_LENGTH <= length <= size - position:
            if not set_id and not length:
                break
            raise MalformedMessage(
                Malformed.SET_LENGTH,
                position + 2,
                f"FlowSet {set_id} of {length} octets, 4 to {size - position} would fit",
            )
        spans.append(SetSpan(set_id, len(spans), position + _SET_HEADER_LENGTH, position + length))
        position += length
    header = MessageHeader(version, position, seconds, sequence, source_id, uptime)
    return Message(header, tuple(spans), size - position)


def read_v9_header(payload: bytes) -> MessageHeader:
    """Read the header of an Export Packet (RFC 3954, 5.1); its length is that of the payload.

    Raises:
        MalformedMessage: ``truncated``.
    """
    if len(payload) < _HEADER_LENGTH:
        raise _truncated(len(payload))
    version, _, uptime, seconds, sequence, source_id = _header(payload)
    return MessageHeader(version, len(payload), seconds, sequence, source_id, uptime)


def _truncated(size: int) -> MalformedMessage:
    return MalformedMessage(
        Malformed.TRUNCATED, 0, f"{size} octets, the header needs {_HEADER_LENGTH}"
    )


def read_v9_templates(payload: bytes, span: SetSpan, limits: Limits) -> tuple[Template, ...]:
    """Read a Template FlowSet (RFC 3954, 5.2); v9 has no withdrawals.

    Padding is what is shorter than a Template's header, and zeros of any number.

    Raises:
        MalformedMessage: ``template`` or ``limit``.
    """
    templates: list[Template] = []
    position, end = span.start, span.end
    while end - position >= _TEMPLATE_HEADER_LENGTH:
        template_id, count = _two(payload, position)
        if not template_id and not any(payload[position:end]):
            break
        _check_id(template_id, position)
        if not count:
            raise MalformedMessage(Malformed.TEMPLATE, position + 2, "a Template of no fields")
        _check_count(count, position + 2, limits)
        fields, position = _specifiers(payload, position + _TEMPLATE_HEADER_LENGTH, end, count)
        templates.append(Template(template_id, fields))
    return tuple(templates)


def read_v9_options_templates(
    payload: bytes, span: SetSpan, limits: Limits
) -> tuple[Template, ...]:
    """Read an Options Template FlowSet (RFC 3954, 6.1).

    Scope types become elements of their own (``SCOPE_ELEMENTS``). Lengths that real Exporters send
    are taken as they come, since a refused Message would take its other Templates with it: the two
    lengths are octets of Field Specifiers, which have four, so a remainder says nothing (EdgeRouter
    and pmacct said 9 for two fields); one of them may be 0 (nProbe 9.2 sent an Option Length of 0).
    Without Scope Fields the first field stands for the scope: the records are options data.

    Raises:
        MalformedMessage: ``template`` or ``limit``.
    """
    templates: list[Template] = []
    position, end = span.start, span.end
    while end - position >= _TEMPLATE_HEADER_LENGTH:
        if not any(payload[position:end]):
            break
        if end - position < _OPTIONS_HEADER_LENGTH:
            raise MalformedMessage(
                Malformed.TEMPLATE,
                position,
                f"{end - position} octets left, an Options Template's header needs 6",
            )
        template_id, scope_length, option_length = _three(payload, position)
        _check_id(template_id, position)
        scope_count = scope_length // _SPECIFIER_LENGTH
        count = scope_count + option_length // _SPECIFIER_LENGTH
        if not count:
            raise MalformedMessage(
                Malformed.TEMPLATE, position + 2, "an Options Template of no fields"
            )
        _check_count(count, position + 2, limits)
        fields, position = _specifiers(payload, position + _OPTIONS_HEADER_LENGTH, end, count)
        scopes = (
            FieldSpecifier(0, SCOPE_ELEMENTS + item.element_id, item.length)
            for item in fields[:scope_count]
        )
        templates.append(Template(template_id, (*scopes, *fields[scope_count:]), scope_count or 1))
    return tuple(templates)


def _check_id(template_id: int, position: int) -> None:
    if template_id < _FIRST_TEMPLATE_ID:
        raise MalformedMessage(
            Malformed.TEMPLATE, position, f"Template ID {template_id}, 256 and up would be right"
        )


def _check_count(count: int, position: int, limits: Limits) -> None:
    if count > limits.fields_per_template:
        raise MalformedMessage(
            Malformed.LIMIT, position, f"{count} fields, {limits.fields_per_template} are allowed"
        )


def _specifiers(
    payload: bytes, position: int, end: int, count: int
) -> tuple[tuple[FieldSpecifier, ...], int]:
    """Field types are 16 plain bits in v9, without enterprise numbers (RFC 3954, 5.2 and 8)."""
    behind = position + count * _SPECIFIER_LENGTH
    if behind > end:
        whole = (end - position) // _SPECIFIER_LENGTH
        raise MalformedMessage(
            Malformed.TEMPLATE,
            position + whole * _SPECIFIER_LENGTH,
            f"{count} fields, {whole} fit",
        )
    return (
        tuple(
            FieldSpecifier(0, *_two(payload, at))
            for at in range(position, behind, _SPECIFIER_LENGTH)
        ),
        behind,
    )
