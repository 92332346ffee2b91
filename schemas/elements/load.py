"""Loads the element registry: the built-in tables, then a site's own."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from schemas.errors import SchemaError
from schemas.registry import DataType, InformationElement, Registry, Semantics
from schemas.tables import Row, builtin_text, number, rows, site_text

BUILTIN = (
    "iana.csv",
    "cisco_nvzflow.csv",
    "cisco.csv",
    "cert.csv",
    "cesnet.csv",
    "flowmon.csv",
    "huawei.csv",
    "muni.csv",
    "netgauze.csv",
    "netscaler.csv",
    "nokia.csv",
    "ntop.csv",
    "vmware.csv",
)
"""Tables of IPFIX."""

NETFLOW = ("netflow_v9.csv", "netflow_v9_scopes.csv", "netflow_v7.csv")
"""Tables of NetFlow, enterprise 0: what IANA does not define, or has too small a type for.

So all are one registry: an IPFIX Exporter that sends such an id without an enterprise number means
the NetFlow one.
"""

COLUMNS = ("enterprise_number", "element_id", "name", "data_type", "semantics", "units")
SITE_COLUMNS = (*COLUMNS, "field_key", "record")
"""Columns of a site's table; those from ``semantics`` on may be left out."""

MAXIMUM_ELEMENT_ID = 32767
"""15 bits (RFC 7011, 3.2); the top bit says that an enterprise number follows."""

MAXIMUM_FIELD_TYPE = 65535
"""16 bits in NetFlow v9 (RFC 3954, 5.2), which has no enterprise numbers: of enterprise 0."""

_MAXIMUM_OWN_ID = 2**31 - 1

_MAXIMUM_ENTERPRISE_NUMBER = 2**32 - 1
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def load_registry(site_files: Sequence[Path] = ()) -> Registry:
    """Load the element registry.

    Args:
        site_files: A site's own tables (``SITE_COLUMNS``); a later row of the same element wins.

    Raises:
        SchemaError: A site's table is wrong; the text names file and line.
    """
    elements = {}
    for name in (*BUILTIN, *NETFLOW):
        for element in builtin_elements(name):
            elements[element.enterprise_number, element.element_id] = element
    for path in site_files:
        for row in site_rows(path):
            element = parse_element(row)
            elements[element.enterprise_number, element.element_id] = element
    return Registry(elements)


def builtin_elements(name: str) -> Iterator[InformationElement]:
    """Read a built-in table."""
    maximum = _MAXIMUM_OWN_ID if name in NETFLOW else None
    for row in rows(name, builtin_text("elements", name), (*COLUMNS, "source")):
        yield parse_element(row, maximum)


def site_rows(path: Path) -> list[Row]:
    """Read a site's table of elements and field keys.

    Raises:
        SchemaError: The file cannot be read, or its columns are wrong.
    """
    return list(rows(str(path), site_text(path), SITE_COLUMNS[:4], SITE_COLUMNS[4:]))


def parse_element(row: Row, maximum: int | None = None) -> InformationElement:
    """Make the element of a row.

    Args:
        row: Of the columns ``COLUMNS``.
        maximum: Of its id; None: what its wire has room for.

    Raises:
        SchemaError: A number is out of range, or the name, type or semantics is not a valid one.
    """
    place, values = row
    if not _NAME.fullmatch(values["name"]):
        raise SchemaError(
            f"{place}: name {values['name']!r} must begin with a letter and go on with letters, "
            "digits and _ . -"
        )
    try:
        data_type = DataType(values["data_type"])
    except ValueError as error:
        raise SchemaError(
            f"{place}: data_type {values['data_type']!r} is none of {', '.join(DataType)}"
        ) from error
    try:
        semantics = Semantics(values["semantics"] or Semantics.DEFAULT)
    except ValueError as error:
        raise SchemaError(
            f"{place}: semantics {values['semantics']!r} is none of {', '.join(Semantics)}"
        ) from error
    enterprise_number = number(
        place, "enterprise_number", values["enterprise_number"], _MAXIMUM_ENTERPRISE_NUMBER
    )
    if maximum is None:
        maximum = MAXIMUM_ELEMENT_ID if enterprise_number else MAXIMUM_FIELD_TYPE
    return InformationElement(
        enterprise_number,
        number(place, "element_id", values["element_id"], maximum),
        values["name"],
        data_type,
        semantics,
        values["units"],
    )
