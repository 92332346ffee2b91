"""From decoded values to what a line shows."""

from typing import Any

import orjson

from envizzy.decode.model import Item, Kind
from streams.wire import field_names, list_notes, printed_value
from streams.wire.model import VARIABLE_LENGTH, BoundTemplate, DataRecord, Withdrawal
from streams.wire.output import is_padding

_WIRE_IDS = 0xFFFF
"""NetFlow v9's scope types are elements behind these (``SCOPE_ELEMENTS``); shown as sent."""

_WHERE_SENT = ("sys_uptime_ms", "export_time_residual_ns", "sampling")
"""Keys that stand only in lines of versions whose header has them."""

_UNSAID = "-"
"""In a readable line, for what the file does not have."""


def record_fields(record: DataRecord) -> dict[str, Any]:
    """Element name to printed value, in wire order; repeats get ``_2``, padding is left out."""
    shown = [(element, value) for element, value in record.fields if not is_padding(element)]
    names = field_names([element for element, _ in shown])
    return {
        name: printed_value(element, value)
        for name, (element, value) in zip(names, shown, strict=True)
    }


def record_details(record: DataRecord) -> dict[str, Any]:
    """``lists``, where a field is one: how its members relate, and what they are."""
    notes = list_notes(record.fields)
    return {"lists": notes} if notes else {}


def template_details(bound: BoundTemplate) -> dict[str, Any]:
    """The fields of a Template, in wire order."""
    fields = []
    for index, field in enumerate(bound.fields):
        element = field.element
        shown: dict[str, Any] = {
            "name": element.name,
            "enterprise_number": element.enterprise_number,
            "element_id": element.element_id & _WIRE_IDS,
            "length": "variable" if field.length == VARIABLE_LENGTH else field.length,
        }
        if index < bound.scope_count:
            shown["scope"] = True
        fields.append(shown)
    return {"elements": fields}


def withdrawal_details(withdrawal: Withdrawal, *, obeyed: bool) -> dict[str, Any]:
    """A withdrawal, and whether it counted (RFC 7011, 8.1 and 8.4)."""
    return {"withdrawal": "obeyed" if obeyed else "ignored", "options": withdrawal.options}


def json_line(item: Item) -> bytes:
    """One JSON object, without its newline."""
    origin = item.origin._asdict()
    for name in _WHERE_SENT:
        if origin[name] is None:
            del origin[name]
    value: dict[str, Any] = {"kind": item.kind.value, **origin}
    if item.template_id is not None:
        value["template_id"] = item.template_id
    if item.fields is not None:
        value["fields"] = item.fields
    return orjson.dumps({**value, **item.details})


def readable_line(item: Item) -> str:
    """One line for people: what, from whom, when, and what is in it."""
    origin = item.origin
    place = (
        f"{item.kind.value:9} {item.template_id if item.template_id is not None else _UNSAID:>5}"
        f"  {origin.exporter or _UNSAID}"
        f" domain {_text(origin.observation_domain_id)} sequence {_text(origin.sequence_number)}"
        f" at {_text(origin.export_time)}"
    )
    return f"{place}  {_content(item)}"


def _text(value: int | None) -> str:
    return _UNSAID if value is None else str(value)


def _content(item: Item) -> str:
    details = item.details
    if item.kind is Kind.MALFORMED:
        return f"{details['reason']} at octet {details['offset']}: {details['detail']}"
    if item.kind is Kind.UNDECODED:
        octets = len(details["octets"]) // 2
        return f"{octets} octets, Template {details['missing_template_id']} was not sent"
    if "withdrawal" in details:
        return f"withdrawal, {details['withdrawal']}"
    if item.kind is Kind.TEMPLATE:
        return ", ".join(f"{field['name']}/{field['length']}" for field in details["elements"])
    fields = item.fields or {}
    notes = details.get("lists", {})
    shown = " ".join(
        f"{name}={orjson.dumps(value).decode()}{_list_words(notes.get(name))}"
        for name, value in fields.items()
    )
    origin = details.get("template_origin")
    return f"{shown} ({origin}'s Template)" if origin else shown


def _list_words(note: dict[str, Any] | None) -> str:
    """Behind a list: how its members relate, and of a basicList their element."""
    if note is None:
        return ""
    words = (str(note["semantic"]), note.get("element"))
    return f"({' '.join(word for word in words if word)})"
