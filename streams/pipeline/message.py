"""One Message of any form: Templates, data before and after them, options, the unknown."""

from dataclasses import replace

from schemas.datagram import Datagram
from streams.pipeline.binding import find_binding
from streams.pipeline.context import Layout
from streams.pipeline.counts import Count
from streams.pipeline.model import NewLayout, Outcome
from streams.pipeline.numbering import next_numbering
from streams.pipeline.parking import park, release_for
from streams.pipeline.reading import read_set
from streams.pipeline.templates import bounded, with_template
from streams.pipeline.work import Source, Work
from streams.state.layouts import is_nvzflow, layout_key, layout_value
from streams.state.model import (
    TEMPLATES,
    Forgotten,
    Note,
    Numbering,
    Session,
    SessionKey,
    session_key,
)
from streams.state.partition import LAYOUT
from streams.wire import (
    FIRST_TEMPLATE_ID,
    FIXED_TEMPLATES,
    Message,
    MessageHeader,
    NestedTemplates,
    SetSpan,
    Template,
    UndecodedSet,
    is_template_set,
    read_templates,
)

_NONE = NestedTemplates({})


def read_any_message(work: Work, datagram: Datagram, prefix: str, message: Message) -> Outcome:
    """Do all that follows from a Message whose frame is sound.

    Data Sets are read in wire order with what their session knows then; those without a Template
    wait for the end of the Message, which may bring it.

    Raises:
        MalformedMessage: Something in it cannot be interpreted: all of ``work`` is to be thrown
            away (RFC 7011, 9.1).
    """
    header = message.header
    key = session_key(
        datagram.exporter, datagram.port, header.observation_domain_id, header.version
    )
    source = Source(key, prefix, datagram.received_at_ns, header)
    work.count(Count.DATAGRAMS)
    work.count(Count.TRAILING_OCTETS, message.trailing)
    fixed = FIXED_TEMPLATES.get(header.version)
    if fixed is not None:
        return _read_fixed(work, source, datagram.payload, message, fixed)
    fresh, waiting, known = _read_sets(work, source, datagram.payload, message)
    records: int | None = known
    for span, missing in waiting:
        late = _read_late(work, source, datagram.payload, span, missing)
        records = None if late is None or records is None else records + late
    work.records.sort(key=lambda record: record.record_id)
    if work.own:
        _keep_templates(work, key, source)
    _touch(work, source)
    if fresh:
        _release_before(work, key, fresh)
    _number(work, key, header, records)
    return work.outcome()


def _read_sets(
    work: Work, source: Source, payload: bytes, message: Message
) -> tuple[set[int], list[tuple[SetSpan, int]], int]:
    """Read the Sets in wire order, flows of routers last, with the Template of their place.

    What a Message tells of its Exporter holds for all flows in it, also for those before.

    Returns:
        Template IDs that mean something new; Sets that wait, and for which Template; how many
        records there were.
    """
    fresh: set[int] = set()
    waiting: list[tuple[SetSpan, int]] = []
    flows: list[tuple[SetSpan, Layout]] = []
    known = 0

    def read(span: SetSpan, layout: Layout | None) -> int:
        found = _read_own(work, source, payload, span, layout)
        if isinstance(found, UndecodedSet):
            waiting.append((span, found.missing))
            return 0
        return found

    for span in message.sets:
        if span.set_id >= FIRST_TEMPLATE_ID:
            layout = _own_layout(work, source, span)
            if layout is not None and layout.router is not None:
                flows.append((span, layout))
            else:
                known += read(span, layout)
        elif is_template_set(message.header.version, span.set_id):
            fresh |= _learn(work, source, payload, span)
        else:
            work.count(Count.SKIPPED_SETS)
    known += sum(read(span, layout) for span, layout in flows)
    return fresh, waiting, known


def _read_fixed(
    work: Work, source: Source, payload: bytes, message: Message, template: Template
) -> Outcome:
    """NetFlow v1, v5 or v7: the records are always the same, and nothing is remembered of them."""
    layout = work.context.layouts.of(template)
    records = 0
    for span in message.sets:
        read = read_set(work, source, payload, span, layout, _NONE)
        records += 0 if isinstance(read, UndecodedSet) else read
    _number(work, source.key, message.header, records)
    return work.outcome()


def _own_layout(work: Work, source: Source, span: SetSpan) -> Layout | None:
    """The layout of the session's own Template, as it is at this place of the Message."""
    template = work.template(source.key, span.set_id, source.received_at_ns)
    if template is None:
        return None
    return work.context.layouts.of(template, work.elements(source.key))


def _read_own(
    work: Work, source: Source, payload: bytes, span: SetSpan, layout: Layout | None
) -> int | UndecodedSet:
    if layout is None:
        return UndecodedSet(span, span.set_id)
    nested = work.nested(source.key, source.received_at_ns) if layout.has_lists else _NONE
    return read_set(work, source, payload, span, layout, nested)


