"""Layouts of Templates by which the version of nvzFlow is told."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from streams.interpret.settings import InterpretError, Layout
from streams.wire.model import VARIABLE_LENGTH, BoundTemplate

_FIELD = re.compile(r"(\d{1,10})[:/](\d{1,5})/(\d{1,5}|v)")
_MAXIMUM_ENTERPRISE_NUMBER = 2**32 - 1
_MAXIMUM_ELEMENT_ID = 32767
_MAXIMUM_FIELDS = 1024  # as the decoder's limit of fields per Template


def layout_of(bound: BoundTemplate) -> Layout:
    """Return the layout of a Template."""
    return tuple(
        (item.element.enterprise_number, item.element.element_id, item.length)
        for item in bound.fields
    )


def parse_layout(text: str) -> Layout:
    """Read a layout as it is written in settings: ``0:350/v 9:12332/20 9:12334/v``.

    Args:
        text: For each field enterprise number, colon, element id, slash, length or ``v``.

    Raises:
        InterpretError: A field is written otherwise or out of range.
    """
    layout = []
    for word in text.split()[: _MAXIMUM_FIELDS + 1]:
        match = _FIELD.fullmatch(word)
        if match is None:
            raise InterpretError(
                f"layout field {word!r} is not ENTERPRISE:ID/LENGTH, "
                "such as 9:12332/20 or 9:12334/v"
            )
        enterprise_number, element_id = int(match[1]), int(match[2])
        length = VARIABLE_LENGTH if match[3] == "v" else int(match[3])
        if (
            enterprise_number > _MAXIMUM_ENTERPRISE_NUMBER
            or element_id > _MAXIMUM_ELEMENT_ID
            or length > VARIABLE_LENGTH
        ):
            raise InterpretError(f"layout field {word!r} is out of range (32, 15 and 16 bits)")
        layout.append((enterprise_number, element_id, length))
    if not layout or len(layout) > _MAXIMUM_FIELDS:
        raise InterpretError(f"a layout has 1 to {_MAXIMUM_FIELDS} fields")
    return tuple(layout)


_FLOW_V3 = (
    "{source} 0:7/2 {destination} 0:11/2 0:150/4 0:151/4 9:12332/20 9:12333/v 9:12361/2 9:12338/v "
    "9:12362/2 9:12340/v 9:12341/32 9:12339/v 9:12363/2 9:12342/v 9:12343/32 9:12346/8 9:12347/8 "
    "9:12344/v 9:12345/v 9:12355/4 9:12352/v 9:12353/v"
)

PUBLIC_LAYOUTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "0:350/v 9:12332/20 9:12334/v 9:12335/v 9:12351/v 9:12336/v 9:12337/v": "nvzFlow_v3",
        "0:4/1 " + _FLOW_V3.format(source="0:8/4", destination="0:12/4"): "nvzFlow_v3",
        "0:4/1 " + _FLOW_V3.format(source="0:27/16", destination="0:28/16"): "nvzFlow_v3",
        "9:12332/20 9:12355/4 9:12356/4 9:12357/1 9:12358/v 9:12359/v 9:12360/v": "nvzFlow_v3",
    }
)
"""Layouts of which the version is known: Templates 262, 267, 268 and 266 of real clients."""


def version_of(bound: BoundTemplate, site: Mapping[Layout, str]) -> str | None:
    """Return the ``fv`` of a Template's layout; None where it is not known, for it is not guessed.

    Args:
        bound: The Template.
        site: A site's own layouts; they go before the public ones.
    """
    layout = layout_of(bound)
    if layout in site:
        return site[layout]
    text = " ".join(
        f"{enterprise_number}:{element_id}/{'v' if length == VARIABLE_LENGTH else length}"
        for enterprise_number, element_id, length in layout
    )
    return PUBLIC_LAYOUTS.get(text)
