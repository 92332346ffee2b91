"""The one loader of settings: TOML file, then environment, then flags; the last one wins."""

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from service.settings.accepted import (
    is_list,
    is_mapping,
    named_sections,
    section_of,
    type_of,
)
from service.settings.errors import SettingsError
from service.settings.explain import PREFIX, SEPARATOR, all_keys, explain, find_field, variable
from service.settings.toml_lines import find_lines, line_of

T = TypeVar("T", bound=BaseModel)


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
    base: Mapping[str, tuple[object, str]] = {},
) -> Loaded[T]:
    """Read settings.

    Args:
        model: The root; its fields are sections.
        file: TOML; None where there is none.
        env: Names as ``ENVIZZY_SECTION__KEY``. Lists as JSON or separated by commas.
        flags: Dotted key to value; None means that the flag was not given.
        renamed: Old dotted key to new one: the old name works for one release, with a warning.
        base: Dotted key to value and origin: what another program's files say, behind all else.

    Raises:
        SettingsError: A line for each mistake.
    """
    sources = _Sources(model)
    for key, (value, origin) in base.items():
        sources.put(tuple(key.split(".")), value, origin, origin)
    lines = _read_file(sources, file) if file else {}
    _read_environment(sources, env)
    for key, value in flags.items():
        if value is not None:
            sources.put(tuple(key.split(".")), value, "flag", f"flag {key}")
    warnings = _rename(sources, renamed)
    try:
        settings = model.model_validate(sources.tree)
    except ValidationError as error:
        sources.errors += explain(model, sources.places, error, file, lines)
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
        named = named_sections(known.annotation) if known else ()
        if named and isinstance(value, Mapping) and value:
            yield from _named_leaves(named, value, (*path, name))
        elif section and isinstance(value, Mapping) and value:
            yield from _leaves(section, value, (*path, name))
        else:
            yield (*path, name), value


def _named_leaves(
    sections: tuple[type[BaseModel], ...], tree: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The same for tables that the user names; each has the model of its ``type``."""
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            chosen = (each for each in sections if type_of(each) == value.get("type"))
            yield from _leaves(next(chosen, None), value, (*path, name))
        else:
            yield (*path, name), value


def _read_environment(sources: _Sources, env: Mapping[str, str]) -> None:
    variables = [variable(key) for key in all_keys(sources.model) if "." in key]
    misspelt = {name.replace(SEPARATOR, "_"): name for name in variables}
    for name in sorted(env):
        if not name.startswith(PREFIX):
            continue
        if SEPARATOR not in name:
            if name in misspelt:
                sources.errors.append(
                    f"environment: {name} is no setting; did you mean {misspelt[name]}?"
                )
            continue
        path = tuple(name.removeprefix(PREFIX).lower().split(SEPARATOR))
        found = find_field(sources.model, path)
        if found is None:
            near = difflib.get_close_matches(".".join(path), all_keys(sources.model), 1)
            hint = f"; did you mean {variable(near[0])}?" if near else ""
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
