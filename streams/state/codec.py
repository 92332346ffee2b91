"""Keys and values of the ``state`` topic: octets to frozen values and back.

Key: kind (1 octet), exporter (16), port (2), domain (4), version (2), and for parked Sets their
coordinates. Value: version (8 octets, the raw offset of the event), form version (1 octet), Avro.
A forgotten key has form 0 and the time instead of the Avro value.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any

from schemas import avro
from schemas.errors import SchemaError
from schemas.registry import DataType, InformationElement, Semantics
from streams.state.model import (
    OPTIONS,
    PARKED,
    TEMPLATES,
    Change,
    Forgotten,
    Interface,
    Options,
    ParkedSet,
    Replaced,
    Session,
    SessionKey,
    StateKey,
    TemplateEntry,
)
from streams.wire.model import FieldSpecifier, Template

FORM_VERSION = 1
"""Of the values; a reader refuses what is newer."""

FORGOTTEN = 0
"""Form version of a key that is over."""

StateValue = Session | Options | ParkedSet | Forgotten

_key = struct.Struct(">c16sHIH")
_head = struct.Struct(">QB")
_forgotten = struct.Struct(">QBQ")
_KINDS = {b"t": TEMPLATES, b"o": OPTIONS, b"p": PARKED}
_WHOLE = (b"t", b"o")
_PARKED_OCTET = b"p"
_OCTETS = {kind: octet for octet, kind in _KINDS.items()}
_LARGEST_VERSION = (1 << 64) - 1


def encode_key(key: StateKey) -> bytes:
    """Return the Kafka key."""
    head = _key.pack(_OCTETS[key[1]], *key[0])
    return head + key[2].encode() if len(key) == 3 else head  # noqa: PLR2004 - the parked form


def decode_key(octets: bytes) -> StateKey:
    """Read a Kafka key.

    Raises:
        SchemaError: Not a key of the state topic.
    """
    check_key(octets)
    kind = _KINDS[octets[:1]]
    session = SessionKey(*_key.unpack_from(octets)[1:])
    if kind != PARKED:
        return (session, kind)
    return (session, kind, octets[_key.size :].decode(errors="backslashreplace"))


def check_key(octets: bytes) -> None:
    """Check the form of a Kafka key without making anything of it.

    Raises:
        SchemaError: Not a key of the state topic.
    """
    size = len(octets)
    kind = octets[:1]
    if size != _key.size if kind in _WHOLE else kind != _PARKED_OCTET or size <= _key.size:
        raise SchemaError(f"not a key of the state topic: {octets[:64].hex()}")


def version_of(octets: bytes) -> int:
    """Return the version that a Kafka value begins with.

    Raises:
        SchemaError: Too short for a value, or of a newer form than this program reads.
    """
    if len(octets) < _head.size:
        raise SchemaError(f"{len(octets)} octets, a value of the state topic has at least 9")
    if octets[8] > FORM_VERSION:
        raise SchemaError(f"state of form {octets[8]}, this program reads up to {FORM_VERSION}")
    return int.from_bytes(octets[:8])


def encode_value(value: StateValue, version: int) -> bytes:
    """Return the Kafka value of a change that is no tombstone."""
    version = min(version, _LARGEST_VERSION)
    if isinstance(value, Forgotten):
        return _forgotten.pack(version, FORGOTTEN, value.at_ns)
    name, write = _WRITERS[type(value)]
    return _head.pack(version, FORM_VERSION) + avro.encode(name, write(value))


def decode_value(octets: bytes) -> StateValue:
    """Read a Kafka value.

    Raises:
        SchemaError: Not a value of the state topic, or of a newer form.
    """
    version_of(octets)
    if octets[8] == FORGOTTEN:
        return Forgotten(int.from_bytes(octets[9:17]))
    name, content = avro.decode(octets[_head.size :])
    read = _READERS.get(name)
    if read is None:
        raise SchemaError(f"a {name} in the state topic")
    return read(content)


def is_forgotten(octets: bytes) -> bool:
    """Whether a Kafka value says that its key is over."""
    return octets[8] == FORGOTTEN


def parked_key(key: SessionKey, parked: ParkedSet) -> StateKey:
    """Return the key of a parked Set; sorts in the order of ``raw``."""
    return (key, PARKED, f"{parked.record_id}-{parked.set_index:04x}")


def change_octets(change: Change, version: int) -> tuple[bytes, bytes | None]:
    """Return Kafka key and value of a change; None is the tombstone."""
    value = None if change.value is None else encode_value(change.value, version)
    return encode_key(change.key), value


def _write_template(template: Template) -> dict[str, object]:
    return {
        "template_id": template.template_id,
        "scope_count": template.scope_count,
        "fields": [
            {
                "enterprise_number": item.enterprise_number,
                "element_id": item.element_id,
                "length": item.length,
            }
            for item in template.fields
        ],
    }


# What fastavro gives is dictionaries of anything; the schema has checked them.
def _read_template(content: Any) -> Template:
    return Template(
        content["template_id"],
        tuple(
            FieldSpecifier(item["enterprise_number"], item["element_id"], item["length"])
            for item in content["fields"]
        ),
        content["scope_count"],
    )


def _write_session(session: Session) -> dict[str, object]:
    return {
        "seen_at_ns": session.seen_at_ns,
        "refresh_ns": session.refresh_ns,
        "templates": [
            {
                "template": _write_template(entry.template),
                "defined_at_ns": entry.defined_at_ns,
                "refreshed_at_ns": entry.refreshed_at_ns,
                "replaced": [
                    {"template": _write_template(old.template), "until_ns": old.until_ns}
                    for old in entry.replaced
                ],
            }
            for entry in session.templates.values()
        ],
    }


def _read_session(content: Any) -> Session:
    entries = (
        TemplateEntry(
            _read_template(entry["template"]),
            entry["defined_at_ns"],
            entry["refreshed_at_ns"],
            tuple(
                Replaced(_read_template(old["template"]), old["until_ns"])
                for old in entry["replaced"]
            ),
        )
        for entry in content["templates"]
    )
    return Session(
        {entry.template.template_id: entry for entry in entries},
        content["seen_at_ns"],
        content["refresh_ns"],
    )


def _write_options(options: Options) -> dict[str, object]:
    return {
        "seen_at_ns": options.seen_at_ns,
        "elements": [
            {
                "enterprise_number": item.enterprise_number,
                "element_id": item.element_id,
                "name": item.name,
                "data_type": item.data_type.value,
                "semantics": item.semantics.value,
                "units": item.units,
            }
            for item in options.elements.values()
        ],
        "interfaces": [
            {"index": index, "name": item.name, "description": item.description}
            for index, item in options.interfaces.items()
        ],
        "sampling": [
            {
                "scope": scope,
                "values": [{"element_id": key, "value": value} for key, value in values.items()],
            }
            for scope, values in options.sampling.items()
        ],
        "system_init_ms": options.system_init_ms,
    }


def _read_options(content: Any) -> Options:
    return Options(
        content["seen_at_ns"],
        {
            (item["enterprise_number"], item["element_id"]): InformationElement(
                item["enterprise_number"],
                item["element_id"],
                item["name"],
                DataType(item["data_type"]),
                Semantics(item["semantics"]),
                item["units"],
            )
            for item in content["elements"]
        },
        {
            item["index"]: Interface(item["name"], item["description"])
            for item in content["interfaces"]
        },
        {
            item["scope"]: {value["element_id"]: value["value"] for value in item["values"]}
            for item in content["sampling"]
        },
        content["system_init_ms"],
    )


def _write_parked(parked: ParkedSet) -> dict[str, object]:
    return {name: getattr(parked, name) for name in _PARKED_FIELDS}


def _read_parked(content: Any) -> ParkedSet:
    return ParkedSet(*(content[name] for name in _PARKED_FIELDS))


_PARKED_FIELDS = (
    "record_id",
    "set_index",
    "set_id",
    "missing",
    "port",
    "received_at_ns",
    "export_time",
    "octets",
)

_WRITERS: Mapping[type, tuple[str, Callable[[Any], dict[str, object]]]] = {
    Session: ("session", _write_session),
    Options: ("learnt_options", _write_options),
    ParkedSet: ("parked_set", _write_parked),
}

_READERS: Mapping[str, Callable[[Any], StateValue]] = {
    "session": _read_session,
    "learnt_options": _read_options,
    "parked_set": _read_parked,
}
