"""What is being made of one event: the state with the changes so far, and the outcome so far."""

from dataclasses import dataclass

from schemas.registry import InformationElement
from streams.interpret.router import RouterFacts
from streams.pipeline.context import Context
from streams.pipeline.counts import Count
from streams.pipeline.model import DeadLetter, NewLayout, Outcome, Reason, Record
from streams.state.definitions import definition
from streams.state.facts import facts_of, told
from streams.state.layouts import Fleet
from streams.state.model import (
    OPTIONS,
    TEMPLATES,
    Change,
    Forgotten,
    Note,
    Options,
    ParkedSet,
    Session,
    SessionKey,
    StateKey,
)
from streams.state.partition import PartitionState
from streams.wire import MessageHeader, NestedTemplates, Template


@dataclass(frozen=True, slots=True)
class Source:
    """Where the Set came from that is being read.

    Attributes:
        key: Of its session.
        prefix: Of its record ids.
        received_at_ns: Of its datagram.
        header: Of its Message; of a parked Set as far as it was kept.
        is_parked: Whether it waited for its Template.
    """

    key: SessionKey
    prefix: str
    received_at_ns: int
    header: MessageHeader
    is_parked: bool = False


class Work:
    """Collects an Outcome; looks the state up through the changes that it has collected."""

    def __init__(self, state: PartitionState, fleet: Fleet, now_ns: int, context: Context) -> None:
        self.state = state
        self.fleet = fleet
        self.now_ns = now_ns
        self.context = context
        self.limits = context.state_limits
        self.records: list[Record] = []
        self.dead_letters: list[DeadLetter] = []
        self.layouts: list[NewLayout] = []
        self.counts: dict[str, int] = {}
        self.notes: list[Note] = []
        self.own: dict[tuple[SessionKey, int], Template] = {}
        """Templates of this very Message, whatever the state makes of them."""
        self.changes: dict[StateKey, Session | Options | ParkedSet | Forgotten | None] = {}

    def count(self, what: Count, number: int = 1) -> None:
        """Add to a count."""
        if number:
            self.counts[what] = self.counts.get(what, 0) + number

    def session(self, key: SessionKey) -> Session | None:
        """Return a session as it is after the changes so far."""
        changed = self.changes.get((key, TEMPLATES))
        if changed is None:
            return self.state.session(key)
        return changed if isinstance(changed, Session) else None

    def options(self, key: SessionKey) -> Options | None:
        """Return what an Exporter told about itself, after the changes so far."""
        changed = self.changes.get((key, OPTIONS))
        if changed is None:
            return self.state.options(key)
        return changed if isinstance(changed, Options) else None

    def facts(self, key: SessionKey) -> RouterFacts:
        """Return what an Exporter told that its flow records need, after the changes so far."""
        changed = {
            item[0]: value
            for item, value in self.changes.items()
            if item[1] == OPTIONS and item[0].exporter == key.exporter
        }
        if not changed:
            return self.state.facts(key)
        options = {
            other: self.state.options(other) for other in self.state.options_keys(key.exporter)
        }
        options |= {
            other: value if isinstance(value, Options) else None for other, value in changed.items()
        }
        known = {other: value for other, value in options.items() if value is not None}
        return facts_of(told(key, known))

    def template(self, key: SessionKey, template_id: int, at_ns: int) -> Template | None:
        """Return the session's own Template: of this Message, else as remembered."""
        own = self.own.get((key, template_id))
        if own is not None:
            return own
        session = self.session(key)
        entry = None if session is None else session.templates.get(template_id)
        return None if entry is None else definition(entry, at_ns)

    def nested(self, key: SessionKey, at_ns: int) -> NestedTemplates:
        """Return all Templates of a session, for lists that name them."""
        session = self.session(key)
        known = {} if session is None else session.templates
        templates = {number: definition(entry, at_ns) for number, entry in known.items()}
        templates |= {number: item for (of, number), item in self.own.items() if of == key}
        elements, layouts = self.elements(key), self.context.layouts
        return NestedTemplates(
            {number: layouts.of(item, elements).bound for number, item in templates.items()}
        )

    def elements(self, key: SessionKey) -> tuple[InformationElement, ...]:
        """Return the element types that a session learnt, those of this Message included."""
        changed = self.changes.get((key, OPTIONS))
        if isinstance(changed, Options):
            return tuple(changed.elements.values())
        return self.state.elements(key)

    def bury(
        self,
        source: Source,
        where: str,
        reason: Reason,
        octets: bytes,
        detail: str,
        records: int = 0,
    ) -> None:
        """Make a dead letter of a Set."""
        self.dead_letters.append(
            DeadLetter(
                reason.value,
                f"{source.prefix}{where}",
                source.key.exporter,
                source.key.port,
                source.received_at_ns,
                0,
                octets,
                detail,
                records,
            )
        )

    def outcome(self) -> Outcome:
        """Return what came of it."""
        return Outcome(
            tuple(self.records),
            tuple(self.dead_letters),
            tuple(Change(key, value) for key, value in self.changes.items()),
            tuple(self.layouts),
            self.counts,
            tuple(self.notes),
        )
