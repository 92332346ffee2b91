"""``acnvm.conf``: checks each key and value, then says what they are with us."""

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from envizzy.acnvm.exporters import Given, import_exporter
from envizzy.acnvm.keys import FLAT, FORMS, KEYS, Form
from envizzy.acnvm.model import Imported, Said
from schemas.json_nodes import Node, Place
from schemas.json_text import read_json

_LARGEST_PORT = 65_535
_MOST_PROCESSES = 256
_SHOWN = 40
_DTLS = (
    "the collector speaks DTLS only, and envizzy does not speak DTLS yet: clients with DTLS would "
    "not be heard. Turn DTLS off in the clients' profile first, or keep the original"
)


class _Entry(NamedTuple):
    value: object
    place: Place


def import_conf(path: Path, text: str, into: Imported, kafka: str | None = None) -> None:
    """Read the collector's main file.

    Args:
        path: For notes.
        text: Its content.
        into: Told what each line became.
        kafka: Brokers of envizzy's own, where they are not the exporter's.
    """
    read = read_json(text)
    for mistake in read.mistakes:
        into.note(Said.MISTAKE, path, mistake.place, str(mistake))
    if read.node is None:
        return
    if not isinstance(read.node.value, dict):
        place = read.node.place
        into.note(Said.MISTAKE, path, place, f"found {_shown(read.node.value)}, expected an object")
        return
    entries = _entries(path, read.node, into)
    _flat_and_nested(path, entries, into)
    given: Given = {key: (entry.value, entry.place) for key, entry in entries.items()}
    _port(path, entries, into)
    _security(path, entries, into)
    _processes(path, entries, into)
    import_exporter(path, given, into, kafka)


def _entries(path: Path, node: Node, into: Imported, parent: str = "") -> dict[str, _Entry]:
    """All keys of the table that the manual knows, each value of the right form."""
    found: dict[str, _Entry] = {}
    for name, place, value in node.members:
        key = f"{parent}{name}"
        known = KEYS.get(key)
        if known is None:
            into.note(Said.MISTAKE, path, place, f'"{key}" is no key of acnvm.conf{_hint(key)}')
        elif known.form == "table":
            if isinstance(value.value, dict):
                found |= _entries(path, value, into, f"{key}.")
                found[key] = _Entry(value.value, place)
            else:
                _wrong(path, value, key, known.form, into)
        else:
            right = _right(path, value, key, known.form, into)
            if right is not None:
                found[key] = _Entry(right, place)
    return found


def _hint(key: str) -> str:
    """The nearest known key: of that name in another table, else the most alike of its own."""
    last = key.rpartition(".")[2].lower()
    for known in KEYS:
        if known.rpartition(".")[2].lower() == last:
            table, dot, name = known.rpartition(".")
            place = f'within "{table}"' if dot else "at the outermost level"
            return f'; did you mean "{name}" {place}?'
    within = key.rpartition(".")[0]
    inside = [k.rpartition(".")[2] for k in KEYS if k.rpartition(".")[0] == within]
    near = difflib.get_close_matches(last, inside, 1, 0.6)
    if near:
        return f'; did you mean "{within}{"." * bool(within)}{near[0]}"?'
    table = f'in "{within}"' if within else "at the outermost level"
    return f"; there are {table}: {', '.join(inside)}"


def _right(path: Path, node: Node, key: str, form: Form, into: Imported) -> object | None:
    """The value in its right form; None where it has none, which is noted."""
    value, meant = node.value, _meant(node.value, form)
    if meant is not None:
        text = f'"{key}": {_shown(value)} is given as text; {_shown(meant)} is right'
        into.note(Said.NOTICE, path, node.place, text)
        value = meant
    if form == "path" and isinstance(value, str) and value[:1] not in {"", "/"}:
        text = f'"{key}": found "{value}", expected an absolute path: "/{value}"'
        into.note(Said.MISTAKE, path, node.place, text)
        return None
    if not _ACCEPTS[form](value):
        _wrong(path, node, key, form, into)
        return None
    right: object = value
    return right


def _meant(value: object, form: Form) -> int | bool | None:
    """A number or a truth value that is given as text; None where it is not so."""
    if not isinstance(value, str):
        return None
    if form in {"port", "count"} and value.isdecimal():
        return int(value)
    truths = {"true": True, "false": False}
    return truths.get(value.lower()) if form == "truth" else None


