"""What was seen: Templates as shapes, records as samples with their unknown octets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from envizzy.decode import Item, Kind
from schemas.field_keys import FieldKeys
from schemas.records import RecordKind
from schemas.registry import CISCO_ENTERPRISE_NUMBER, Registry
from streams.interpret.recognise import recognise
from streams.wire import Template, bind
from streams.wire.model import VARIABLE_LENGTH, FieldSpecifier

MOST_SAMPLES = 4_000
"""Records of each kind that are looked at; more do not make it surer."""

_PADDING = "paddingOctets"
_TIMES = ("fss", "fes")  # dateTimeSeconds, which a collector prints

Identity = tuple[int, int]
"""Enterprise number and element id."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A Template.

    Attributes:
        kind: Of its records.
        fields: Enterprise number, element id, length (65535 for variable) in wire order.
        keys: Field key or element name of each; ``e9_12364`` for an unknown one.
    """

    kind: RecordKind
    fields: tuple[tuple[int, int, int], ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One record.

    Attributes:
        kind: Of the record.
        known: Field key to value, as decoded.
        unknown: The octets of each element that no table names.
        export_time: Of its Message, seconds.
    """

    kind: RecordKind
    known: Mapping[str, Any]
    unknown: Mapping[Identity, bytes]
    export_time: int


@dataclass(slots=True)
class Observed:
    """All that was seen.

    Attributes:
        shapes: Distinct ones, in the order of their coming.
        samples: Of all kinds, in order.
    """

    shapes: list[Shape] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def unknown(self) -> list[tuple[Identity, int]]:
        """Elements of enterprise 9 that no table names, each with its length, in wire order."""
        found: dict[Identity, int] = {}
        for shape in self.shapes:
            for (enterprise, element, length), key in zip(shape.fields, shape.keys, strict=True):
                if is_unknown(enterprise, element, key):
                    found.setdefault((enterprise, element), length)
        return list(found.items())


def is_unknown(enterprise: int, element: int, key: str) -> bool:
    """Whether a field of a shape is Cisco's and has no name."""
    return enterprise == CISCO_ENTERPRISE_NUMBER and key == f"e{enterprise}_{element}"


def observe(items: Iterable[Item], registry: Registry, keys: FieldKeys) -> Observed:
    """Collect Templates and records from what a collector decoded.

    Args:
        items: In order.
        registry: With a site's own elements, if it has some already.
        keys: With a site's own keys.
    """
    observed = Observed()
    shapes: dict[tuple[str, ...], Shape] = {}
    counts: dict[str, int] = {}
    for item in items:
        if item.kind is Kind.TEMPLATE and "elements" in item.details:
            shape = _shape(item, registry, keys)
            if shape is not None and shape not in observed.shapes:
                observed.shapes.append(shape)
                names = [each["name"] for each in item.details["elements"]]
                shapes[tuple(name for name in names if name != _PADDING)] = shape
        elif item.kind is Kind.DATA and item.fields is not None:
            known = shapes.get(tuple(item.fields))
            if known is not None and counts.get(known.kind, 0) < MOST_SAMPLES:
                counts[known.kind] = counts.get(known.kind, 0) + 1
                observed.samples.append(_sample(item, known))
    return observed


def _shape(item: Item, registry: Registry, keys: FieldKeys) -> Shape | None:
    """The shape of a Template; None where it is not nvzFlow's or repeats an element."""
    fields, names = [], []
    for each in item.details["elements"]:
        number, element = each["enterprise_number"], each["element_id"]
        length = VARIABLE_LENGTH if each["length"] == "variable" else each["length"]
        fields.append((number, element, length))
        found = registry.lookup(number, element)
        names.append(keys.key_for(found) or found.name)
    if len(set(names)) < len(names) or "scope" in str(item.details["elements"]):
        return None
    specifiers = tuple(FieldSpecifier(number, element, size) for number, element, size in fields)
    kind = recognise(bind(Template(item.template_id or 0, specifiers), registry))
    return None if kind is None else Shape(kind, tuple(fields), tuple(names))


def _sample(item: Item, shape: Shape) -> Sample:
    known: dict[str, Any] = {}
    unknown: dict[Identity, bytes] = {}
    values = (item.fields or {}).values()
    fields = [each for each in zip(shape.fields, shape.keys, strict=True) if each[1] != _PADDING]
    for ((number, element, _), key), value in zip(fields, values, strict=True):
        if key in _TIMES and isinstance(value, str):
            known[key] = int(datetime.fromisoformat(value).timestamp())
        elif is_unknown(number, element, key):
            unknown[number, element] = bytes.fromhex(value)
        else:
            known[key] = value
    return Sample(shape.kind, known, unknown, item.origin.export_time or 0)
