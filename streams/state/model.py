"""What a worker remembers of one partition of ``raw``: frozen values and the changes to them."""

from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.registry import InformationElement
from streams.wire.model import Template
from streams.wire.netflow9 import VERSION_9

TEMPLATES = "templates"
"""Kind of key: the Templates of a session; the value is a ``Session``."""

OPTIONS = "options"
"""Kind of key: what options data told about a session; the value is ``Options``."""

PARKED = "parked"
"""Kind of key: one Set that waits for its Template; the value is a ``ParkedSet``."""


class SessionKey(NamedTuple):
    """One Transport Session's Observation Domain. For v9 the port is 0 (RFC 3954, 5.1).

    Attributes:
        exporter: 16 octets.
        port: Of the Exporter; for DTLS of its current association.
        domain: Observation Domain ID.
        version: 9 or 10; 5 and 7 for Sequence Numbers only.
    """

    exporter: bytes
    port: int
    domain: int
    version: int


def session_key(exporter: bytes, port: int, domain: int, version: int) -> SessionKey:
    """Return whose Templates apply: for v9 the port is ignored (RFC 3954, 5.1)."""
    return SessionKey(exporter, 0 if version == VERSION_9 else port, domain, version)


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
        refreshed_at_ns: Receive time of its last repeat, remembered coarsely.
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
        sequence_number: Of the Message.
        sys_uptime_ms: Of the Message (NetFlow v9), else 0.
    """

    record_id: str
    set_index: int
    set_id: int
    missing: int
    port: int
    received_at_ns: int
    export_time: int
    octets: bytes
    sequence_number: int = 0
    sys_uptime_ms: int = 0


@dataclass(frozen=True, slots=True)
class Interface:
    """What options data says of an interface (interfaceName 82, interfaceDescription 83)."""

    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """What an Exporter told about itself in options data; newest entries last, bounded.

    Attributes:
        seen_at_ns: Receive time of the last change.
        elements: Element types (RFC 5610) by (enterprise number, element id).
        interfaces: By ingressInterface or egressInterface (10, 14).
        sampling: Sampling parameters by scope (``samplerId=3``), each by element id
            (``streams.pipeline.options.SAMPLING``).
        system_init_ms: systemInitTimeMilliseconds (160) since 1970; 0 where not told.
        applications: applicationName (96) by applicationId (95, upper-case hex).
        boot_ms: Export Time less the sysUpTime that was told, since 1970; 0 where not told.
        start_uptime_ms: flowStartSysUpTime (22); -1 where not told.
    """

    seen_at_ns: int = 0
    elements: dict[tuple[int, int], InformationElement] = field(default_factory=dict)
    interfaces: dict[int, Interface] = field(default_factory=dict)
    sampling: dict[str, dict[int, int | float | str]] = field(default_factory=dict)
    system_init_ms: int = 0
    applications: dict[str, str] = field(default_factory=dict)
    boot_ms: int = 0
    start_uptime_ms: int = -1

    def entries(self) -> int:
        """How many things are remembered: what the quota counts."""
        return (
            len(self.elements) + len(self.interfaces) + len(self.sampling) + len(self.applications)
        )


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was there is over, and still says so with a version.

    A bare tombstone could be undone by the late write of a worker that was frozen.

    Attributes:
        at_ns: Since when; the tombstone follows ``StateLimits.grave_ns`` later.
    """

    at_ns: int


StateKey = tuple[SessionKey, str] | tuple[SessionKey, str, str]
"""(Session, kind), or (session, "parked", record id and Set index)."""


class Change(NamedTuple):
    """One key of the ``state`` topic and its new value.

    Attributes:
        key: (SessionKey, kind), or (SessionKey, "parked", record id and Set index): see
            ``streams.state.codec``.
        value: ``Session``, ``Options`` or ``ParkedSet``; ``Forgotten`` where it is over; None for
            the tombstone that removes the key from the topic.
    """

    key: StateKey
    value: "Session | Options | ParkedSet | Forgotten | None"


class Note(NamedTuple):
    """A change of what is remembered in memory only: numbering, sweeps, layouts on their way.

    Attributes:
        key: A ``SessionKey`` (its ``Numbering``) or a name of ``streams.state.partition``.
        value: The new value; None forgets it.
    """

    key: object
    value: object | None


class Numbering(NamedTuple):
    """Where a session's Sequence Numbers stand.

    Attributes:
        sequence: Of the last Message.
        expected: Of the next one; None where the records of the last one are not known.
        otherwise: Of the next one from an Exporter that counts Messages where records are due
            (NetFlow v9: records where Messages are due); None as above.
    """

    sequence: int
    expected: int | None
    otherwise: int | None = None