def _is_number(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


_ACCEPTS: Mapping[Form, Callable[[object], bool]] = {
    "port": lambda value: _is_number(value, _LARGEST_PORT),
    "count": lambda value: _is_number(value, _MOST_PROCESSES),
    "truth": lambda value: isinstance(value, bool),
    "text": _is_text,
    "path": _is_text,
    "port or topic": lambda value: _is_number(value, _LARGEST_PORT) or _is_text(value),
}


def _wrong(path: Path, node: Node, key: str, form: Form, into: Imported) -> None:
    text = f'"{key}": found {_shown(node.value)}, expected {FORMS[form]}'
    into.note(Said.MISTAKE, path, node.place, text)


def _shown(value: object) -> str:
    names: Mapping[type, str] = {dict: "an object", list: "a list", type(None): "nothing"}
    if type(value) in names:
        return names[type(value)]
    text = f'"{value}"' if isinstance(value, str) else str(value).lower()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _flat_and_nested(path: Path, entries: dict[str, _Entry], into: Imported) -> None:
    """Nested settings go before flat ones; what is passed over is said."""
    kafka = "exporter.type" in entries and entries["exporter.type"].value != "syslog"
    for flat in FLAT:
        if flat not in entries:
            continue
        nested = KEYS[flat].nested
        if kafka:
            kind = entries["exporter.type"].value
            text = f'"{flat}" is passed over: the exporter of type "{kind}" goes before it'
            into.note(Said.NOTICE, path, entries[flat].place, text)
            del entries[flat]
        elif nested in entries:
            other = entries[nested]
            text = f'"{flat}" is passed over: "{nested}" in line {other.place.line} goes before it'
            into.note(Said.NOTICE, path, entries[flat].place, text)
            del entries[flat]


def _port(path: Path, entries: Mapping[str, _Entry], into: Imported) -> None:
    entry = entries.get("netflow_collector_port")
    if entry is None:
        return
    listen = [f"0.0.0.0:{entry.value}", f"[::]:{entry.value}"]
    into.set("ingest.listen", listen, path, entry.place)
    text = f'"netflow_collector_port" is ingest.listen, for IPv4 and IPv6: port {entry.value}'
    into.note(Said.BECAME, path, entry.place, text)


def _security(path: Path, entries: Mapping[str, _Entry], into: Imported) -> None:
    enabled = entries.get("security.dtls_enabled")
    if enabled is not None and enabled.value is True:
        text = f'"security.dtls_enabled" is true: {_DTLS}'
        into.note(Said.MISSING, path, enabled.place, text, blocks=True)
    elif enabled is not None:
        text = '"security.dtls_enabled" is false: plain UDP, as ingest receives'
        into.note(Said.BECAME, path, enabled.place, text)
    for key in ("security.server_certificate", "security.server_pkey"):
        if key in entries:
            text = f'"{key}" is not used: envizzy does not speak DTLS yet'
            into.note(Said.MISSING, path, entries[key].place, text)


def _processes(path: Path, entries: Mapping[str, _Entry], into: Imported) -> None:
    enabled, number = entries.get("multiprocess.enabled"), entries.get("multiprocess.numProcesses")
    if enabled is not None and enabled.value is False:
        for key in ("ingest.processes", "streams.processes"):
            into.set(key, 1, path, enabled.place)
        text = '"multiprocess.enabled" is false: ingest.processes and streams.processes are 1'
        into.note(Said.BECAME, path, enabled.place, text)
        if number is not None:
            text = '"multiprocess.numProcesses" is passed over: multiprocess is not enabled'
            into.note(Said.NOTICE, path, number.place, text)
        return
    if number is not None:
        into.set("streams.processes", int(str(number.value)), path, number.place)
        text = (
            f'"multiprocess.numProcesses" is streams.processes = {number.value}: decoding is the '
            'work; ingest.processes stays "auto"'
        )
        into.note(Said.BECAME, path, number.place, text)
    elif enabled is not None:
        for key in ("ingest.processes", "streams.processes"):
            into.set(key, "auto", path, enabled.place)
        text = '"multiprocess.enabled" is ingest.processes and streams.processes = "auto"'
        into.note(Said.BECAME, path, enabled.place, text)
