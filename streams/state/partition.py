"""What is remembered of one partition of ``raw``: looked up by the pipeline, changed by its owner.

The pipeline reads it and gives back changes; whoever owns the partition (the agent) applies them
and writes them to the ``state`` topic. Values are frozen; what was loaded is decoded when it is
first used.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from schemas.errors import SchemaError
from schemas.registry import InformationElement
from streams.state import codec
from streams.state.codec import StateValue
from streams.state.limits import StateLimits
from streams.state.model import (
    OPTIONS,
    PARKED,
    TEMPLATES,
    Change,
    Forgotten,
    Note,
    Options,
    ParkedSet,
    Session,
    SessionKey,
    StateKey,
    TemplateEntry,
)
from streams.state.shares import Shares
from streams.wire.model import Template

_Value = TypeVar("_Value", Session, Options, ParkedSet)

Group = tuple[int, int]
"""(Observation Domain ID, version): within an address, sessions that may speak for each other."""

DUE = "due"
"""Note: receive time of the next sweep, ns."""

SWEEP = "sweep"
"""Note: how many Exporters the running sweep has looked through."""

FLEET = "fleet"
"""Note: number of the fleet whose layouts were tried on all that is parked."""

RELEASE = "release"
"""Note: (fleet number, key of the parked Set that was tried last) of a running trial."""

LAYOUT = "layout"
"""Notes ``(LAYOUT, content hash)``: when a layout was given out to be written."""


@dataclass(slots=True)
class ExporterMemory:
    """All that is remembered of one address; oldest change first. Undecoded values are octets."""

    sessions: dict[SessionKey, Session | bytes] = field(default_factory=dict)
    options: dict[SessionKey, Options] = field(default_factory=dict)
    parked: dict[StateKey, ParkedSet] = field(default_factory=dict)
    siblings: dict[Group, list[tuple[SessionKey, Session]]] = field(default_factory=dict)

    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not (self.sessions or self.options or self.parked)


class PartitionState:
    """The memory of one partition.

    Its owner calls ``apply``, ``encode``, ``load`` and ``rewrites``; everybody else reads.
    """

    def __init__(self, limits: StateLimits | None = None) -> None:
        self.limits = limits or StateLimits()
        self.notes: dict[object, object] = {}
        self.sessions = Shares()
        self.parked_sets = Shares()
        self.parked_octets = Shares()
        self.options_entries = Shares()
        self.unreadable = 0
        """Loaded values that turned out not to follow their schema."""
        self._sessions: dict[SessionKey, Session] = {}
        self._exporters: dict[bytes, ExporterMemory] = {}
        self._graves: dict[StateKey, int] = {}
        self.learnt: dict[SessionKey, tuple[InformationElement, ...]] = {}
        """Element types (RFC 5610) by session; nearly always empty. ``elements`` looks up."""
        self._versions: dict[bytes, int] = {}
        self._loaded: dict[bytes, bytes] = {}
        self._stale: set[bytes] = set()

    # ---- looking up -----------------------------------------------------------------------------

    def session(self, key: SessionKey) -> Session | None:
        """Return what is known of a session, None where nothing is."""
        found = self._sessions.get(key)
        if found is not None and not self._loaded:
            return found
        self._settle()
        memory = self._exporters.get(key.exporter)
        value = memory.sessions.get(key) if memory else None
        if value is None:
            return None
        if isinstance(value, bytes):
            value = self._readable(value, Session)
            if value is None:
                self._place((key, TEMPLATES), None)
                return None
            # it stays in its place: the order (oldest change first) is kept
            cast("ExporterMemory", memory).sessions[key] = value
        self._sessions[key] = value
        return value

    def options(self, key: SessionKey) -> Options | None:
        """Return what the Exporter told about itself in this session, None where nothing."""
        self._settle()
        memory = self._exporters.get(key.exporter)
        return memory.options.get(key) if memory else None

    def elements(self, key: SessionKey) -> tuple[InformationElement, ...]:
        """Return the element types (RFC 5610) that a session learnt; usually none."""
        if self._loaded:
            self._settle()
        return self.learnt.get(key, ())

    def siblings(
        self, exporter: bytes, domain: int, version: int
    ) -> Sequence[tuple[SessionKey, Session]]:
        """Return the sessions of an address and domain, the most recently refreshed first."""
        self._settle()
        memory = self._exporters.get(exporter)
        if memory is None:
            return ()
        group = (domain, version)
        known = memory.siblings.get(group)
        if known is None:
            keys = [key for key in memory.sessions if (key.domain, key.version) == group]
            found = ((key, self.session(key)) for key in keys)
            pairs = [(key, session) for key, session in found if session is not None]
            pairs.sort(key=lambda pair: (-refreshed_at_ns(pair[1]), pair[0]))
            known = memory.siblings[group] = pairs
        return known

    def parked(
        self, exporter: bytes, domain: int, version: int
    ) -> list[tuple[StateKey, ParkedSet]]:
        """Return the parked Sets of an address and domain, in the order of ``raw``."""
        self._settle()
        memory = self._exporters.get(exporter)
        if memory is None or not memory.parked:
            return []
        keys = [key for key in memory.parked if key[0][2:] == (domain, version)]
        return [(key, self.parked_set(key)) for key in sorted(keys, key=coordinates)]

    def parked_set(self, key: StateKey) -> ParkedSet:
        """Return one parked Set.

        Raises:
            KeyError: Not parked.
        """
        return self._exporters[key[0].exporter].parked[key]

    def parked_or_none(self, key: StateKey) -> ParkedSet | None:
        """Return one parked Set, None where it is not parked."""
        self._settle()
        memory = self._exporters.get(key[0].exporter)
        return self.parked_set(key) if memory is not None and key in memory.parked else None

    def parked_keys(self, exporter: bytes | None = None) -> Iterator[StateKey]:
        """Give the keys of all that is parked, or of one Exporter's; oldest change first."""
        self._settle()
        if exporter is None:
            for memory in self._exporters.values():
                yield from memory.parked
        elif exporter in self._exporters:
            yield from self._exporters[exporter].parked

    def session_keys(self, exporter: bytes) -> Iterator[SessionKey]:
        """Give the sessions of an Exporter that have Templates; oldest change first."""
        self._settle()
        memory = self._exporters.get(exporter)
        yield from memory.sessions if memory else ()

    def options_keys(self, exporter: bytes) -> Iterator[SessionKey]:
        """Give the sessions of an Exporter that told something; oldest change first."""
        self._settle()
        memory = self._exporters.get(exporter)
        yield from memory.options if memory else ()

    def exporters(self) -> Sequence[bytes]:
        """Return the addresses of which anything is remembered."""
        self._settle()
        return list(self._exporters)

    def graves(self) -> Mapping[StateKey, int]:
        """Return the forgotten keys and since when (ns), oldest first."""
        self._settle()
        return self._graves

    @property
    def due_at_ns(self) -> int:
        """Receive time from which on ``advance`` has something to look at."""
        return cast("int", self.notes.get(DUE, 0))

    # ---- the owner's side -----------------------------------------------------------------------

    def apply(self, changes: Iterable[Change], notes: Iterable[Note] = ()) -> None:
        """Take over what an Outcome says; each change is then to be written (``encode``)."""
        if changes:
            self._settle()
            for change in changes:
                self._place(change.key, change.value)
        for key, value in notes:
            if value is None:
                self.notes.pop(key, None)
                continue
            self.notes[key] = value
            if len(self.notes) > self.limits.numberings:
                self._forget_numberings()

    def encode(self, change: Change, offset: int) -> tuple[bytes, bytes | None]:
        """Return Kafka key and value of a change that was applied; None is the tombstone.

        Args:
            change: Applied before.
            offset: Of the raw event. The version is never lower than the one before, since offsets
                begin again at 0 when ``raw`` is made anew.
        """
        key = codec.encode_key(change.key)
        self._stale.discard(key)
        if change.value is None:
            self._versions.pop(key, None)
            return key, None
        version = self._versions[key] = max(self._versions.get(key, 0), offset)
        return key, codec.encode_value(change.value, version)

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take over one record of the ``state`` topic, in the order of its offsets.

        The greatest version counts; of equal ones the later. A record with a smaller version is the
        late write of a worker that was frozen: its key is due in ``rewrites``.

        Raises:
            SchemaError: Not a record of the state topic, or of a newer form.
        """
        codec.check_key(key)
        if not value:
            self._versions.pop(key, None)
            self._stale.discard(key)
            self._loaded[key] = b""
            return
        version = codec.version_of(value)
        if version < self._versions.get(key, 0):
            self._stale.add(key)
            return
        self._stale.discard(key)
        self._versions[key] = version
        self._loaded[key] = value

    def rewrites(self) -> list[tuple[bytes, bytes]]:
        """Return Kafka key and value of what must be written again after loading, once."""
        self._settle()
        again = [(octets, self._value(codec.decode_key(octets))) for octets in sorted(self._stale)]
        self._stale.clear()
        return [
            (octets, codec.encode_value(value, self._versions[octets]))
            for octets, value in again
            if value is not None
        ]

    def __len__(self) -> int:
        """How many keys are remembered, graves apart."""
        self._settle()
        return sum(
            len(item.sessions) + len(item.options) + len(item.parked)
            for item in self._exporters.values()
        )

    # ---- inside ---------------------------------------------------------------------------------

    def _value(self, key: StateKey) -> StateValue | None:
        if key in self._graves:
            return Forgotten(self._graves[key])
        memory = self._exporters.get(key[0].exporter)
        if memory is None:
            return None
        if key[1] == TEMPLATES:
            return self.session(key[0])
        if key[1] == OPTIONS:
            return self.options(key[0])
        return self.parked_set(key) if key in memory.parked else None

    def _settle(self) -> None:
        """Put what was loaded in its place; done once, at the first look-up after loading."""
        if not self._loaded:
            return
        loaded, self._loaded = self._loaded, {}
        for octets, value in loaded.items():
            key = codec.decode_key(octets)
            if not value:
                self._place(key, None)
            elif codec.is_forgotten(value):
                self._place(key, codec.decode_value(value))
            elif key[1] == TEMPLATES:
                self._place(key, value)
            else:
                # few; sizes of the parked and learnt element types are asked for all the time
                kind = Options if key[1] == OPTIONS else ParkedSet
                self._place(key, cast("StateValue | None", self._readable(value, kind)))

    def _readable(self, octets: bytes, expected: type[_Value]) -> _Value | None:
        """Decode what was loaded; what cannot be read is as if it were not there, but counted."""
        try:
            value = codec.decode_value(octets)
        except SchemaError:
            value = None
        if not isinstance(value, expected):
            self.unreadable += 1
            return None
        return value

    def _place(self, key: StateKey, value: StateValue | bytes | None) -> None:
        session, kind = key[0], key[1]
        self._graves.pop(key, None)
        memory = self._exporters.get(session.exporter)
        if value is None or isinstance(value, Forgotten):
            if value is not None:
                self._graves[key] = value.at_ns
            if memory is not None:
                self._PLACES[kind](self, memory, key, None)
                if memory.is_empty():
                    del self._exporters[session.exporter]
            return
        if memory is None:
            memory = self._exporters[session.exporter] = ExporterMemory()
        self._PLACES[kind](self, memory, key, value)

    def _place_session(self, memory: ExporterMemory, key: StateKey, value: object) -> None:
        session = key[0]
        memory.siblings.pop((session.domain, session.version), None)
        self._sessions.pop(session, None)
        if memory.sessions.pop(session, None) is not None:
            self.sessions.add(session.exporter, -1)
        if value is None:
            self.notes.pop(session, None)
            return
        # to the end: the first one is the one that changed longest ago
        memory.sessions[session] = cast("Session | bytes", value)
        self.sessions.add(session.exporter, 1)
        if isinstance(value, Session):
            self._sessions[session] = value

    def _place_options(self, memory: ExporterMemory, key: StateKey, value: object) -> None:
        session = key[0]
        before = memory.options.pop(session, None)
        if before is not None:
            self.options_entries.add(session.exporter, -before.entries())
        self.learnt.pop(session, None)
        if isinstance(value, Options):
            memory.options[session] = value
            self.options_entries.add(session.exporter, value.entries())
            if value.elements:
                self.learnt[session] = tuple(value.elements.values())

    def _place_parked(self, memory: ExporterMemory, key: StateKey, value: object) -> None:
        exporter = key[0].exporter
        before = memory.parked.pop(key, None)
        if before is not None:
            self.parked_sets.add(exporter, -1)
            self.parked_octets.add(exporter, -len(before.octets))
        if isinstance(value, ParkedSet):
            memory.parked[key] = value
            self.parked_sets.add(exporter, 1)
            self.parked_octets.add(exporter, len(value.octets))

    _PLACES: Mapping[str, Callable[..., None]] = {
        TEMPLATES: _place_session,
        OPTIONS: _place_options,
        PARKED: _place_parked,
    }

    def _forget_numberings(self) -> None:
        numberings = [key for key in self.notes if isinstance(key, SessionKey)]
        for key in numberings[: len(numberings) // 2 + 1]:
            del self.notes[key]


def coordinates(key: StateKey) -> str:
    """Sort key of parked Sets: the order of ``raw``."""
    return key[2] if len(key) == 3 else ""  # noqa: PLR2004 - the parked form


def refreshed_at_ns(session: Session) -> int:
    """When a session's Templates were last refreshed, as remembered; 0 where it has none."""
    return max((entry.refreshed_at_ns for entry in session.templates.values()), default=0)


def definition(entry: TemplateEntry, at_ns: int) -> Template:
    """Return the definition that held at a receive time: a replay may meet newer state."""
    if entry.replaced and at_ns < entry.defined_at_ns:
        for old in reversed(entry.replaced):
            if at_ns < old.until_ns:
                return old.template
    return entry.template
