"""What is wrong with settings: the place, the key, what was found, what is accepted."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from service.settings.accepted import describe, is_secret, section_of
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
        if each["type"] == "extra_forbidden":
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
    key = ".".join(path)
    near = difflib.get_close_matches(key, all_keys(model), 1, 0.75)
    if near:
        return f"; did you mean {near[0]}?"
    siblings = _siblings(model, path)
    return f"; accepted here: {', '.join(siblings)}" if siblings else ""


def _siblings(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    table: type[BaseModel] | None = model
    for part in path[:-1]:
        known = table.model_fields.get(part) if table else None
        table = section_of(known.annotation) if known else None
    return sorted(table.model_fields) if table else []


def _path(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """The key of an error: pydantic's location without its parts for unions and entries."""
    path: list[str] = []
    table: type[BaseModel] | None = model
    for part in loc:
        path.append(str(part))
        known = table.model_fields.get(str(part)) if table else None
        if known is None:
            break
        table = section_of(known.annotation)
        if table is None:
            break
    return tuple(path)


def find_field(model: type[BaseModel], path: tuple[str, ...]) -> Any:
    """The field of a key; None if there is none or if it is a section."""
    table: type[BaseModel] | None = model
    known = None
    for part in path:
        known = table.model_fields.get(part) if table else None
        if known is None:
            return None
        table = section_of(known.annotation)
    return None if table else known


def all_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    """All dotted keys."""
    keys: list[str] = []
    for name, known in model.model_fields.items():
        section = section_of(known.annotation)
        keys.append(f"{prefix}{name}")
        if section:
            keys += all_keys(section, f"{prefix}{name}.")
    return keys


def variable(key: str) -> str:
    """The environment's name of a dotted key."""
    return PREFIX + key.upper().replace(".", SEPARATOR)
