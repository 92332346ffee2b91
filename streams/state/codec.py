"""Keys and values of the ``state`` topic: octets to frozen values and back.

Key: kind (1 octet), exporter (16), port (2), domain (4), version (2), and for parked Sets their
coordinates. Value: version (8 octets, the raw offset of the event), form version (1 octet), Avro.
A forgotten key has form 0 and the time instead of the Avro value.
"""

import struct

from schemas import avro
from schemas.errors import SchemaError
from streams.state.forms import READERS, WRITERS
from streams.state.model import (
    OPTIONS,
    PARKED,
    TEMPLATES,
    Forgotten,
    Options,
    ParkedSet,
    Session,
    SessionKey,
    StateKey,
)

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
    name, write = WRITERS[type(value)]
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
    read = READERS.get(name)
    if read is None:
        raise SchemaError(f"a {name} in the state topic")
    return read(content)


def is_forgotten(octets: bytes) -> bool:
    """Whether a Kafka value says that its key is over."""
    return octets[8] == FORGOTTEN


def parked_key(key: SessionKey, parked: ParkedSet) -> StateKey:
    """Return the key of a parked Set; sorts in the order of ``raw``."""
    return (key, PARKED, f"{parked.record_id}-{parked.set_index:04x}")
