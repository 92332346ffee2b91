"""Octets of Messages, spelt field by field, and a small registry."""

import struct

from schemas.registry import DataType, InformationElement, Registry
from streams.wire import (
    BoundTemplate,
    DataSet,
    Limits,
    NestedTemplates,
    SetSpan,
    UndecodedSet,
    bind,
    read_data_set,
    read_message,
    read_templates,
)

EXPORT_TIME = 1_447_632_000
"""2015-11-16T00:00:00Z."""

VARIABLE = 65535
NO_LIMITS = Limits()

_TYPES = list(DataType)

REGISTRY = Registry(
    {
        (element.enterprise_number, element.element_id): element
        for element in [
            *(InformationElement(0, 1000 + n, f"x{t}", t) for n, t in enumerate(_TYPES)),
            *(InformationElement(9, 1000 + n, f"c{t}", t) for n, t in enumerate(_TYPES)),
            InformationElement(0, 1, "octetDeltaCount", DataType.UNSIGNED64),
            InformationElement(0, 210, "paddingOctets", DataType.OCTET_ARRAY),
            InformationElement(0, 303, "informationElementId", DataType.UNSIGNED16),
            InformationElement(0, 339, "informationElementDataType", DataType.UNSIGNED8),
            InformationElement(0, 341, "informationElementName", DataType.STRING),
            InformationElement(0, 344, "informationElementSemantics", DataType.UNSIGNED8),
            InformationElement(0, 345, "informationElementUnits", DataType.UNSIGNED16),
            InformationElement(0, 346, "privateEnterpriseNumber", DataType.UNSIGNED32),
        ]
    }
)
"""Element 1000 + n of enterprises 0 and 9 has the n-th data type."""


def element_of(kind: str) -> int:
    """The id of the element of a data type."""
    return 1000 + _TYPES.index(DataType(kind))


def a_set(set_id: int, *content: bytes) -> bytes:
    """Set ID | Length | content."""
    body = b"".join(content)
    return struct.pack(">HH", set_id, 4 + len(body)) + body


def message(*sets: bytes, sequence: int = 7, domain: int = 1) -> bytes:
    """Version 10 | Length | Export Time | Sequence Number | Domain | Sets."""
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), EXPORT_TIME, sequence, domain) + body


def v9_message(*sets: bytes, sequence: int = 7, source_id: int = 1, count: int = 0) -> bytes:
    """Version 9 | Count | SysUptime 60 s | UNIX Secs | Sequence Number | Source ID | FlowSets.

    Count is wrong unless it is given: nobody asks it.
    """
    head = struct.pack(">HHIIII", 9, count, 60_000, EXPORT_TIME, sequence, source_id)
    return head + b"".join(sets)


def v9_options_template(
    template_id: int, scopes: tuple[bytes, ...], options: tuple[bytes, ...]
) -> bytes:
    """Template ID | Option Scope Length | Option Length | scopes | options (type, length each)."""
    lengths = [sum(map(len, part)) for part in (scopes, options)]
    return struct.pack(">HHH", template_id, *lengths) + b"".join((*scopes, *options))


def field(kind: str | int, length: int, enterprise: int = 0) -> bytes:
    """A Field Specifier: element id with enterprise bit | Length | Enterprise Number."""
    number = kind if isinstance(kind, int) else element_of(kind)
    if not enterprise:
        return struct.pack(">HH", number, length)
    return struct.pack(">HHI", number | 0x8000, length, enterprise)


def template(template_id: int, *fields: bytes) -> bytes:
    """Template ID | Field Count | Field Specifiers."""
    return struct.pack(">HH", template_id, len(fields)) + b"".join(fields)


def options_template(template_id: int, scope_count: int, *fields: bytes) -> bytes:
    """Template ID | Field Count | Scope Field Count | Field Specifiers."""
    return struct.pack(">HHH", template_id, len(fields), scope_count) + b"".join(fields)


def short(content: bytes) -> bytes:
    """One-octet length | content."""
    return bytes([len(content)]) + content


def long(content: bytes) -> bytes:
    """255 | two-octet length | content."""
    return b"\xff" + struct.pack(">H", len(content)) + content


def entry_of(template_id: int, content: bytes) -> bytes:
    """Of a subTemplateMultiList: Template ID | Data Records Length, header included | content."""
    return struct.pack(">HH", template_id, 4 + len(content)) + content


def bound_of(*templates: bytes, set_id: int = 2) -> dict[int, BoundTemplate]:
    """Bind Template Records."""
    payload = message(a_set(set_id, *templates))
    items = read_templates(payload, read_message(payload).sets[0], NO_LIMITS)
    return {item.template_id: bind(item, REGISTRY) for item in items}  # type: ignore[arg-type]


def span_of(payload: bytes) -> SetSpan:
    """The first Set of a Message."""
    return read_message(payload).sets[0]


def decode(
    data: bytes, *templates: bytes, limits: Limits = NO_LIMITS, set_id: int = 2
) -> DataSet | UndecodedSet:
    """Read ``data`` as a Data Set of the first of the Templates; all of them are known to lists."""
    bound = bound_of(*templates, set_id=set_id)
    first = next(iter(bound))
    payload = message(a_set(first, data))
    return read_data_set(payload, span_of(payload), bound[first], NestedTemplates(bound), limits)


def values(data: bytes, *templates: bytes, limits: Limits = NO_LIMITS) -> list[list[object]]:
    """The values of each record of ``decode``."""
    result = decode(data, *templates, limits=limits)
    assert isinstance(result, DataSet)
    return [[value for _, value in record.fields] for record in result.records]


FIRST = 20
"""Offset of the first octet behind the first Set Header."""
