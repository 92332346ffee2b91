"""What is wrong with settings: the place, the key, what was found, what is accepted."""

import difflib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from service.settings.accepted import describe, is_secret, named_sections, section_of
from service.settings.toml_lines import line_of

PREFIX = "ENVIZZY_"
"""Variables of this prefix that contain the separator are settings; others are not (an orchestrator
sets its own), but a setting's name with single underscores is refused."""

SEPARATOR = "__"
"""Between the parts of a key in the environment: ``ENVIZZY_KAFKA__SASL_PASSWORD``."""

_SHOWN_OCTETS = 60
"""So much of a wrong value is shown; an error stays on one line."""


def explain(
    model: type[BaseModel],
    places: Mapping[str, str],
    error: ValidationError,
    file: Path | None,
    lines: Mapping[tuple[str, ...], int],
) -> list[str]:
    """One line for each setting that is wrong.

    Args:
        model: The root.
        places: Dotted key to where its value was given, for people.
        error: What the model says.
        file: The settings file, if there is one.
        lines: Of ``find_lines``.
    """
    found: dict[str, str] = {}
    for each in error.errors(include_url=False):
        path = _path(model, each["loc"])
        key = ".".join(path)
        if key in found:  # a union reports each of its members
            continue
        place = places.get(key)
        if place is None:
            line = line_of(lines, path)
            place = f"{file}:{line}" if line else "settings"
        known = find_field(model, path)
        if each["type"].startswith("union_tag"):
            types = each["ctx"].get("expected_tags", "").replace("'", '"')
            tag = each["ctx"].get("tag")
            given = f"; found: {tag!r}" if tag else ""
            place = places.get(f"{key}.type", place)
            found[key] = f"{place}: {key}.type: accepted: {types}{given}"
        elif each["type"] == "extra_forbidden":
            found[key] = f"{place}: {key} is no setting{_nearest(model, path)}"
        elif each["type"] == "missing":
            found[key] = f"{place}: {key} is missing; accepted: {describe(known) if known else '?'}"
        elif each["type"] == "value_error":
            shown = _shown(each["input"], known)
            message = each["msg"].removeprefix("Value error, ")
            found[key] = f"{place}: {key or 'settings'}: {message}{shown}"
        else:
            accepted = describe(known) if known else each["msg"]
            shown = _shown(each["input"], known)
            found[key] = f"{place}: {key}: accepted: {accepted}{shown}"
    return list(found.values())


def _shown(value: object, known: Any) -> str:
    """The value that was found, unless it is a secret or a whole table (which may hold one)."""
    if isinstance(value, Mapping | BaseModel):
        return ""
    if known is not None and is_secret(known.annotation):
        return "; found: (hidden)"
    text = repr(value)
    return f"; found: {text if len(text) <= _SHOWN_OCTETS else text[:_SHOWN_OCTETS] + '...'}"


def _nearest(model: type[BaseModel], path: tuple[str, ...]) -> str:
    """A hint at the known keys near an unknown one."""
    siblings = sorted({name for table in _tables(model, path[:-1]) for name in table.model_fields})
    near = difflib.get_close_matches(path[-1], siblings, 1, 0.75)
    if near:
        return f"; did you mean {'.'.join((*path[:-1], near[0]))}?"
    near = difflib.get_close_matches(".".join(path), all_keys(model), 1, 0.75)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; accepted here: {', '.join(siblings)}" if siblings else ""


def _tables(model: type[BaseModel], path: tuple[str, ...]) -> tuple[type[BaseModel], ...]:
    """The models that may stand at a path; several where the user's type chooses; else none."""
    tables: tuple[type[BaseModel], ...] = (model,)
    parts = iter(path)
    for part in parts:
        known = _first(tables, part)
        if known is None:
            return ()
        tables = named_sections(known.annotation)
        if tables:
            next(parts, None)  # the name that the user gave
        else:
            section = section_of(known.annotation)
            tables = (section,) if section else ()
    return tables


def _first(tables: tuple[type[BaseModel], ...], name: str) -> FieldInfo | None:
    return next((each.model_fields[name] for each in tables if name in each.model_fields), None)


def _path(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """The key of an error: pydantic's location without its parts for unions and entries."""
    path: list[str] = []
    tables: tuple[type[BaseModel], ...] = (model,)
    parts = iter(loc)
    for part in parts:
        path.append(str(part))
        known = _first(tables, str(part))
        if known is None:
            break
        tables = named_sections(known.annotation)
        if tables:
            path += map(str, islice(parts, 1))
            next(parts, None)  # the type that chose among them
            continue
        section = section_of(known.annotation)
        if section is None:
            break
        tables = (section,)
    return tuple(path)


def find_field(model: type[BaseModel], path: tuple[str, ...]) -> FieldInfo | None:
    """The field of a key; None if there is none or if it is a section."""
    known = _first(_tables(model, path[:-1]), path[-1]) if path else None
    if known is None or section_of(known.annotation) or named_sections(known.annotation):
        return None
    return known


def all_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    """All dotted keys; ``NAME`` stands for the names that the user gives."""
    keys: dict[str, None] = {}
    for name, known in model.model_fields.items():
        keys[f"{prefix}{name}"] = None
        for named in named_sections(known.annotation):
            keys |= dict.fromkeys(all_keys(named, f"{prefix}{name}.NAME."))
        section = section_of(known.annotation)
        if section:
            keys |= dict.fromkeys(all_keys(section, f"{prefix}{name}."))
    return list(keys)


def variable(key: str) -> str:
    """The environment's name of a dotted key."""
    return PREFIX + key.upper().replace(".", SEPARATOR)
