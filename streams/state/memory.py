"""What is remembered of one partition of ``raw``, by Exporter: looked up and put in its place.

What was loaded is put in its place at the first look-up, and a session's value is decoded when it
is first used: most of half a million keys never are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from schemas.errors import SchemaError
from schemas.registry import InformationElement
from streams.interpret.router import NO_FACTS, RouterFacts
from streams.state import codec
from streams.state.codec import StateValue
from streams.state.definitions import coordinates, refreshed_at_ns
from streams.state.facts import facts_of, told
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
from streams.state.shares import Shares

_Value = TypeVar("_Value", Session, Options, ParkedSet)

_FACTS = 4096
"""Of one address: its sessions that send router flows."""

Group = tuple[int, int]
"""(Observation Domain ID, version): within an address, sessions that may speak for each other."""


@dataclass(slots=True)
class ExporterMemory:
    """All that is remembered of one address; oldest change first. Undecoded values are octets."""

    sessions: dict[SessionKey, Session | bytes] = field(default_factory=dict)
    options: dict[SessionKey, Options] = field(default_factory=dict)
    parked: dict[StateKey, ParkedSet] = field(default_factory=dict)
    siblings: dict[Group, list[tuple[SessionKey, Session]]] = field(default_factory=dict)
    facts: dict[SessionKey, RouterFacts] = field(default_factory=dict)

    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not (self.sessions or self.options or self.parked)


class Memory:
    """Sessions, options, parked Sets and forgotten keys of a partition, and who has how much.

    Attributes:
        notes: What is remembered in memory only.
        sessions: Sessions with Templates, by Exporter.
        parked_sets: Sets that wait, by Exporter.
        parked_octets: Their octets.
        options_entries: Things learnt from options data.
        unreadable: Loaded values that turned out not to follow their schema.
        learnt: Element types (RFC 5610) by session, nearly always empty; ``elements`` looks up.
    """

    def __init__(self) -> None:
        self.notes: dict[object, object] = {}
        self.sessions = Shares()
        self.parked_sets = Shares()
        self.parked_octets = Shares()
        self.options_entries = Shares()
        self.unreadable = 0
        self.learnt: dict[SessionKey, tuple[InformationElement, ...]] = {}
        self._sessions: dict[SessionKey, Session] = {}
        self._exporters: dict[bytes, ExporterMemory] = {}
        self._graves: dict[StateKey, int] = {}
        self._loaded: dict[bytes, bytes] = {}

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

    def decoded(self) -> Mapping[SessionKey, Session]:
        """Return the sessions whose values were decoded, that is used, before."""
        self._settle()
        return self._sessions

    def options(self, key: SessionKey) -> Options | None:
        """Return what the Exporter told about itself in this session, None where nothing."""
        self._settle()
        memory = self._exporters.get(key.exporter)
        return memory.options.get(key) if memory else None

    def facts(self, key: SessionKey) -> RouterFacts:
        """Return what the Exporter told about itself, in the form that router flows need.

        A memory of computed values: what it gives follows from the options alone.
        """
        if self._loaded:
            self._settle()
        memory = self._exporters.get(key.exporter)
        if memory is None or not memory.options:
            return NO_FACTS
        found = memory.facts.get(key)
        if found is None:
            if len(memory.facts) >= _FACTS:
                memory.facts.clear()
            found = memory.facts[key] = facts_of(told(key, memory.options))
        return found

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
        memory.facts.clear()
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
