"""A record as one line of JSON, with what is ours where the value lacks it; pure."""

from schemas.records import (
    HEADER_EXPORTER,
    HEADER_RECEIVED,
    HEADER_RECORD_ID,
    META_FIELDS,
    META_RECORD_ID,
)
from schemas.subscriber import Event

ADDED = (HEADER_RECORD_ID, HEADER_EXPORTER, HEADER_RECEIVED)
"""Headers that become fields of a line."""

# Within a JSON text the quotes would stand behind backslashes: this is a key and nothing else.
_PRESENT = f',"{META_RECORD_ID}":'.encode()
_QUOTING = frozenset(b'"\\')


def require_object(value: bytes) -> bytes:
    """See that a value is what envizzy writes; its inside is not looked at.

    Raises:
        ValueError: It is no JSON object in one line.
    """
    if not value.startswith(b"{") or not value.endswith(b"}") or b"\n" in value:
        raise ValueError("the value is no JSON object in one line")
    return value


def json_line(event: Event, *, meta: bool) -> bytes:
    """The line, without its end.

    Args:
        event: Its value is written by envizzy: one JSON object without line breaks.
        meta: Whether ``_id``, ``_exporter`` and ``_received`` are added.

    Raises:
        ValueError: The value is something else.
    """
    value = require_object(event.value or b"")
    if not meta or _PRESENT in value:
        return value
    fields = [
        b'"%s":"%s"' % (META_FIELDS[name].encode(), octets)
        for name, octets in event.headers
        if name in ADDED
        and octets
        and _QUOTING.isdisjoint(octets)
        and octets.isascii()
        and octets.decode().isprintable()
    ]
    if not fields:
        return value
    comma = b"," if len(value) > len(b"{}") else b""
    return value[:-1] + comma + b",".join(fields) + b"}"
