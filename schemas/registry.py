"""The element registry: which Information Element an (enterprise number, element id) is.

The tables are data (``schemas/elements/*.csv``, sources in ``SOURCES.md``); this module gives them
a form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

REVERSE_ENTERPRISE_NUMBER = 29305
"""Reverse elements (RFC 5103, 6.1): this enterprise number with the forward element's id."""

REVERSE_BITS: Mapping[int, int] = {6871: 0x4000}
"""By enterprise number: the bit of the element id that an enterprise reserves for reverse elements
(RFC 5103, 6.2): CERT's, as libfixbuf's ``FB_IE_VENDOR_BIT_REVERSE`` and libfds' table have it.
"""

CISCO_ENTERPRISE_NUMBER = 9
"""ciscoSystems: nvzFlow's elements (nvzFlow elements 12332 and up)."""


SCOPE_ELEMENTS = 0x1_0000
"""Element id of NetFlow v9's scope type 0 (RFC 3954, 6.1).

Scope types are numbers of their own, so they stand behind the 16 bits that a wire has for ids.
"""

FIXED_ELEMENTS = 0x2_0000
"""From here on: fields of the fixed records of NetFlow v7 for which nobody registered an id."""


class DataType(StrEnum):
    """Abstract data type (RFC 7012, 3.1; RFC 6313, 4.1; unsigned256 by the IANA registry)."""

    OCTET_ARRAY = "octetArray"
    UNSIGNED8 = "unsigned8"
    UNSIGNED16 = "unsigned16"
    UNSIGNED32 = "unsigned32"
    UNSIGNED64 = "unsigned64"
    UNSIGNED256 = "unsigned256"
    SIGNED8 = "signed8"
    SIGNED16 = "signed16"
    SIGNED32 = "signed32"
    SIGNED64 = "signed64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BOOLEAN = "boolean"
    MAC_ADDRESS = "macAddress"
    STRING = "string"
    DATE_TIME_SECONDS = "dateTimeSeconds"
    DATE_TIME_MILLISECONDS = "dateTimeMilliseconds"
    DATE_TIME_MICROSECONDS = "dateTimeMicroseconds"
    DATE_TIME_NANOSECONDS = "dateTimeNanoseconds"
    IPV4_ADDRESS = "ipv4Address"
    IPV6_ADDRESS = "ipv6Address"
    BASIC_LIST = "basicList"
    SUB_TEMPLATE_LIST = "subTemplateList"
    SUB_TEMPLATE_MULTI_LIST = "subTemplateMultiList"


class Semantics(StrEnum):
    """Data type semantics (RFC 7012, 3.2)."""

    DEFAULT = "default"
    QUANTITY = "quantity"
    TOTAL_COUNTER = "totalCounter"
    DELTA_COUNTER = "deltaCounter"
    IDENTIFIER = "identifier"
    FLAGS = "flags"
    LIST = "list"
    SNMP_COUNTER = "snmpCounter"
    SNMP_GAUGE = "snmpGauge"


@dataclass(frozen=True, slots=True)
class InformationElement:
    """The definition of one element (RFC 7012, 2).

    Attributes:
        enterprise_number: 0 for IANA, and for all of NetFlow v9.
        element_id: Without the enterprise bit; over 32767 in NetFlow v9 only, over 65535 for what
            has no id on the wire (``SCOPE_ELEMENTS``, ``FIXED_ELEMENTS``).
        name: Unique within its enterprise; ``e9_12364`` for what no table names.
        data_type: How its octets are read.
        semantics: What its values mean.
        units: As registered; empty where none.
        known: False where no table names it: the value keeps its octets.
    """

    enterprise_number: int
    element_id: int
    name: str
    data_type: DataType
    semantics: Semantics = Semantics.DEFAULT
    units: str = ""
    known: bool = True


def unknown_element(enterprise_number: int, element_id: int) -> InformationElement:
    """The stand-in for what no table names: octets under a stable name (``e9_12364``).

    A scope type of NetFlow v9 is ``scope_6``.
    """
    is_scope = not enterprise_number and SCOPE_ELEMENTS <= element_id < FIXED_ELEMENTS
    return InformationElement(
        enterprise_number,
        element_id,
        f"scope_{element_id - SCOPE_ELEMENTS}"
        if is_scope
        else f"e{enterprise_number}_{element_id}",
        DataType.OCTET_ARRAY,
        known=False,
    )


def _forward(enterprise_number: int, element_id: int) -> tuple[int, int]:
    """The forward element of a reverse one (RFC 5103, 6.1 and 6.2); else an id that none has."""
    if enterprise_number == REVERSE_ENTERPRISE_NUMBER:
        return 0, element_id
    bit = REVERSE_BITS.get(enterprise_number, 0)
    return enterprise_number, element_id & ~bit if element_id & bit else -1


class Registry:
    """An immutable table of elements; reverse elements (RFC 5103) are made from forward ones."""

    def __init__(self, elements: Mapping[tuple[int, int], InformationElement]) -> None:
        self._elements = dict(elements)

    def lookup(self, enterprise_number: int, element_id: int) -> InformationElement:
        """Return the element, a reverse one made from its forward one, or the stand-in."""
        element = self._elements.get((enterprise_number, element_id))
        if element is not None:
            return element
        forward = self._elements.get(_forward(enterprise_number, element_id))
        if forward is not None:
            return InformationElement(
                enterprise_number,
                element_id,
                "reverse" + forward.name[0].upper() + forward.name[1:],
                forward.data_type,
                forward.semantics,
                forward.units,
            )
        return unknown_element(enterprise_number, element_id)

    def with_elements(self, elements: Iterable[InformationElement]) -> "Registry":
        """Return a registry in which these are added, or replace those of the same id."""
        added = {(item.enterprise_number, item.element_id): item for item in elements}
        return Registry({**self._elements, **added}) if added else self

    def __len__(self) -> int:
        return len(self._elements)
