"""What a list says beside its members: how they relate, and what they are (RFC 6313, 4.4 and 4.5).

Output values of lists are arrays; without this an array of noneOf reads as its contrary, and
nothing says what the generic basicList (291) holds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.registry import InformationElement
from streams.wire.model import (
    BasicList,
    ListSemantic,
    SubTemplateList,
    SubTemplateMultiList,
    Value,
    field_names,
)
from streams.wire.output import is_padding

_SEMANTICS: Mapping[int, str] = {
    ListSemantic.NONE_OF: "noneOf",
    ListSemantic.EXACTLY_ONE_OF: "exactlyOneOf",
    ListSemantic.ONE_OR_MORE_OF: "oneOrMoreOf",
    ListSemantic.ALL_OF: "allOf",
    ListSemantic.ORDERED: "ordered",
    ListSemantic.UNDEFINED: "undefined",
}
"""Names in the registry "IPFIX Structured Data Types Semantics"."""

_LISTS = (BasicList, SubTemplateList, SubTemplateMultiList)


def list_notes(fields: Sequence[tuple[InformationElement, Value]]) -> dict[str, Any]:
    """Return a note for each field that is a list, by its name in the output (``field_names``).

    Args:
        fields: Of a Data Record, in wire order.

    Returns:
        Objects of ``semantic`` (its name; the number where it has none) and ``element`` (of a
        basicList: name of its members' element; not of a list of no octets), ``template_id`` (of
        a subTemplateList) or ``template_ids`` (of a subTemplateMultiList, one a record);
        ``members``, where there are lists within: notes of each member, in order.
    """
    if not any(isinstance(value, _LISTS) for _, value in fields):
        return {}
    shown = [(element, value) for element, value in fields if not is_padding(element)]
    names = field_names([element for element, _ in shown])
    return {
        name: _note(value)
        for name, (_, value) in zip(names, shown, strict=True)
        if isinstance(value, _LISTS)
    }


def _note(value: BasicList | SubTemplateList | SubTemplateMultiList) -> dict[str, Any]:
    note: dict[str, Any] = {"semantic": _SEMANTICS.get(value.semantic, value.semantic)}
    if isinstance(value, BasicList):
        if value.element.element_id or value.element.enterprise_number:
            note["element"] = value.element.name
        members = [_note(item) if isinstance(item, _LISTS) else {} for item in value.values]
    else:
        if isinstance(value, SubTemplateList):
            note["template_id"] = value.template_id
        else:
            note["template_ids"] = [record.template_id for record in value.records]
        members = [list_notes(record.fields) for record in value.records]
    if any(members):
        note["members"] = members
    return note
