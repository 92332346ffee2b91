"""The collector's exporter as a subscriber, or as topics of their own names."""

import re
from collections.abc import Mapping
from pathlib import Path

from envizzy.acnvm.keys import (
    DEFAULT_KAFKA,
    DEFAULT_PORTS,
    DEFAULT_SYSLOG,
    EXPORTERS,
    FLAT,
    KEYS,
    KINDS,
)
from envizzy.acnvm.model import Imported, Said, Value
from schemas.json_nodes import Place

SUBSCRIBER = "acnvm"
"""Name of the table that the exporter becomes: ``envizzy subscribe acnvm``."""

Given = Mapping[str, tuple[object, Place]]
"""Keys of the file with their values and places."""

_BROKER = re.compile(r"[^\s,:]+(:[0-9]{1,5})?(,[^\s,:]+(:[0-9]{1,5})?)*")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,200}")
_LARGEST_PORT = 65_535
_NO_EXPORTER = "no exporter: records stand on the topics flow, endpoint and interface of Kafka"


def import_exporter(path: Path, given: Given, into: Imported, kafka: str | None) -> None:
    """Say where records go.

    Args:
        path: Of the file.
        given: Its keys.
        into: Told.
        kafka: Brokers of envizzy's own.
    """
    if kafka is not None:
        into.set("kafka.bootstrap_servers", kafka, path, Place(1, 1))
    chosen, place = _kind(path, given, into)
    if chosen == "syslog":
        _syslog(path, given, place, into)
    elif chosen == "kafka":
        _kafka(path, given, place, into, kafka)
    elif chosen == "plugin":
        text = (
            'an exporter of type "plugin" is a native library of the original; write a subscriber '
            "in Python instead (docs/subscribers.md)"
        )
        into.note(Said.MISSING, path, place, text, blocks=True)
    elif not chosen:
        into.note(Said.NOTICE, path, Place(1, 1), _NO_EXPORTER)


def _kind(path: Path, given: Given, into: Imported) -> tuple[str, Place]:
    """The exporter's type; "?" where it is a wrong one, "" where there is none."""
    if "exporter.type" in given:
        value, place = given["exporter.type"]
        if value in EXPORTERS:
            return str(value), place
        text = f'"exporter.type": found "{value}", expected one of {", ".join(EXPORTERS)}'
        into.note(Said.MISTAKE, path, place, text)
        return "?", place
    for key, chosen in (
        ("exporter.bootstrap_server", "kafka"),
        ("exporter.syslog_server", "syslog"),
    ):
        if key in given:
            place = given[key][1]
            text = f'"exporter.type" is missing: taken for "{chosen}" by "{key}"'
            into.note(Said.NOTICE, path, place, text)
            return chosen, place
    if "exporter" in given:
        place = given["exporter"][1]
        text = f'"exporter.type" is missing; expected one of {", ".join(EXPORTERS)}'
        into.note(Said.MISTAKE, path, place, text)
        return "?", place
    flat = [given[key][1] for key in FLAT if key in given]
    return ("syslog", flat[0]) if flat else ("", Place(1, 1))


def _syslog(path: Path, given: Given, place: Place, into: Imported) -> None:
    table = f"subscribers.{SUBSCRIBER}"
    into.set(f"{table}.type", "syslog", path, place)
    said = f"a syslog exporter is [{table}]: start it by envizzy subscribe {SUBSCRIBER}"
    into.note(Said.BECAME, path, place, said)
    _field(path, given, "exporter.syslog_server", f"{table}.host", DEFAULT_SYSLOG, place, into)
    for kind in KINDS:
        key = f"exporter.{kind}_port"
        if key in given and not _is_port(given[key][0]):
            value, where = given[key]
            text = f'"{key}": found "{value}", expected a port number from 1 to 65535 for syslog'
            into.note(Said.MISTAKE, path, where, text)
            continue
        _field(path, given, key, f"{table}.{kind}_port", DEFAULT_PORTS[kind], place, into)
    if "exporter.bootstrap_server" in given:
        _unused(path, given, "exporter.bootstrap_server", "syslog", into)


def _is_port(value: object) -> bool:
    text = str(value)
    return text.isdecimal() and 1 <= int(text) <= _LARGEST_PORT


def _field(
    path: Path, given: Given, key: str, setting: str, default: Value, place: Place, into: Imported
) -> None:
    """One field of the exporter: nested, else flat, else the original's default."""
    flat = next((name for name in FLAT if KEYS[name].nested == key), "")
    found = key if key in given else flat if flat in given else ""
    if not found:
        into.set(setting, default, path, place)
        text = f'"{key}" is not given: {setting} = {default}, the original\'s default'
        into.note(Said.NOTICE, path, place, text)
        return
    value, where = given[found]
    right: Value = int(str(value)) if _is_port(value) else str(value)
    into.set(setting, right, path, where)
    into.note(Said.BECAME, path, where, f'"{found}" is {setting} = {right}')


def _kafka(path: Path, given: Given, place: Place, into: Imported, kafka: str | None) -> None:
    """On one cluster the topics get the names; else a subscriber copies to them."""
    value, where = given.get("exporter.bootstrap_server", (DEFAULT_KAFKA, place))
    servers = str(value)
    if not _BROKER.fullmatch(servers):
        text = f'"exporter.bootstrap_server": found "{servers}", expected HOST:PORT'
        into.note(Said.MISTAKE, path, where, text)
        return
    same = kafka is None or kafka == servers
    table = f"subscribers.{SUBSCRIBER}"
    if same:
        into.set("kafka.bootstrap_servers", servers, path, where)
        text = (
            f'"exporter.bootstrap_server" is kafka.bootstrap_servers = {servers}: envizzy keeps '
            "its own topics there, too (raw, state, ...); --kafka names another cluster for them"
        )
        into.note(Said.BECAME, path, where, text)
    else:
        into.set(f"{table}.type", "kafka", path, place)
        into.set(f"{table}.kafka.bootstrap_servers", servers, path, where)
        text = (
            f'"exporter.bootstrap_server" is [{table}] to {servers}: start it by envizzy subscribe '
            f"{SUBSCRIBER}"
        )
        into.note(Said.BECAME, path, where, text)
    for kind in KINDS:
        setting = f"topics.names.{kind}" if same else f"{table}.names.{kind}"
        _topic(path, given, kind, setting, into)
    if "exporter.syslog_server" in given:
        _unused(path, given, "exporter.syslog_server", "kafka", into)
    text = "how the original writes a message to Kafka is not public: envizzy writes JSON objects"
    into.note(Said.NOTICE, path, place, f'{text}; json_values = "strings" gives all-text values')


def _topic(path: Path, given: Given, kind: str, setting: str, into: Imported) -> None:
    key = f"exporter.{kind}_port"
    if key not in given:
        return  # the default name is the original's, too
    value, place = given[key]
    if not isinstance(value, str) or not _TOPIC.fullmatch(value):
        text = f'"{key}": found {value}, expected the name of a topic in double quotes for kafka'
        into.note(Said.MISTAKE, path, place, text)
        return
    into.set(setting, value, path, place)
    into.note(Said.BECAME, path, place, f'"{key}" is {setting} = {value}')


def _unused(path: Path, given: Given, key: str, kind: str, into: Imported) -> None:
    text = f'"{key}" is passed over: the exporter is of type "{kind}"'
    into.note(Said.NOTICE, path, given[key][1], text)
