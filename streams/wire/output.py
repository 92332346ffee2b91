"""Decoded values as JSON-ready ones, and the interpreted form of a Plan."""

from typing import Any

from schemas.registry import InformationElement
from streams.wire.model import (
    BasicList,
    DataRecord,
    Plan,
    SubTemplateList,
    SubTemplateMultiList,
    Value,
    field_names,
)

_LARGEST_NUMBER = (1 << 64) - 1
"""JSON writers take integers of 64 bits; unsigned256 beyond that leaves as decimal text."""

_PADDING_OCTETS = (0, 210)
"""paddingOctets (RFC 7011, 3.3.1) says nothing."""


def is_padding(element: InformationElement) -> bool:
    """Whether this is paddingOctets, which no output shows."""
    return (element.enterprise_number, element.element_id) == _PADDING_OCTETS


def output_value(value: Value) -> Any:
    """Return the value as it stands in an output record.

    Octets become upper-case hex, lists become lists of values or of dictionaries by element name
    (``_2`` for repeats, paddingOctets left out), integers over 64 bits decimal text; the rest is
    as it is.
    """
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, int):
        return value if value <= _LARGEST_NUMBER else str(value)
    if isinstance(value, BasicList):
        return [output_value(item) for item in value.values]
    if isinstance(value, SubTemplateList | SubTemplateMultiList):
        return [_output_record(record) for record in value.records]
    return value


def _output_record(record: DataRecord) -> dict[str, Any]:
    shown = [(element, value) for element, value in record.fields if not is_padding(element)]
    names = field_names([element for element, _ in shown])
    return {name: output_value(value) for name, (_, value) in zip(names, shown, strict=True)}


def run_plan(record: DataRecord, plan: Plan) -> dict[str, Any]:
    """Make the output dictionary of one decoded record: the authority on what a Plan means."""
    output = dict(plan.constants)
    fields = record.fields
    for column in plan.columns:
        value = output_value(fields[column.index][1])
        if column.derive is not None:
            value = column.derive(value)
            if value is None:
                continue
        output[column.key] = value
    return output
