"""The Avro schemas (``*.avsc``) and their single-object encoding (Avro 1.11)."""

import io
import json
from functools import cache
from typing import Any

import fastavro
from fastavro.schema import fingerprint as fastavro_fingerprint
from fastavro.schema import to_parsing_canonical_form

from schemas.errors import SchemaError
from schemas.tables import builtin_text

NAMES = (
    "raw_batch",
    "dead_letter",
    "session",
    "learnt_options",
    "learnt_options_v1",
    "parked_set",
    "parked_set_v1",
    "layout",
)
"""Every schema that a value may be written with; older versions stay here as ``NAME_vN``."""

MARKER = b"\xc3\x01"
"""First octets of a single-object encoded value; the fingerprint follows."""

HEADER_OCTETS = 10
"""Marker and fingerprint."""

# What a parsed schema is, is fastavro's affair; it has no type for it.
Parsed = Any


@cache
def parsed(name: str) -> Parsed:
    """Return a schema as fastavro takes it.

    Raises:
        SchemaError: No schema of that name.
    """
    return fastavro.parse_schema(json.loads(_text(name)))


@cache
def fingerprint(name: str) -> bytes:
    """Return the 8 octets that name a schema (CRC-64-AVRO of its canonical form, little-endian).

    Raises:
        SchemaError: No schema of that name.
    """
    canonical = to_parsing_canonical_form(json.loads(_text(name)))
    return bytes.fromhex(fastavro_fingerprint(canonical, "CRC-64-AVRO"))


def encode(name: str, value: object) -> bytes:
    """Write one value with its schema's fingerprint in front.

    Raises:
        SchemaError: No schema of that name, or the value does not follow it.
    """
    output = io.BytesIO()
    output.write(MARKER + fingerprint(name))
    try:
        fastavro.schemaless_writer(output, parsed(name), value)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise SchemaError(f"not a value of schema {name}: {error}") from error
    return output.getvalue()


def decode(value: bytes) -> tuple[str, Any]:
    """Read one value.

    Returns:
        The schema's name and the value as dictionaries and lists.

    Raises:
        SchemaError: The marker is missing, the fingerprint is unknown, or the octets do not
            follow the schema to their end.
    """
    if len(value) < HEADER_OCTETS or not value.startswith(MARKER):
        raise SchemaError("not a single-object encoded Avro value (it begins with c301)")
    name = _by_fingerprint().get(value[2:HEADER_OCTETS])
    if name is None:
        raise SchemaError(f"unknown Avro schema {value[2:HEADER_OCTETS].hex()}; a newer writer's?")
    source = io.BytesIO(value)
    source.seek(HEADER_OCTETS)
    try:
        content = fastavro.schemaless_reader(source, parsed(name), None)
    # fastavro has no error class of its own for octets that end early or name no branch
    except (ValueError, EOFError, IndexError, OverflowError, MemoryError) as error:
        raise SchemaError(f"not a value of schema {name}: {error!r}") from error
    if source.tell() != len(value):
        raise SchemaError(f"{len(value) - source.tell()} octets behind the {name} value")
    return name, content


@cache
def _by_fingerprint() -> dict[bytes, str]:
    return {fingerprint(name): name for name in NAMES}


@cache
def _text(name: str) -> str:
    if name not in NAMES:
        raise SchemaError(f"no Avro schema {name!r}; there are {', '.join(NAMES)}")
    return builtin_text("avro", f"{name}.avsc")
