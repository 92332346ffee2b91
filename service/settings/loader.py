"""The one loader of settings: TOML file, then environment, then flags; the last one wins."""

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from service.settings.accepted import describe, is_list, is_mapping, is_secret, section_of
from service.settings.errors import SettingsError
from service.settings.toml_lines import find_lines, line_of

T = TypeVar("T", bound=BaseModel)

PREFIX = "ENVIZZY_"
"""Variables of this prefix that contain the separator are settings; others are not."""

SEPARATOR = "__"
"""Between the parts of a key in the environment: ``ENVIZZY_KAFKA__SASL_PASSWORD``."""

_SHOWN_OCTETS = 60
"""So much of a wrong value is shown; an error stays on one line."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """Settings and where each comes from.

    Attributes:
        settings: Complete, checked, frozen.
        origins: Dotted key to ``file NAME:LINE``, ``env NAME`` or ``flag``; else it is a default.
        warnings: For the log: old names that still work.
    """

    settings: T
    origins: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    def origin(self, key: str) -> str:
        """Where the value of a dotted key comes from."""
        return self.origins.get(key, "default")


@dataclass(slots=True)
class _Sources:
    """What was given, merged, with its origins and the mistakes found on the way."""

    model: type[BaseModel]
    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def put(self, path: tuple[str, ...], value: object, origin: str, place: str) -> None:
        """Set one leaf; what was there from an earlier source is replaced."""
        table = self.tree
        for part in path[:-1]:
            inner = table.setdefault(part, {})
            if not isinstance(inner, dict):
                inner = table[part] = {}
            table = inner
        table[path[-1]] = value
        self.origins[".".join(path)] = origin
        self.places[".".join(path)] = place


def load(
    model: type[T],
    file: Path | None,
    env: Mapping[str, str],
    flags: Mapping[str, Any],
    renamed: Mapping[str, str] = {},
) -> Loaded[T]:
    """Read settings.

    Args:
        model: The root; its fields are sections.
        file: TOML; None where there is none.
        env: Names as ``ENVIZZY_SECTION__KEY``. Lists as JSON or separated by commas.
        flags: Dotted key to value; None means that the flag was not given.
        renamed: Old dotted key to new one: the old name works for one release, with a warning.

    Raises:
        SettingsError: A line for each mistake.
    """
    sources = _Sources(model)
    lines = _read_file(sources, file) if file else {}
    _read_environment(sources, env)
    for key, value in flags.items():
        if value is not None:
            sources.put(tuple(key.split(".")), value, "flag", f"flag {key}")
    warnings = _rename(sources, renamed)
    try:
        settings = model.model_validate(sources.tree)
    except ValidationError as error:
        sources.errors += _explain(sources, error, file, lines)
    if sources.errors:
        raise SettingsError(dict.fromkeys(sources.errors))
    return Loaded(settings, sources.origins, warnings)


def _read_file(sources: _Sources, file: Path) -> Mapping[tuple[str, ...], int]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError([f"{file}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise SettingsError([f"{file}: not UTF-8 at octet {error.start}"]) from error
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{file}: not TOML: {error}"]) from error
    lines = find_lines(text)
    for path, value in _leaves(sources.model, tree):
        line = line_of(lines, path)
        place = f"{file}:{line}" if line else str(file)
        sources.put(path, value, f"file {place}", place)
    return lines


def _leaves(
    model: type[BaseModel] | None, tree: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The values of a tree down to the fields of the model that are no sections themselves."""
    for name, value in tree.items():
        known = model.model_fields.get(name) if model else None
        section = section_of(known.annotation) if known else None
        if section and isinstance(value, Mapping) and value:
            yield from _leaves(section, value, (*path, name))
        else:
            yield (*path, name), value


def _read_environment(sources: _Sources, env: Mapping[str, str]) -> None:
    for name in sorted(env):
        if not name.startswith(PREFIX) or SEPARATOR not in name:
            continue
        path = tuple(name.removeprefix(PREFIX).lower().split(SEPARATOR))
        found = _field(sources.model, path)
        if found is None:
            near = difflib.get_close_matches(".".join(path), _keys(sources.model), 1)
            hint = f"; did you mean {_variable(near[0])}?" if near else ""
            sources.errors.append(f"environment: {name} is no setting{hint}")
            continue
        value: object = env[name]
        if is_mapping(found.annotation) or (is_list(found.annotation) and env[name][:1] == "["):
            try:
                value = json.loads(env[name])
            except json.JSONDecodeError as error:
                sources.errors.append(f"environment: {name} is not JSON: {error}")
                continue
        elif is_list(found.annotation):
            value = [part.strip() for part in env[name].split(",") if part.strip()]
        sources.put(path, value, f"env {name}", f"environment: {name}")


def _rename(sources: _Sources, renamed: Mapping[str, str]) -> tuple[str, ...]:
    """Move values from old names to new ones; a new name that was given too wins."""
    warnings = []
    for old, new in renamed.items():
        if old not in sources.origins:
            continue
        *parents, last = old.split(".")
        table = sources.tree
        for part in parents:
            table = table[part]
        value = table.pop(last)
        origin, place = sources.origins.pop(old), sources.places.pop(old)
        warnings.append(f"{place}: {old} is now {new}; the old name goes with the next release")
        if new not in sources.origins:
            sources.put(tuple(new.split(".")), value, origin, place)
    return tuple(warnings)


def _explain(
    sources: _Sources,
    error: ValidationError,
    file: Path | None,
    lines: Mapping[tuple[str, ...], int],
) -> list[str]:
    """One line for each setting that is wrong."""
    found: dict[str, str] = {}
    for each in error.errors(include_url=False):
        path = _path(sources.model, each["loc"])
        key = ".".join(path)
        if key in found:  # a union reports each of its members
            continue
        place = sources.places.get(key)
        if place is None:
            line = line_of(lines, path)
            place = f"{file}:{line}" if line else "settings"
        known = _field(sources.model, path)
        if each["type"] == "extra_forbidden":
            found[key] = f"{place}: {key} is no setting{_nearest(sources.model, path)}"
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
    near = difflib.get_close_matches(key, _keys(model), 1, 0.75)
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


def _field(model: type[BaseModel], path: tuple[str, ...]) -> Any:
    """The field of a key; None if there is none or if it is a section."""
    table: type[BaseModel] | None = model
    known = None
    for part in path:
        known = table.model_fields.get(part) if table else None
        if known is None:
            return None
        table = section_of(known.annotation)
    return None if table else known


def _keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    """All dotted keys."""
    keys: list[str] = []
    for name, known in model.model_fields.items():
        section = section_of(known.annotation)
        keys.append(f"{prefix}{name}")
        if section:
            keys += _keys(section, f"{prefix}{name}.")
    return keys


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace(".", SEPARATOR)
