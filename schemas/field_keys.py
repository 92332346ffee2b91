"""Field keys: the short names of nvzFlow's fields in records and filters (``field_keys.csv``)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, get_args

from schemas.elements.load import parse_element, site_rows
from schemas.errors import SchemaError
from schemas.registry import DataType, InformationElement
from schemas.tables import Row, builtin_text, rows

ValueForm = Literal["number", "text", "hex", "address", "list"]
"""What a value is in a record: JSON number, text, upper-case hex, address in text, array."""

COLUMNS: Final = (
    "key",
    "records",
    "form",
    "elements",
    "derived_from",
    "since",
    "source",
    "meaning",
)

ALIASES: Final[Mapping[str, str]] = MappingProxyType({"pname": "pn", "luat": "liuat"})
"""Names that the collector's manual uses for keys which are another in every real line."""

HEX_LISTS: Final = frozenset({"mhl"})
"""Keys whose lists have members in upper-case hex."""

_RECORDS = frozenset("EFI")
_FORMS: Final[Mapping[DataType, ValueForm]] = MappingProxyType(
    {
        DataType.STRING: "text",
        DataType.MAC_ADDRESS: "text",
        DataType.OCTET_ARRAY: "hex",
        DataType.IPV4_ADDRESS: "address",
        DataType.IPV6_ADDRESS: "address",
        DataType.BASIC_LIST: "list",
        DataType.SUB_TEMPLATE_LIST: "list",
        DataType.SUB_TEMPLATE_MULTI_LIST: "list",
    }
)


@dataclass(frozen=True, slots=True)
class FieldKey:
    """One key.

    Attributes:
        key: As it stands in records.
        meaning: One line.
        elements: (enterprise number, element id) it is taken from; none where it is derived or
            where the id is not public.
        records: Letters of the records that have it: E endpoint, F flow, I interface.
        form: Of the value.
        derived_from: Key, element (``9:12359``) or ``layout``; "" where it is not derived.
        since: Version of nvzFlow; "site" where a site's table made it.
        source: ``line`` a real line has it, ``guide`` the collector's manual names it,
            ``inferred`` ours, ``site`` a site's table.
    """

    key: str
    meaning: str
    elements: tuple[tuple[int, int], ...]
    records: str
    form: ValueForm
    derived_from: str = ""
    since: str = ""
    source: str = ""


class FieldKeys:
    """An immutable table of field keys."""

    def __init__(self, fields: Iterable[FieldKey]) -> None:
        self.fields = tuple(fields)
        self._by_key = {item.key: item for item in self.fields}
        self._by_element = {element: item for item in self.fields for element in item.elements}

    def key_for(self, element: InformationElement) -> str | None:
        """Return the key under which an element leaves; None where it has none."""
        found = self._by_element.get((element.enterprise_number, element.element_id))
        return None if found is None else found.key

    def get(self, key: str) -> FieldKey | None:
        """Return the entry of a key; None where there is none."""
        return self._by_key.get(key)

    def flow_keys(self) -> dict[str, ValueForm]:
        """Return the keys that a flow record may have, with the form of their values."""
        return {item.key: item.form for item in self.fields if "F" in item.records}

    def with_field(
        self, key: str, element: InformationElement, records: str, place: str
    ) -> "FieldKeys":
        """Return a table in which an element leaves under a key.

        A key that exists keeps its meaning and place; its form becomes the element's.

        Args:
            key: Known or new.
            element: Any; no other key is taken from it afterwards.
            records: Letters of E, F, I; "" leaves those of a known key, or is ``F`` for a new one.
            place: ``file:line``, for errors.

        Raises:
            SchemaError: The key is a derived one, or begins with ``_`` (ours).
        """
        identity = (element.enterprise_number, element.element_id)
        known = self._by_key.get(key)
        if (known is not None and known.derived_from) or key.startswith("_"):
            raise SchemaError(f"{place}: field_key {key!r} is made here; choose another")
        form = _FORMS.get(element.data_type, "number")
        others = [
            replace(item, elements=tuple(e for e in item.elements if e != identity))
            for item in self.fields
        ]
        if known is None:
            new = FieldKey(
                key, element.name, (identity,), records or "F", form, since="site", source="site"
            )
            return FieldKeys([*others, new])
        taken = (*(e for e in known.elements if e != identity), identity)
        changed = replace(known, elements=taken, records=records or known.records, form=form)
        return FieldKeys([changed if item.key == key else item for item in others])


def load_field_keys(site_files: Sequence[Path] = ()) -> FieldKeys:
    """Load the field keys.

    Args:
        site_files: A site's tables of elements; rows with a ``field_key`` map that element.

    Raises:
        SchemaError: A site's table is wrong; the text names file and line.
    """
    name = "field_keys.csv"
    keys = FieldKeys(_builtin(row) for row in rows(name, builtin_text("", name), COLUMNS))
    for path in site_files:
        for row in site_rows(path):
            key = row.values["field_key"]
            if key:
                keys = keys.with_field(key, parse_element(row), _records(row, "record"), row.place)
    return keys


def _builtin(row: Row) -> FieldKey:
    values = row.values
    elements = []
    for pair in values["elements"].split():
        enterprise_number, _, element_id = pair.partition(":")
        elements.append((int(enterprise_number), int(element_id)))
    return FieldKey(
        values["key"],
        values["meaning"],
        tuple(elements),
        _records(row, "records"),
        _form(row),
        values["derived_from"],
        values["since"],
        values["source"],
    )


def _form(row: Row) -> ValueForm:
    for form in get_args(ValueForm):
        if row.values["form"] == form:
            result: ValueForm = form
            return result
    raise SchemaError(f"{row.place}: form is none of {', '.join(get_args(ValueForm))}")


def _records(row: Row, column: str) -> str:
    words = {"endpoint": "E", "flow": "F", "interface": "I"}
    text = words.get(row.values[column].lower(), row.values[column])
    if not _RECORDS.issuperset(text):
        raise SchemaError(f"{row.place}: {column} {text!r} is not made of the letters E, F, I")
    return text
