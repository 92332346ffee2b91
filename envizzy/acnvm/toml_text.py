"""Imported settings as a TOML file, each with where it comes from."""

import json
from collections.abc import Mapping

from envizzy.acnvm.model import Imported, Said, Value

_HEAD = "# Made by envizzy import-acnvm from the files of Cisco's NVM Collector."


def toml_text(imported: Imported) -> str:
    """Return the settings file."""
    tables: dict[str, list[str]] = {}
    for key, value in imported.settings.items():
        table, _, name = key.rpartition(".")
        origin = imported.origins[key]
        tables.setdefault(table, []).append(f"{name} = {_value(value)}  # {origin}")
    lines = [_HEAD]
    missing = imported.of(Said.MISSING)
    lines += [""] * bool(missing) + [
        f"# without equivalent: {note.file}:{note.place.line}: {note.text}" for note in missing
    ]
    for table, settings in tables.items():
        lines += ["", f"[{table}]", *settings]
    return "\n".join(lines) + "\n"


def _value(value: Value) -> str:
    # JSON and TOML write truth values, numbers, lists and text alike.
    return json.dumps(value, ensure_ascii=False)


def tree_of(settings: Mapping[str, Value]) -> dict[str, object]:
    """Return dotted keys as nested tables."""
    tree: dict[str, object] = {}
    for key, value in settings.items():
        table = tree
        *parents, last = key.split(".")
        for part in parents:
            inner = table.setdefault(part, {})
            if not isinstance(inner, dict):
                raise TypeError(f"{key}: {part} is no table")
            table = inner
        table[last] = value
    return tree
