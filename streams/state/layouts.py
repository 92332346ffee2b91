"""The fleet's memory: each distinct nvzFlow template layout once, read by every worker."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas import avro
from schemas.errors import SchemaError
from schemas.registry import CISCO_ENTERPRISE_NUMBER
from streams.state.limits import StateLimits
from streams.wire.model import FieldSpecifier, Template

_NAME = "layout"
_KEY_OCTETS = 16
_pack_head = struct.Struct(">HHH").pack
_pack_field = struct.Struct(">IHH").pack


def is_nvzflow(template: Template) -> bool:
    """Whether any element is of enterprise 9, so that the layout may speak for the fleet."""
    return any(item.enterprise_number == CISCO_ENTERPRISE_NUMBER for item in template.fields)


def layout_key(template: Template) -> bytes:
    """Content hash of id, scope and fields: the key in the ``layouts`` topic, 16 octets."""
    content = [_pack_head(template.template_id, template.scope_count, len(template.fields))]
    content += [
        _pack_field(item.enterprise_number, item.element_id, item.length)
        for item in template.fields
    ]
    return hashlib.blake2b(b"".join(content), digest_size=_KEY_OCTETS).digest()


def layout_value(template: Template) -> bytes:
    """The value in the ``layouts`` topic (Avro, single-object encoding)."""
    return avro.encode(
        _NAME,
        {
            "template_id": template.template_id,
            "scope_count": template.scope_count,
            "fields": [
                {
                    "enterprise_number": item.enterprise_number,
                    "element_id": item.element_id,
                    "length": item.length,
                }
                for item in template.fields
            ],
        },
    )


def layout_template(value: bytes) -> Template:
    """Read a value of the ``layouts`` topic.

    Raises:
        SchemaError: Not such a value.
    """
    name, content = avro.decode(value)
    if name != _NAME:
        raise SchemaError(f"a {name} in the layouts topic, a {_NAME} would be right")
    return Template(
        content["template_id"],
        tuple(
            FieldSpecifier(item["enterprise_number"], item["element_id"], item["length"])
            for item in content["fields"]
        ),
        content["scope_count"],
    )


@dataclass(frozen=True, slots=True)
class Fleet:
    """All layouts that any endpoint has shown; a frozen value, replaced with each addition.

    Attributes:
        layouts: By Template ID, in the order in which they came.
        keys: Content hashes of all of them.
        number: Rises with each addition, so that it says whether something is new.
        numbers: By Template ID: the number of its last addition.
        limits: ``layouts`` and ``layouts_per_template_id`` apply.
    """

    layouts: Mapping[int, tuple[Template, ...]] = field(default_factory=dict)
    keys: frozenset[bytes] = frozenset()
    number: int = 0
    numbers: Mapping[int, int] = field(default_factory=dict)
    limits: StateLimits = field(default_factory=StateLimits)

    def candidates(self, template_id: int) -> tuple[Template, ...]:
        """Return the layouts of one Template ID."""
        return self.layouts.get(template_id, ())

    def has_room(self, template_id: int) -> bool:
        """Whether one more layout of this Template ID would be kept."""
        return (
            len(self.keys) < self.limits.layouts
            and len(self.candidates(template_id)) < self.limits.layouts_per_template_id
        )

    def with_layout(self, value: bytes) -> "Fleet":
        """Return the fleet with one more layout; itself where it is known or there is no room.

        Args:
            value: Of a record of the ``layouts`` topic.

        Raises:
            SchemaError: The value is no layout.
        """
        return self.with_template(layout_template(value))

    def with_template(self, template: Template) -> "Fleet":
        """Return the fleet with one more layout; itself where it is known or there is no room."""
        key = layout_key(template)
        known = self.candidates(template.template_id)
        if key in self.keys or not self.has_room(template.template_id):
            return self
        layouts = {**self.layouts, template.template_id: (*known, template)}
        number = self.number + 1
        numbers = {**self.numbers, template.template_id: number}
        return Fleet(layouts, self.keys | {key}, number, numbers, self.limits)
