"""Template and Options Template Records of IPFIX, withdrawals, and binding to elements."""

import struct

from schemas.registry import DataType, Registry
from streams.wire.model import (
    VARIABLE_LENGTH,
    BoundField,
    BoundTemplate,
    FieldSpecifier,
    Limits,
    Malformed,
    MalformedMessage,
    SetSpan,
    Template,
    Withdrawal,
)

TEMPLATE_SET = 2
"""Set ID of a Template Set (RFC 7011, 3.3.2)."""

OPTIONS_TEMPLATE_SET = 3
"""Set ID of an Options Template Set (RFC 7011, 3.3.2)."""

FIRST_TEMPLATE_ID = 256
"""Template IDs of Data Sets begin here (RFC 7011, 3.4.1)."""

_SHORTEST_RECORD = 4
"""Octets of a withdrawal, the shortest record: fewer are padding (RFC 7011, 3.3.1)."""

_ENTERPRISE_BIT = 0x8000
_SPECIFIER_LENGTH = 4
_ENTERPRISE_SPECIFIER_LENGTH = 8

_two = struct.Struct(">HH").unpack_from
_one = struct.Struct(">H").unpack_from
_enterprise = struct.Struct(">I").unpack_from


def read_field_specifier(
    payload: bytes, position: int, end: int, reason: Malformed = Malformed.TEMPLATE
) -> tuple[FieldSpecifier, int]:
    """Read a Field Specifier (RFC 7011, 3.2); basicLists begin with one too (RFC 6313, 4.5.1).

    Args:
        payload: Where it stands.
        position: Of its first octet.
        end: Behind the last octet of what contains it.
        reason: Given to the error.

    Returns:
        The specifier, and the position behind it.

    Raises:
        MalformedMessage: It does not fit its container.
    """
    if end - position < _SPECIFIER_LENGTH:
        raise MalformedMessage(
            reason, position, f"{end - position} octets left, a Field Specifier needs 4"
        )
    element_id, length = _two(payload, position)
    if not element_id & _ENTERPRISE_BIT:
        return FieldSpecifier(0, element_id, length), position + _SPECIFIER_LENGTH
    if end - position < _ENTERPRISE_SPECIFIER_LENGTH:
        raise MalformedMessage(
            reason,
            position,
            f"{end - position} octets left, an enterprise Field Specifier needs 8",
        )
    (enterprise_number,) = _enterprise(payload, position + _SPECIFIER_LENGTH)
    return (
        FieldSpecifier(enterprise_number, element_id & ~_ENTERPRISE_BIT, length),
        position + _ENTERPRISE_SPECIFIER_LENGTH,
    )


def read_ipfix_templates(
    payload: bytes, span: SetSpan, limits: Limits
) -> tuple[Template | Withdrawal, ...]:
    """Read a Template Set or an Options Template Set (RFC 7011, 3.4.1, 3.4.2.2, 8.1).

    Padding is what is shorter than any record, whatever its octets (9.1), and zero octets of any
    number: on 8-octet boundaries there are four (3.3.1), which would else be Template 0.

    Args:
        payload: The whole Message.
        span: A Set of id 2 or 3.
        limits: ``fields_per_template`` applies.

    Returns:
        Templates and withdrawals in wire order; they take effect in this order (8.1).

    Raises:
        MalformedMessage: ``template`` or ``limit``.
    """
    options = span.set_id == OPTIONS_TEMPLATE_SET
    records: list[Template | Withdrawal] = []
    position, end = span.start, span.end
    while end - position >= _SHORTEST_RECORD:
        template_id, count = _two(payload, position)
        if not template_id and not any(payload[position:end]):
            break
        if count == 0:
            records.append(_withdrawal(template_id, span, position))
            position += _SHORTEST_RECORD
        else:
            template, position = _read_template(payload, position, end, options, limits)
            records.append(template)
    return tuple(records)


def _withdrawal(template_id: int, span: SetSpan, position: int) -> Withdrawal:
    if template_id < FIRST_TEMPLATE_ID and template_id != span.set_id:
        raise MalformedMessage(
            Malformed.TEMPLATE,
            position,
            f"withdrawal of Template {template_id}, not {span.set_id} (all) or 256 and up",
        )
    return Withdrawal(template_id, span.set_id == OPTIONS_TEMPLATE_SET)


def _read_template(
    payload: bytes, start: int, end: int, options: bool, limits: Limits
) -> tuple[Template, int]:
    template_id, count = _two(payload, start)
    if template_id < FIRST_TEMPLATE_ID:
        raise MalformedMessage(
            Malformed.TEMPLATE, start, f"Template ID {template_id}, 256 and up would be right"
        )
    if count > limits.fields_per_template:
        raise MalformedMessage(
            Malformed.LIMIT, start + 2, f"{count} fields, {limits.fields_per_template} are allowed"
        )
    position = start + 4
    scope_count = 0
    if options:
        if end - position < 2:  # noqa: PLR2004 - octets of the Scope Field Count
            raise MalformedMessage(Malformed.TEMPLATE, position, "no Scope Field Count")
        (scope_count,) = _one(payload, position)
        if not 1 <= scope_count <= count:
            raise MalformedMessage(
                Malformed.TEMPLATE, position, f"{scope_count} Scope Fields of {count} fields"
            )
        position += 2
    fields: list[FieldSpecifier] = []
    for _ in range(count):
        specifier, position = read_field_specifier(payload, position, end)
        fields.append(specifier)
    return Template(template_id, tuple(fields), scope_count), position


def bind(template: Template, registry: Registry) -> BoundTemplate:
    """Look up a Template's elements: what it takes to decode Data Sets with it."""
    fields = tuple(
        BoundField(registry.lookup(item.enterprise_number, item.element_id), item.length)
        for item in template.fields
    )
    has_basic_list = any(item.element.data_type is DataType.BASIC_LIST for item in fields)
    return BoundTemplate(
        template.template_id,
        fields,
        template.scope_count,
        sum(1 if item.length == VARIABLE_LENGTH else item.length for item in fields),
        registry if has_basic_list else None,
    )
