"""Router records for tests: fields by element id, octets field by field."""

from typing import Any

from schemas.elements import load_registry
from streams.interpret.router import (
    NO_FACTS,
    RouterFacts,
    RouterMessage,
    RouterSettings,
    interpret,
    make_plan,
    read_header,
)
from streams.wire import (
    DataSet,
    FieldSpecifier,
    Limits,
    MessageHeader,
    NestedTemplates,
    SetSpan,
    Template,
    bind,
    read_data_set,
)

REGISTRY = load_registry()
EXPORTED = 1_700_000_000
SECOND = 1_000_000_000
RECEIVED = EXPORTED * SECOND

Field = tuple[int | tuple[int, int], int | bytes, int]
"""Element (of IANA, or enterprise and id), value, octets."""


def a_message(
    version: int = 10, facts: RouterFacts = NO_FACTS, received_at_ns: int = RECEIVED, **header: int
) -> RouterMessage:
    """A Message of a version; ``header`` has what differs."""
    whole = MessageHeader(version, 0, EXPORTED, 1, 2)._replace(**header)
    return read_header(whole, received_at_ns, "192.0.2.1", facts, RouterSettings())


def flow(
    *fields: Field, message: RouterMessage | None = None, template_id: int = 256
) -> dict[str, Any]:
    """The flow record of one Data Record."""
    specifiers, payload = [], b""
    for element, value, size in fields:
        enterprise, number = element if isinstance(element, tuple) else (0, element)
        specifiers.append(FieldSpecifier(enterprise, number, size))
        payload += value if isinstance(value, bytes) else value.to_bytes(size)
    bound = bind(Template(template_id, tuple(specifiers)), REGISTRY)
    span = SetSpan(template_id, 0, 0, len(payload))
    data = read_data_set(payload, span, bound, NestedTemplates({}), Limits())
    assert isinstance(data, DataSet)
    (record,) = data.records
    return interpret(record, make_plan(bound), message or a_message())
