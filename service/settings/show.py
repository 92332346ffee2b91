"""Settings as people read them: the effective ones, and the reference in docs/settings.md."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from service.settings.accepted import describe, named_sections, section_of, type_of
from service.settings.loader import Loaded

SHOWN_SECRET = "********"  # noqa: S105 - what stands in place of one
"""In place of a secret; of the same length whatever the secret is."""

_SECRET_NAMES = re.compile(r"password|secret|token|jaas|private|\.pem$", re.IGNORECASE)
"""Keys of pass-through tables whose values are hidden."""


class Row(NamedTuple):
    """One effective setting.

    Attributes:
        key: Dotted.
        value: As TOML would write it; a secret is hidden; empty where it is not set.
        origin: ``default``, ``file NAME:LINE``, ``env NAME`` or ``flag``.
    """

    key: str
    value: str
    origin: str


def rows(loaded: Loaded[Any]) -> list[Row]:
    """Every effective setting with where it comes from, secrets hidden."""
    return [Row(key, _printed(value), loaded.origin(key)) for key, value in _walk(loaded.settings)]


def keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    """All dotted keys of a model that hold values, in the order of their definition.

    ``NAME`` stands for names that the user gives.
    """
    found: dict[str, None] = {}
    for name, field in model.model_fields.items():
        section, named = section_of(field.annotation), named_sections(field.annotation)
        for each in named:
            found |= dict.fromkeys(keys(each, f"{prefix}{name}.NAME."))
        if section:
            found |= dict.fromkeys(keys(section, f"{prefix}{name}."))
        elif not named:
            found[f"{prefix}{name}"] = None
    return list(found)


def document(model: type[BaseModel]) -> str:
    """The reference of all settings as Markdown, from the fields' own docstrings."""
    return "\n".join(_document(model, ""))


def _document(
    model: type[BaseModel], prefix: str, known: frozenset[str] = frozenset()
) -> Iterator[str]:
    fields = model.model_fields.items()
    inner = [(n, section_of(f.annotation), named_sections(f.annotation)) for n, f in fields]
    tables = {name for name, section, named in inner if section or named}
    plain = {name: field for name, field in fields if name not in tables | known}
    if plain:
        if prefix:
            kind = f', `type = "{type_of(model)}"`' if type_of(model) else ""
            yield from _heading(prefix, kind, model.__doc__)
        yield from _table(plain, prefix)
    for name, section, named in inner:
        if section:
            yield from _document(section, f"{prefix}{name}.")
        if named:
            yield from _document_named(named, f"{prefix}{name}.NAME.")


def _document_named(models: tuple[type[BaseModel], ...], prefix: str) -> Iterator[str]:
    """What all of them have once, then what each has besides."""
    first = models[0].model_fields
    shared = {
        name: field
        for name, field in first.items()
        if all(_alike(field, each.model_fields.get(name)) for each in models)
    }
    if shared:
        yield from _heading(prefix, "", "What each has, whatever its `type`.")
        yield from _table(shared, prefix)
    for each in models:
        yield from _document(each, prefix, frozenset(shared))


def _alike(field: FieldInfo, other: FieldInfo | None) -> bool:
    if other is None:
        return False
    return (field.description, field.default, describe(field)) == (
        other.description,
        other.default,
        describe(other),
    )


def _heading(prefix: str, kind: str, about: str | None) -> Iterator[str]:
    text = " ".join((about or "").split("\n\n")[0].split()).replace("``", "`")
    yield from (f"## [{prefix.removesuffix('.')}]{kind}", "", text, "")


def _table(fields: Mapping[str, FieldInfo], prefix: str) -> Iterator[str]:
    yield from ("| key | accepted | default | what it is |", "|---|---|---|---|")
    for name, field in fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default is PydanticUndefined else _printed(default)
        shown = f"`{shown}`" if shown else "not set"
        text = " ".join((field.description or "").split()).replace("``", "`")
        cells = (f"`{prefix}{name}`", describe(field), shown, text)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _walk(settings: BaseModel, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            yield from _walk(value, f"{prefix}{name}.")
        elif named_sections(type(settings).model_fields[name].annotation):
            for entry in value:
                yield from _walk(value[entry], f"{prefix}{name}.{entry}.")
        else:
            yield f"{prefix}{name}", value


def _printed(value: object) -> str:
    """A value in TOML's form; empty for one that is not set."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return SHOWN_SECRET if value.get_secret_value() else ""
    if isinstance(value, Mapping):
        inner = [f"{json.dumps(str(key))} = {_entry(str(key), value[key])}" for key in value]
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(_printed(each) for each in value) + "]"
    # JSON and TOML write truth values, numbers and text alike.
    plain = value if isinstance(value, bool | int | float) else str(value)
    return json.dumps(plain, ensure_ascii=False)


def _entry(key: str, value: object) -> str:
    """An entry of a pass-through table; what its name makes a secret is hidden."""
    return SHOWN_SECRET if _SECRET_NAMES.search(key) else _printed(value)
