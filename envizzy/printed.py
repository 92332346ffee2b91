"""Records of any topic in a form that people and ``jq`` can read."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from confluent_kafka import Message

from envizzy.lab.observe import headers_of
from schemas import avro, raw_batch
from schemas.addresses import exporter_text
from schemas.errors import SchemaError
from streams.state import codec

_ADDRESS_OCTETS = 16


def readable(message: Message, topic: str) -> dict[str, Any]:
    """A record with its place, key, headers and value; octets in upper-case hex.

    Args:
        message: As it was read.
        topic: By the topics table.
    """
    read_key, read_value = _READERS.get(topic, (_text, _json))
    key, value = message.key(), message.value()
    return {
        "partition": message.partition(),
        "offset": message.offset(),
        "time_ms": message.timestamp()[1],
        "key": None if key is None else _guarded(read_key, key),
        "headers": headers_of(message),
        "value": None if value is None else _guarded(read_value, value),
    }


def _guarded(read: Callable[[bytes], Any], octets: bytes) -> Any:
    """A record that is not in the form of its topic is shown as its octets."""
    try:
        return plain(read(octets))
    except (SchemaError, ValueError) as error:
        return {"unreadable": str(error), "octets": octets.hex().upper()}


def plain(value: Any) -> Any:
    """A value as JSON takes it; 16-octet exporters as addresses, other octets in hex."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex().upper()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return plain({each.name: getattr(value, each.name) for each in fields})
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(name): _member(str(name), each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return value


def _member(name: str, value: Any) -> Any:
    if name == "exporter" and isinstance(value, bytes) and len(value) == _ADDRESS_OCTETS:
        return exporter_text(value)
    return plain(value)


def _text(octets: bytes) -> str:
    return octets.decode(errors="backslashreplace")


def _json(octets: bytes) -> Any:
    return orjson.loads(octets)


def _avro(octets: bytes) -> Any:
    return avro.decode(octets)[1]


def _state(octets: bytes) -> Any:
    version = codec.version_of(octets)
    return {"version": version, "state": codec.decode_value(octets)}


_READERS: Mapping[str, tuple[Callable[[bytes], Any], Callable[[bytes], Any]]] = {
    "raw": (_text, raw_batch.decode),
    "state": (codec.decode_key, _state),
    "layouts": (bytes.hex, _avro),
    "dead-letter": (_text, _avro),
}
"""Topics whose values are no JSON: how their keys and values are read."""