def _read_late(
    work: Work, source: Source, payload: bytes, span: SetSpan, missing: int
) -> int | None:
    """Read a Set by what the whole Message brought, else by rules 2 and 3, else park it."""
    read = _read_own(work, source, payload, span, _own_layout(work, source, span))
    if isinstance(read, UndecodedSet) and missing == span.set_id:
        binding = find_binding(work, source, payload, span)
        if binding is not None:
            read = read_set(work, source, payload, span, *binding)
    if isinstance(read, UndecodedSet):
        park(work, source, payload, span, read.missing)
        return None
    return read


def _learn(work: Work, source: Source, payload: bytes, span: SetSpan) -> set[int]:
    """Take over a Set of Templates; returns the ids that mean something new."""
    fresh: set[int] = set()
    key, at_ns, limits = source.key, source.received_at_ns, work.limits
    for item in read_templates(payload, span, work.context.wire_limits):
        if not isinstance(item, Template):
            work.count(Count.WITHDRAWALS_IGNORED)
            continue
        work.count(Count.TEMPLATES)
        # one object for all sessions with this layout: it is found by its identity then
        template = work.context.layouts.of(item).template
        work.own[key, template.template_id] = template
        before = work.session(key)
        after, what = with_template(before or Session(seen_at_ns=at_ns), template, at_ns, limits)
        if what is not None:
            work.count(what)
            fresh.add(template.template_id)
        if after is not before:
            work.changes[key, TEMPLATES] = after
    return fresh


def _keep_templates(work: Work, key: SessionKey, source: Source) -> None:
    """Hold the quotas of Templates and sessions, and show new layouts to the fleet."""
    session = work.changes.get((key, TEMPLATES))
    if isinstance(session, Session):
        session, gone = bounded(session, work.limits)
        work.changes[key, TEMPLATES] = session
        work.count(Count.TEMPLATES_EVICTED, gone)
        if work.state.session(key) is None:
            work.count(Count.SESSIONS_NEW)
            _make_room(work, key)
    _show_layouts(work, source.received_at_ns)


def _make_room(work: Work, key: SessionKey) -> None:
    """One session more: let the Exporter's own oldest go, or the oldest of the largest."""
    sessions, limits = work.state.sessions, work.limits
    exporter: bytes | None = None
    if sessions.of(key.exporter) >= limits.sessions_per_exporter:
        exporter = key.exporter
    elif sessions.total >= limits.sessions:
        exporter = sessions.largest()
    oldest = None if exporter is None else next(work.state.session_keys(exporter), None)
    if oldest is not None:
        work.changes[oldest, TEMPLATES] = Forgotten(work.now_ns)
        work.count(Count.SESSIONS_EVICTED)


def _show_layouts(work: Work, at_ns: int) -> None:
    """Give new nvzFlow layouts to the fleet's memory, each once until it could be read back."""
    noted = work.state.notes.get(LAYOUT)
    before: dict[bytes, int] = noted if isinstance(noted, dict) else {}
    on_their_way = {
        key: since
        for key, since in before.items()
        if key not in work.fleet.keys and 0 <= at_ns - since < work.limits.layout_retry_ns
    }
    for template in work.own.values():
        if template.scope_count or not is_nvzflow(template):
            continue
        key = layout_key(template)
        if key in work.fleet.keys or key in on_their_way:
            continue
        if (
            not work.fleet.has_room(template.template_id)
            or len(on_their_way) >= work.limits.layouts_on_their_way
        ):
            work.count(Count.LAYOUTS_REFUSED)
            continue
        on_their_way[key] = at_ns
        work.layouts.append(NewLayout(key, layout_value(template)))
        work.count(Count.LAYOUTS_NEW)
    if on_their_way != before:
        work.notes.append(Note(LAYOUT, on_their_way or None))


def _touch(work: Work, source: Source) -> None:
    """Remember coarsely that a session lives."""
    session = work.session(source.key)
    if session is not None and source.received_at_ns - session.seen_at_ns >= work.limits.coarse_ns:
        work.changes[source.key, TEMPLATES] = replace(session, seen_at_ns=source.received_at_ns)


def _release_before(work: Work, key: SessionKey, fresh: set[int]) -> None:
    """Release what waited: it is older, so it stands before the Message's own records."""
    own, work.records = work.records, []
    release_for(work, key, fresh)
    work.records += own


def _number(work: Work, key: SessionKey, header: MessageHeader, records: int | None) -> None:
    before = work.state.notes.get(key)
    after, what, number = next_numbering(
        before if isinstance(before, Numbering) else None,
        header.version,
        header.sequence_number,
        records,
    )
    if after is None:
        return
    if what is not None:
        work.count(what, number)
    work.notes.append(Note(key, after))
