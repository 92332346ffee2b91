"""Elements that an Exporter defines itself, by Information Element Type Options (RFC 5610)."""

import re
from typing import Any, TypeVar

from schemas.registry import (
    REVERSE_ENTERPRISE_NUMBER,
    DataType,
    InformationElement,
    Semantics,
)
from streams.wire.model import DataRecord

T = TypeVar("T")

_ELEMENT_ID = (0, 303)
_DATA_TYPE = (0, 339)
_NAME = (0, 341)
_SEMANTICS = (0, 344)
_UNITS = (0, 345)
_ENTERPRISE_NUMBER = (0, 346)

_DATA_TYPES = (
    *(DataType.OCTET_ARRAY, DataType.UNSIGNED8, DataType.UNSIGNED16, DataType.UNSIGNED32),
    *(DataType.UNSIGNED64, DataType.SIGNED8, DataType.SIGNED16, DataType.SIGNED32),
    *(DataType.SIGNED64, DataType.FLOAT32, DataType.FLOAT64, DataType.BOOLEAN),
    *(DataType.MAC_ADDRESS, DataType.STRING, DataType.DATE_TIME_SECONDS),
    *(DataType.DATE_TIME_MILLISECONDS, DataType.DATE_TIME_MICROSECONDS),
    *(DataType.DATE_TIME_NANOSECONDS, DataType.IPV4_ADDRESS, DataType.IPV6_ADDRESS),
    *(DataType.BASIC_LIST, DataType.SUB_TEMPLATE_LIST, DataType.SUB_TEMPLATE_MULTI_LIST),
    DataType.UNSIGNED256,
)
"""By number: informationElementDataType (RFC 5610, 3.1; IANA)."""

_SEMANTICS_BY_NUMBER = (
    *(Semantics.DEFAULT, Semantics.QUANTITY, Semantics.TOTAL_COUNTER, Semantics.DELTA_COUNTER),
    *(Semantics.IDENTIFIER, Semantics.FLAGS, Semantics.LIST, Semantics.SNMP_COUNTER),
    Semantics.SNMP_GAUGE,
)
"""By number: informationElementSemantics (RFC 5610, 3.6; IANA)."""

_UNITS_BY_NUMBER = (
    *("", "bits", "octets", "packets", "flows", "seconds", "milliseconds", "microseconds"),
    *("nanoseconds", "4-octet words", "messages", "hops", "entries", "frames", "ports", "inferred"),
)
"""By number: informationElementUnits (RFC 5610, 3.7; IANA)."""

_NAME_FORM = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}", re.ASCII)
"""A name becomes a key of output records, so it is held to what element names look like."""

_ELEMENT_IDS = range(1, 1 << 15)


def learn_element_type(record: DataRecord) -> InformationElement | None:
    """Read the definition that an options record gives of an enterprise's own element.

    The caller should let it add to the registry, not replace what the registry knows: an Exporter
    must not change what its neighbours' elements mean.

    Args:
        record: Of an Options Template (RFC 5610, 3.9): scope privateEnterpriseNumber and
            informationElementId; informationElementDataType and informationElementName at least.

    Returns:
        The element; None where the record is no type record or lacks one of these, or is for IANA
        (enterprise number 0) or for reverse elements (RFC 5103), which are not an Exporter's.
    """
    if not record.scope_count:
        return None
    found: dict[tuple[int, int], Any] = {}
    for element, value in record.fields:
        found.setdefault((element.enterprise_number, element.element_id), value)
    enterprise_number = found.get(_ENTERPRISE_NUMBER)
    element_id = found.get(_ELEMENT_ID)
    name = found.get(_NAME)
    data_type = _from_table(_DATA_TYPES, found.get(_DATA_TYPE))
    if not isinstance(enterprise_number, int) or not isinstance(element_id, int):
        return None
    if enterprise_number in {0, REVERSE_ENTERPRISE_NUMBER} or data_type is None:
        return None
    # informationElementId may carry the enterprise bit (RFC 5610, 3.9 says nothing against it).
    element_id &= 0x7FFF
    if (
        element_id not in _ELEMENT_IDS
        or not isinstance(name, str)
        or not _NAME_FORM.fullmatch(name)
    ):
        return None
    return InformationElement(
        enterprise_number,
        element_id,
        name,
        data_type,
        _from_table(_SEMANTICS_BY_NUMBER, found.get(_SEMANTICS)) or Semantics.DEFAULT,
        _from_table(_UNITS_BY_NUMBER, found.get(_UNITS)) or "",
    )


def _from_table(table: tuple[T, ...], number: Any) -> T | None:
    return table[number] if isinstance(number, int) and 0 <= number < len(table) else None
