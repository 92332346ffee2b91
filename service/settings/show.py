"""Settings as people read them: the effective ones, and the reference in docs/settings.md."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from service.settings.accepted import describe, section_of
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
    """All dotted keys of a model that hold values, in the order of their definition."""
    found: list[str] = []
    for name, field in model.model_fields.items():
        section = section_of(field.annotation)
        found += keys(section, f"{prefix}{name}.") if section else [f"{prefix}{name}"]
    return found


def document(model: type[BaseModel]) -> str:
    """The reference of all settings as Markdown, from the fields' own docstrings."""
    return "\n".join(_document(model, ""))


def _document(model: type[BaseModel], prefix: str) -> Iterator[str]:
    plain = [(n, f) for n, f in model.model_fields.items() if not section_of(f.annotation)]
    if plain:
        about = " ".join((model.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")
        if prefix:
            yield from (f"## [{prefix.removesuffix('.')}]", "", about, "")
        yield from ("| key | accepted | default | what it is |", "|---|---|---|---|")
        for name, field in plain:
            default = field.get_default(call_default_factory=True)
            shown = "" if default is PydanticUndefined else _printed(default)
            shown = f"`{shown}`" if shown else "not set"
            text = " ".join((field.description or "").split()).replace("``", "`")
            cells = (f"`{prefix}{name}`", describe(field), shown, text)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield ""
    for name, field in model.model_fields.items():
        section = section_of(field.annotation)
        if section:
            yield from _document(section, f"{prefix}{name}.")


def _walk(settings: BaseModel, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            yield from _walk(value, f"{prefix}{name}.")
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
