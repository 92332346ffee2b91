"""The contract of the record topics: headers, meta fields, the fields of each kind of record."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

from schemas.field_keys import FieldKey, FieldKeys

FORM_VERSION: Final = 1
"""Of the records' form; rises when a reader of the old form could be misled."""

RecordKind = Literal["endpoint", "interface", "flow"]
"""The record kinds of nvzFlow; each has the topic of its name."""

KINDS: Final[tuple[RecordKind, ...]] = get_args(RecordKind)
LETTERS: Final[Mapping[RecordKind, str]] = MappingProxyType(
    {"endpoint": "E", "interface": "I", "flow": "F"}
)
"""How tables of fields name the kinds."""

HEADER_RECORD_ID: Final = "record-id"
"""Where the record stood in ``raw``: the same on every replay."""

HEADER_EXPORTER: Final = "exporter"
"""Address in text."""

HEADER_RECEIVED: Final = "received"
"""Receive time of the datagram, nanoseconds since 1970-01-01T00:00:00Z, decimal."""

HEADER_FORM: Final = "form"
"""``FORM_VERSION``, decimal."""

HEADER_ORIGIN: Final = "template-origin"
"""``sibling`` or ``fleet``; no header where the session's own Template decoded the record."""

HEADER_RELEASED_BY: Final = "released-by"
"""Of a record that waited for its Template: coordinates of the datagram at which it was published.
(``released-by``, else the record id's own datagram; ``record-id``) rises strictly in the order in
which the records of a partition of ``raw`` are written; what does not rise is a repeat."""

META_RECORD_ID: Final = "_id"
META_EXPORTER: Final = "_exporter"
META_RECEIVED: Final = "_received"
META_FORM: Final = "_form"
META_ORIGIN: Final = "_template_origin"

META_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        HEADER_RECORD_ID: META_RECORD_ID,
        HEADER_EXPORTER: META_EXPORTER,
        HEADER_RECEIVED: META_RECEIVED,
        HEADER_FORM: META_FORM,
        HEADER_ORIGIN: META_ORIGIN,
    }
)
"""Header to the field that it becomes in the value, for consumers that drop headers."""


def contract(kind: RecordKind, keys: FieldKeys) -> tuple[FieldKey, ...]:
    """Return the fields that a record of a kind may have.

    Their order is that of the newest known client; a record's own is that of its Template. None of
    them must be there, and elements without a field key may be there under the element's name.
    """
    letter = LETTERS[kind]
    return tuple(field for field in keys.fields if letter in field.records)
