"""Loads the element registry: the built-in tables, then a site's own."""

import re
from collections.abc import Sequence
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
"""Tables of IPFIX. ``netflow_v9.csv`` is none of them: in NetFlow v9 its ids mean other things."""

COLUMNS = ("enterprise_number", "element_id", "name", "data_type", "semantics", "units")
SITE_COLUMNS = (*COLUMNS, "field_key", "record")
"""Columns of a site's table; those from ``semantics`` on may be left out."""

MAXIMUM_ELEMENT_ID = 32767
"""15 bits (RFC 7011, 3.2); the top bit says that an enterprise number follows."""

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
    for name in BUILTIN:
        for row in rows(name, builtin_text("elements", name), (*COLUMNS, "source")):
            element = parse_element(row)
            elements[element.enterprise_number, element.element_id] = element
    for path in site_files:
        for row in site_rows(path):
            element = parse_element(row)
            elements[element.enterprise_number, element.element_id] = element
    return Registry(elements)


def site_rows(path: Path) -> list[Row]:
    """Read a site's table of elements and field keys.

    Raises:
        SchemaError: The file cannot be read, or its columns are wrong.
    """
    return list(rows(str(path), site_text(path), SITE_COLUMNS[:4], SITE_COLUMNS[4:]))


def parse_element(row: Row) -> InformationElement:
    """Make the element of a row.

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
    return InformationElement(
        number(place, "enterprise_number", values["enterprise_number"], _MAXIMUM_ENTERPRISE_NUMBER),
        number(place, "element_id", values["element_id"], MAXIMUM_ELEMENT_ID),
        values["name"],
        data_type,
        semantics,
        values["units"],
    )
