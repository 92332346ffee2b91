"""Templates as a current client (nvzFlow v9) may send them.

The order of the flow's fields is that of a real v9 line. The ids of fifteen of its elements and
some more are not public: here they are drawn anew for each seed.
"""

import random
from collections.abc import Iterable, Mapping, Sequence

from envizzy.generator.layouts import CISCO, PUBLIC_V3, VARIABLE, Field, Layout

CURRENT = "v9"
"""What ``--layout`` takes for these."""

FIRST_ID, LAST_ID = 12364, 12400
"""Where the ids are drawn from."""

_BEHIND: Sequence[Field] = (
    Field("fsms", CISCO, 0, 8, "number"),
    Field("fems", CISCO, 0, 8, "number"),
    Field("pid", CISCO, 0, 4, "number"),
    Field("ppath", CISCO, 0, VARIABLE, "text"),
    Field("parg", CISCO, 0, VARIABLE, "text"),
    Field("ppid", CISCO, 0, 4, "number"),
    Field("pppath", CISCO, 0, VARIABLE, "text"),
    Field("pparg", CISCO, 0, VARIABLE, "text"),
    Field("aliul", CISCO, 0, VARIABLE, "texts", (CISCO, 0)),
    Field("pil", CISCO, 0, 4, "number"),
    Field("ppil", CISCO, 0, 4, "number"),
    Field("fsg", CISCO, 0, 1, "number"),
    Field("puid", CISCO, 0, 16, "hex"),
)
"""Behind the fields of v3, in the order of a real line."""

_HTTP: Sequence[Field] = (
    Field("hh", 0, 460, VARIABLE, "text"),
    Field("hm", 0, 459, VARIABLE, "text"),
    Field("ht", 0, 461, VARIABLE, "text"),
)
_DIRECTION = Field("fd", 0, 61, 1, "number")
_ENDPOINT: Sequence[Field] = (
    Field("agv", CISCO, 0, VARIABLE, "text"),
    Field("ampguid", CISCO, 0, VARIABLE, "text"),
    Field("ctm", CISCO, 0, 8, "number"),
)
_INTERFACE = _ENDPOINT[2:]

_NAMES: Mapping[str, tuple[str, str]] = {
    "number": ("unsigned64", ""),
    "text": ("string", ""),
    "texts": ("basicList", "list"),
    "hex": ("octetArray", ""),
}


def current_layouts(seed: int) -> Mapping[int, Layout]:
    """The four Templates with ids of their own.

    Args:
        seed: Of the ids.
    """
    ids = list(range(FIRST_ID, LAST_ID + 1))
    random.Random(f"{seed}/ids").shuffle(ids)
    drawn: dict[str, int] = {}

    def placed(fields: Iterable[Field]) -> tuple[Field, ...]:
        result = []
        for field in fields:
            number = drawn.setdefault(field.key, 0) or ids.pop()
            drawn[field.key] = number
            inner = None
            if field.inner is not None:
                member = drawn.setdefault(f"{field.key} member", 0) or ids.pop()
                drawn[f"{field.key} member"] = member
                inner = (CISCO, member)
            result.append(field._replace(element_id=number, inner=inner))
        return tuple(result)

    v3 = {number: layout.fields for number, layout in PUBLIC_V3.items()}
    flow = {number: _flow(v3[number], placed(_BEHIND)) for number in (267, 268)}
    return {
        262: Layout(262, "", (*v3[262], *placed(_ENDPOINT))),
        267: Layout(267, "", flow[267]),
        268: Layout(268, "", flow[268]),
        266: Layout(266, "", (*v3[266], *placed(_INTERFACE))),
    }


def _flow(fields: tuple[Field, ...], behind: tuple[Field, ...]) -> tuple[Field, ...]:
    """``fd`` behind the ports, ``hh hm ht`` behind the times, the rest behind the lists."""
    return (*fields[:5], _DIRECTION, *fields[5:7], *_HTTP, *fields[7:], *behind)


def site_table(layouts: Mapping[int, Layout]) -> str:
    """The CSV that names the elements of these layouts: what a site would have to know."""
    lines = ["enterprise_number,element_id,name,data_type,semantics,units,field_key,record"]
    letters = {262: "E", 266: "I", 267: "F", 268: "F"}
    records: dict[Field, str] = {}
    for number, layout in layouts.items():
        for field in layout.fields:
            if field.enterprise_number == CISCO and FIRST_ID <= field.element_id <= LAST_ID:
                letter = letters[number]
                before = records.get(field, "")
                records[field] = before if letter in before else before + letter
    for field, letter in records.items():
        data_type, semantics = _NAMES[field.form]
        lines.append(
            f"9,{field.element_id},site_{field.key},{data_type},{semantics},,{field.key},{letter}"
        )
        if field.inner is not None:
            lines.append(f"9,{field.inner[1]},site_{field.key}_member,string,,,,")
    return "\n".join(lines) + "\n"
