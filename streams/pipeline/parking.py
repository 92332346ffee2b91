"""Sets that wait for their Template: parked within bounds, released when it comes."""

from collections.abc import Iterable

from streams.pipeline.binding import Binding, find_binding
from streams.pipeline.counts import Count
from streams.pipeline.model import Reason
from streams.pipeline.reading import read_set
from streams.pipeline.work import Source, Work
from streams.state.codec import parked_key
from streams.state.model import Forgotten, ParkedSet, SessionKey, StateKey
from streams.wire import (
    VERSION_9,
    MalformedMessage,
    MessageHeader,
    NestedTemplates,
    SetSpan,
    UndecodedSet,
    fills,
)

_NONE = NestedTemplates({})


def park(work: Work, source: Source, payload: bytes, span: SetSpan, missing: int) -> None:
    """Keep a Set until its Template comes; make room at the cost of who has the most."""
    parked = ParkedSet(
        source.prefix,
        span.index,
        span.set_id,
        missing,
        source.key.port,
        source.received_at_ns,
        source.header.export_time,
        payload[span.start : span.end],
        source.header.sequence_number,
        source.header.sys_uptime_ms,
    )
    key = parked_key(source.key, parked)
    work.changes[key] = parked
    work.count(Count.PARKED_SETS)
    work.count(Count.PARKED_OCTETS, len(parked.octets))
    _make_room(work, key, source.key.exporter)


def _make_room(work: Work, newest: StateKey, exporter: bytes) -> None:
    """Let the oldest of this Exporter go beyond its quota, then the oldest of the largest."""
    limits, state = work.limits, work.state
    sets, octets = _changed(work, exporter)
    own_sets = state.parked_sets.of(exporter) + sets
    own_octets = state.parked_octets.of(exporter) + octets
    all_sets, all_octets = state.parked_sets.total + sets, state.parked_octets.total + octets
    while own_sets > limits.parked_per_exporter or own_octets > limits.parked_octets_per_exporter:
        gone = _overflow(work, _oldest(work, exporter) or newest)
        own_sets, own_octets = own_sets - 1, own_octets - gone
        all_sets, all_octets = all_sets - 1, all_octets - gone
        if newest not in work.changes:
            return
    while all_sets > limits.parked or all_octets > limits.parked_octets:
        largest = state.parked_octets.largest()
        victim = None if largest is None else _oldest(work, largest)
        gone = _overflow(work, victim or newest)
        all_sets, all_octets = all_sets - 1, all_octets - gone
        if victim is None:
            return


def _changed(work: Work, exporter: bytes) -> tuple[int, int]:
    """Sets and octets by which the changes so far differ from the state."""
    sets = octets = 0
    for key, value in work.changes.items():
        if key[0].exporter != exporter or len(key) != 3:  # noqa: PLR2004 - the parked form
            continue
        before = work.state.parked_or_none(key)
        if before is not None:
            sets, octets = sets - 1, octets - len(before.octets)
        if isinstance(value, ParkedSet):
            sets, octets = sets + 1, octets + len(value.octets)
    return sets, octets


def _oldest(work: Work, exporter: bytes) -> StateKey | None:
    return next((key for key in work.state.parked_keys(exporter) if key not in work.changes), None)


def _overflow(work: Work, key: StateKey) -> int:
    """Make a dead letter of a parked Set; returns its octets."""
    waiting = work.changes.get(key)
    if isinstance(waiting, ParkedSet):
        parked = waiting
        if work.state.parked_or_none(key) is None:
            del work.changes[key]
        else:
            work.changes[key] = Forgotten(work.now_ns)
    else:
        parked = work.state.parked_set(key)
        work.changes[key] = Forgotten(work.now_ns)
    work.count(Count.OVERFLOWN_SETS)
    bury_parked(work, key[0], parked, Reason.PARKED_OVERFLOW, "no room among the parked Sets")
    return len(parked.octets)


def bury_parked(
    work: Work, key: SessionKey, parked: ParkedSet, reason: Reason, detail: str
) -> None:
    """Make the dead letter of a parked Set."""
    work.bury(
        source_of(key, parked),
        f"-{parked.set_index:04x}",
        reason,
        parked.octets,
        f"Template {parked.missing} of domain {key.domain} is not known: {detail}",
    )


def source_of(key: SessionKey, parked: ParkedSet) -> Source:
    """Return where a parked Set came from."""
    header = MessageHeader(
        key.version,
        0,
        parked.export_time,
        parked.sequence_number,
        key.domain,
        parked.sys_uptime_ms,
    )
    return Source(key, parked.record_id, parked.received_at_ns, header, is_parked=True)


def release_for(work: Work, key: SessionKey, template_ids: Iterable[int]) -> None:
    """Try the parked Sets of an address and domain that wait for these Templates, in order."""
    wanted = set(template_ids)
    for parked_at, parked in work.state.parked(key.exporter, key.domain, key.version):
        if (parked.missing in wanted or parked.set_id in wanted) and parked_at not in work.changes:
            release(work, parked_at, parked)


def release(work: Work, parked_at: StateKey, parked: ParkedSet) -> bool:
    """Read a parked Set by the first rule that does; it stays where none does.

    Other than with a Set that has just come, its session's own Template must fill it exactly: the
    id may have had another meaning when the Set was sent.
    """
    source = source_of(parked_at[0], parked)
    span = SetSpan(parked.set_id, parked.set_index, 0, len(parked.octets))
    bindings = _own(work, source, parked, span) or find_binding(work, source, parked.octets, span)
    if bindings is None:
        return False
    try:
        read = read_set(work, source, parked.octets, span, *bindings)
    except MalformedMessage:
        return False
    if isinstance(read, UndecodedSet):
        return False
    work.changes[parked_at] = Forgotten(work.now_ns)
    work.count(Count.RELEASED_SETS)
    return True


def _own(work: Work, source: Source, parked: ParkedSet, span: SetSpan) -> Binding | None:
    template = work.template(source.key, parked.set_id, source.received_at_ns)
    if template is None:
        return None
    layout = work.context.layouts.of(template, work.elements(source.key))
    nested = work.nested(source.key, source.received_at_ns) if layout.has_lists else _NONE
    limits = work.context.wire_limits
    loose = source.key.version == VERSION_9
    extent = (parked.octets, span.start, span.end, layout.bound, nested, limits)
    if not fills(*extent, loose_padding=loose):
        return None
    return layout, nested, ""
