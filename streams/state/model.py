"""What a worker remembers of one partition of ``raw``: frozen values and the changes to them."""

from dataclasses import dataclass, field
from typing import NamedTuple

from streams.wire.model import Template


class SessionKey(NamedTuple):
    """One Transport Session's Observation Domain. For v9 the port is 0 (RFC 3954, 5.1).

    Attributes:
        exporter: 16 octets.
        port: Of the Exporter; for DTLS of its current association.
        domain: Observation Domain ID.
        version: 9 or 10.
    """

    exporter: bytes
    port: int
    domain: int
    version: int


@dataclass(frozen=True, slots=True)
class Replaced:
    """A Template that a redefinition replaced: kept for the replay window."""

    template: Template
    until_ns: int
    """Receive time of the redefinition: data received before it is decoded with this one."""


@dataclass(frozen=True, slots=True)
class TemplateEntry:
    """A Template as a session holds it.

    Attributes:
        template: The newest definition.
        defined_at_ns: Receive time at which this definition first came.
        refreshed_at_ns: Receive time of its last repeat, remembered coarsely (written on change only).
        replaced: Earlier definitions within the replay window, newest first, bounded.
    """

    template: Template
    defined_at_ns: int
    refreshed_at_ns: int
    replaced: tuple[Replaced, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """Templates of one session.

    Attributes:
        templates: By Template ID.
        seen_at_ns: Receive time of the last datagram, remembered coarsely.
        refresh_ns: Longest interval observed between refreshes; 0 before the second.
    """

    templates: dict[int, TemplateEntry] = field(default_factory=dict)
    seen_at_ns: int = 0
    refresh_ns: int = 0


@dataclass(frozen=True, slots=True)
class ParkedSet:
    """A Set that waits for its Template.

    Attributes:
        record_id: Coordinates prefix of its datagram.
        set_index: In its Message.
        set_id: The Template ID of the Set.
        missing: The Template ID that is awaited.
        port: Of the Exporter.
        received_at_ns: Of the datagram.
        export_time: Of the Message, seconds.
        octets: The Set's content, without its header.
    """

    record_id: str
    set_index: int
    set_id: int
    missing: int
    port: int
    received_at_ns: int
    export_time: int
    octets: bytes


class Change(NamedTuple):
    """One key of the ``state`` topic and its new value; None forgets it.

    Attributes:
        key: (SessionKey, kind) or (SessionKey, "parked", record id and Set index): see ``streams.state.codec``.
        value: The frozen value; None where it is over.
    """

    key: tuple[object, ...]
    value: object | None
