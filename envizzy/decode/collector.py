"""A fresh collector for files: Messages in, lines out; data waits for its Template.

Which Template decodes a Set: the session's own (NetFlow v9: of address and Source ID, whatever the
port; RFC 3954, 5.1); else, of IPFIX, that of the last refreshed session of the same address and
domain whose records fill the Set exactly. The fleet's memory (another exporter's layout) is for
``--records`` only.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from envizzy.captures import Captured
from envizzy.decode.binding import Binder
from envizzy.decode.memory import Group, Known, Memory, Session, session_of
from envizzy.decode.model import Item, Kind, Origin, header_details
from envizzy.decode.present import (
    record_details,
    record_fields,
    template_details,
    withdrawal_details,
)
from schemas.addresses import exporter_text
from schemas.registry import InformationElement, Registry
from streams.wire import (
    FIRST_TEMPLATE_ID,
    FIXED_TEMPLATES,
    VERSION_9,
    fills,
    fits,
    is_template_set,
    learn_element_type,
    read_data_set,
    read_message,
    read_message_header,
    read_templates,
)
from streams.wire.model import (
    DataSet,
    Limits,
    MalformedMessage,
    MessageHeader,
    NestedTemplates,
    SetSpan,
    Template,
    UndecodedSet,
)

WAITING_OCTETS = 256 * 1024 * 1024
"""Payloads that may wait for Templates; beyond that the oldest is given up as undecoded."""

_VERSION_OCTETS = 2


class _Waiting(NamedTuple):
    session: Session
    origin: Origin
    payload: bytes
    span: SetSpan
    missing: int


class Collector:
    """Decodes datagrams in order; holds what a collecting process would."""

    def __init__(
        self, registry: Registry, limits: Limits | None = None, waiting_octets: int = WAITING_OCTETS
    ) -> None:
        self._binder = Binder(registry)
        self._limits = limits or Limits()
        self._waiting_octets = waiting_octets
        self._memory = Memory()
        self._waiting: dict[int, _Waiting] = {}
        self._waiting_in: dict[Group, list[int]] = {}
        self._held = 0
        self._serial = 0
        self._messages = 0
        self.trailing_octets = 0
        """Octets behind Messages: counted, not decoded (RFC 7011, 9.1 does not refuse them).

        Of NetFlow v9: behind the last FlowSet; of v1, v5 and v7: behind the records counted.
        """
        self.skipped_sets = 0
        """Sets of ids that are reserved (RFC 7011, 3.3.2; RFC 3954, 5.2)."""

    def feed(self, captured: Captured) -> list[Item]:
        """All that one datagram makes known; a malformed one gives one line and changes nothing."""
        self._messages += 1
        payload = captured.payload
        exporter = None if captured.exporter is None else exporter_text(captured.exporter)
        try:
            message = read_message(payload)
            header = message.header
            origin = _origin_of(exporter, header)
            session = session_of(captured.exporter, captured.port, header)
            work = _Work(self._memory.of(session))
            for span in message.sets:
                self._read_set(captured, origin, session, span, work)
        except MalformedMessage as malformed:
            return [_malformed(_readable_origin(exporter, payload), malformed)]
        if work.templates_came:
            self._memory.keep(session, work.known)
        self._binder.learn(work.learnt)
        for waiting in work.waiting:
            self._wait(waiting)
        self.trailing_octets += message.trailing
        items = work.items
        if work.defined:
            items += self._retry(session, work.defined)
        return items + self._give_up_oldest()

    def finish(self) -> list[Item]:
        """The input is over: what still waits is undecoded."""
        items = [_undecoded(waiting) for waiting in self._waiting.values()]
        self._waiting, self._waiting_in, self._held = {}, {}, 0
        return items

    def _read_set(
        self,
        captured: Captured,
        origin: Origin,
        session: Session,
        span: SetSpan,
        work: "_Work",
    ) -> None:
        if session.version in FIXED_TEMPLATES:
            bound = self._binder.bind(FIXED_TEMPLATES[session.version])
            data = read_data_set(captured.payload, span, bound, NestedTemplates(), self._limits)
            if isinstance(data, DataSet):
                work.items += _records(origin, None, data, "")
        elif is_template_set(session.version, span.set_id):
            self._read_templates(captured, origin, span, work)
        elif span.set_id >= FIRST_TEMPLATE_ID:
            waiting = _Waiting(session, origin, captured.payload, span, span.set_id)
            result, origin_of_template = self._decode(waiting, work.known)
            if isinstance(result, UndecodedSet):
                work.waiting.append(waiting._replace(missing=result.missing))
            else:
                work.items += _records(origin, span.set_id, result, origin_of_template)
                work.learnt += _learnt(result)
        else:
            self.skipped_sets += 1

    def _read_templates(
        self, captured: Captured, origin: Origin, span: SetSpan, work: "_Work"
    ) -> None:
        for entry in read_templates(captured.payload, span, self._limits):
            if isinstance(entry, Template):
                work.known = work.known.defining(entry, self._messages)
                work.defined.add(entry.template_id)
                details = template_details(self._binder.bind(entry))
            else:
                # RFC 7011, 8.4: over UDP a withdrawal is ignored; in files and streams it counts.
                if captured.stream:
                    work.known = work.known.withdrawing(entry)
                details = withdrawal_details(entry, obeyed=captured.stream)
            work.templates_came = True
            work.items.append(Item(Kind.TEMPLATE, origin, entry.template_id, None, details))

    def _decode(self, waiting: _Waiting, known: Known) -> tuple[DataSet | UndecodedSet, str]:
        """Decode with the session's own Template, else with a sibling's; and say which it was."""
        span, payload = waiting.span, waiting.payload
        template = known.templates.get(span.set_id)
        if template is not None:
            nested = self._binder.nested(known.templates)
            bound = self._binder.bind(template)
            return read_data_set(payload, span, bound, nested, self._limits), ""
        for sibling in self._memory.siblings(waiting.session, span.set_id):
            bound = self._binder.bind(sibling.templates[span.set_id])
            nested = self._binder.nested(sibling.templates)
            export_time = waiting.origin.export_time or 0
            if fits(payload, span.start, span.end, bound, nested, self._limits, export_time):
                return read_data_set(payload, span, bound, nested, self._limits), "sibling"
        return UndecodedSet(span, span.set_id), ""

    def _wait(self, waiting: _Waiting) -> None:
        self._serial += 1
        self._waiting[self._serial] = waiting
        self._waiting_in.setdefault(waiting.session.group(), []).append(self._serial)
        self._held += len(waiting.payload)

    def _retry(self, session: Session, defined: set[int]) -> list[Item]:
        """Decode what waited for these Templates, in the order in which it came."""
        items: list[Item] = []
        still: list[int] = []
        for serial in self._waiting_in.pop(session.group(), ()):
            waiting = self._waiting.get(serial)
            if waiting is None:
                continue
            done = self._decode_waiting(waiting) if waiting.missing in defined else waiting
            if isinstance(done, list):
                items += done
                self._held -= len(waiting.payload)
                del self._waiting[serial]
            else:
                self._waiting[serial] = done
                still.append(serial)
        if still:
            self._waiting_in[session.group()] = still
        return items

    def _decode_waiting(self, waiting: _Waiting) -> list[Item] | _Waiting:
        try:
            known = self._memory.of(waiting.session)
            result, origin_of_template = self._decode(waiting, known)
        except MalformedMessage as malformed:
            return [_malformed(waiting.origin, malformed)]
        if isinstance(result, UndecodedSet):
            return waiting._replace(missing=result.missing)
        if not origin_of_template and not self._is_filled(waiting, known):
            return waiting
        self._binder.learn(_learnt(result))
        return _records(waiting.origin, waiting.span.set_id, result, origin_of_template)

    def _is_filled(self, waiting: _Waiting, known: Known) -> bool:
        """Whether a Template that came late is the Set's: another may have been meant.

        So it is behind Kafka, too, where Sets are parked.
        """
        span = waiting.span
        return fills(
            waiting.payload,
            span.start,
            span.end,
            self._binder.bind(known.templates[span.set_id]),
            self._binder.nested(known.templates),
            self._limits,
            loose_padding=waiting.session.version == VERSION_9,
        )

    def _give_up_oldest(self) -> list[Item]:
        items = []
        while self._held > self._waiting_octets:
            oldest = self._waiting.pop(next(iter(self._waiting)))
            self._held -= len(oldest.payload)
            items.append(_undecoded(oldest))
        return items


@dataclass(slots=True)
class _Work:
    """What one Message comes to, before it is known to be sound to its end (all or nothing)."""

    known: Known
    items: list[Item] = field(default_factory=list)
    waiting: list[_Waiting] = field(default_factory=list)
    defined: set[int] = field(default_factory=set)
    templates_came: bool = False
    learnt: list[InformationElement] = field(default_factory=list)


def _origin_of(exporter: str | None, header: MessageHeader) -> Origin:
    return Origin(
        exporter,
        header.version,
        header.export_time,
        header.sequence_number,
        header.observation_domain_id,
        *header_details(header),
    )


def _readable_origin(exporter: str | None, payload: bytes) -> Origin:
    """As much of the header of a malformed Message as there is."""
    if len(payload) < _VERSION_OCTETS:
        return Origin(exporter)
    try:
        return _origin_of(exporter, read_message_header(payload))
    except MalformedMessage:
        return Origin(exporter, int.from_bytes(payload[:_VERSION_OCTETS], "big"))


def _records(
    origin: Origin, template_id: int | None, data: DataSet, template_origin: str
) -> list[Item]:
    details = {"template_origin": template_origin} if template_origin else {}
    return [
        Item(
            Kind.OPTIONS if record.scope_count else Kind.DATA,
            origin,
            template_id,
            record_fields(record),
            {**record_details(record), **details},
        )
        for record in data.records
    ]


def _learnt(data: DataSet) -> list[InformationElement]:
    """Elements that options records describe (RFC 5610)."""
    found = (learn_element_type(record) for record in data.records if record.scope_count)
    return [element for element in found if element is not None]


def _malformed(origin: Origin, malformed: MalformedMessage) -> Item:
    details = {
        "reason": str(malformed.reason),
        "offset": malformed.offset,
        "detail": malformed.detail,
    }
    return Item(Kind.MALFORMED, origin, None, None, details)


def _undecoded(waiting: _Waiting) -> Item:
    details = {
        "missing_template_id": waiting.missing,
        "octets": waiting.payload[waiting.span.start : waiting.span.end].hex().upper(),
    }
    return Item(Kind.UNDECODED, waiting.origin, waiting.span.set_id, None, details)
