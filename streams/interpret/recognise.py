"""Which kind of nvzFlow record a Template describes: told by its elements, never by its id."""

from schemas.records import RecordKind
from schemas.registry import CISCO_ENTERPRISE_NUMBER
from streams.wire.model import BoundTemplate

FIRST_NVZFLOW_ELEMENT = 12332
"""nvzFlow's elements begin here; Cisco's router elements (AVC, 4315 to 12300) lie below."""

_INTERFACE = frozenset((CISCO_ENTERPRISE_NUMBER, element_id) for element_id in range(12356, 12361))
_ADDRESSES = frozenset((0, element_id) for element_id in (8, 12, 27, 28))
_BYTE_COUNTS = frozenset((CISCO_ENTERPRISE_NUMBER, element_id) for element_id in (12346, 12347))
_FLOW = _ADDRESSES | _BYTE_COUNTS


def recognise(bound: BoundTemplate) -> RecordKind | None:
    """Say which record a Template's Data Records are; None where they are not nvzFlow's.

    A Template without nvzFlow elements and an Options Template are not nvzFlow's.
    """
    if bound.scope_count:
        return None
    elements = {(item.element.enterprise_number, item.element.element_id) for item in bound.fields}
    if not any(
        enterprise_number == CISCO_ENTERPRISE_NUMBER and element_id >= FIRST_NVZFLOW_ELEMENT
        for enterprise_number, element_id in elements
    ):
        return None
    if elements & _INTERFACE:
        return "interface"
    return "flow" if elements & _FLOW else "endpoint"
