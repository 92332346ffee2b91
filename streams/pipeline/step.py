"""One datagram: ``step``. Pure: state in, changes out, time as an argument."""

from typing import cast

from schemas.datagram import Datagram
from schemas.registry import InformationElement
from streams.interpret import record_key
from streams.interpret.router import RouterReader
from streams.pipeline.context import Context
from streams.pipeline.counts import Count
from streams.pipeline.message import read_any_message
from streams.pipeline.model import DeadLetter, Outcome, Reason, Record
from streams.pipeline.numbering import next_numbering
from streams.pipeline.reading import FILTERED_KIND, PUBLISHED
from streams.pipeline.router import Origin, publish_rows, router_message
from streams.pipeline.work import Work
from streams.state.layouts import Fleet
from streams.state.model import Note, Numbering, SessionKey
from streams.state.partition import PartitionState
from streams.wire import (
    FIXED_TEMPLATES,
    READERS,
    VERSION_9,
    CannotRead,
    Malformed,
    MalformedMessage,
    Message,
    read_message,
)

MALFORMED_REASONS = {member: f"malformed_{member.value}" for member in Malformed}
"""Reasons of dead letters for refused Messages."""

_VERSION_OCTETS = 2
_UNSUPPORTED = frozenset({2, 3, 4, 6, 8})
"""Versions of NetFlow that are not read: never released, or (8) totals made by the router."""

_DATAGRAMS = Count.DATAGRAMS
_FILTERED = Count.FILTERED_RECORDS
_NO_UDID = Count.NO_UDID_RECORDS
_NO_ELEMENTS: tuple[InformationElement, ...] = ()
_SEQUENCE_MASK = (1 << 32) - 1
_LISTED = 64
_SUFFIXES = tuple(f"-0000-{index:04x}" for index in range(_LISTED))
"""Ends of the record ids of a Message's first Set."""

# A NamedTuple's constructor is a Python function; this is what it calls.
_tuple = tuple.__new__


def step(
    datagram: Datagram,
    prefix: str,
    state: PartitionState,
    fleet: Fleet,
    now_ns: int,
    context: Context,
) -> Outcome:
    """Return all that follows from one datagram; changes nothing.

    Args:
        datagram: As ingest wrote it.
        prefix: Of its record ids (``Coordinates.prefix``).
        state: Of the partition; read only.
        fleet: Layouts of the fleet.
        now_ns: Receive time of the batch, so that a replay gives the same.
        context: Tables, settings, limits.
    """
    read = READERS.get(datagram.payload[:_VERSION_OCTETS])
    if read is None:
        return _unknown_version(datagram, prefix)
    try:
        message = read(datagram.payload)
        return _steady(datagram, prefix, state, message, context) or read_any_message(
            Work(state, fleet, now_ns, context), datagram, prefix, message
        )
    except MalformedMessage as error:
        return _malformed(datagram, prefix, error)


def _steady(  # noqa: C901, PLR0911, PLR0912 - one function, since each call costs a tenth of the whole
    datagram: Datagram, prefix: str, state: PartitionState, message: Message, context: Context
) -> Outcome | None:
    """Do what nearly every datagram needs, at the least cost; None where it needs more.

    One Data Set, whose session is known and was heard of lately (NetFlow v1, v5 and v7 need none),
    with a compiled layout that reads it. ``read_any_message`` would give the same. Tuples are made
    without their classes' constructors, in one function: at 1 us instead of 3 a datagram.
    """
    header, sets, trailing = message
    if len(sets) != 1 or trailing:
        return None
    version, _, _, sequence, domain, _, _, _ = header
    set_id, _, start, end = sets[0]
    received_at_ns, exporter, port, _, _, _, payload = datagram
    key = _tuple(SessionKey, (exporter, 0 if version == VERSION_9 else port, domain, version))
    template = FIXED_TEMPLATES.get(version)
    elements = _NO_ELEMENTS
    if template is None:
        session = state.session(key)
        if session is None:
            return None
        entry = session.templates.get(set_id)
        if (
            entry is None
            or entry.replaced
            or received_at_ns - session.seen_at_ns >= context.state_limits.coarse_ns
        ):
            return None
        template = entry.template
        if state.learnt:
            elements = state.elements(key)
    layout = context.layouts.of(template, elements)
    kind = layout.kind
    if layout.router_reader is not None:
        return _steady_router(datagram, prefix, state, message, layout.router_reader, key, context)
    if layout.reader is None or kind is None:
        return None
    try:
        rows = layout.reader(payload, start, end)
    except CannotRead:
        return None
    counts = {_DATAGRAMS: 1}
    policy = context.policy if kind == FILTERED_KIND else None
    records = []
    index = -1
    for row in rows:
        index += 1
        if policy is not None and not policy.keeps(row):
            counts[_FILTERED] = counts.get(_FILTERED, 0) + 1
            continue
        udid = record_key(kind, row)
        if udid is None:
            counts[_NO_UDID] = counts.get(_NO_UDID, 0) + 1
        identity = prefix + (_SUFFIXES[index] if index < _LISTED else f"-0000-{index:04x}")
        records.append(
            _tuple(Record, (kind, udid, row, identity, received_at_ns, exporter, "", False))
        )
    total = index + 1
    if records:
        counts[PUBLISHED[kind]] = len(records)
    before = cast("Numbering | None", state.notes.get(key))
    numbering: Numbering | None
    if before is not None and before[1] == sequence:
        due = (sequence + total) & _SEQUENCE_MASK, (sequence + 1) & _SEQUENCE_MASK
        numbering = _tuple(Numbering, (sequence, *(due[::-1] if version == VERSION_9 else due)))
    else:
        numbering, what, number = next_numbering(before, version, sequence, total)
        if what is not None and number:
            counts[what] = number
    notes = () if numbering is None else (_tuple(Note, (key, numbering)),)
    return _tuple(Outcome, (tuple(records), (), (), (), counts, notes))


def _steady_router(
    datagram: Datagram,
    prefix: str,
    state: PartitionState,
    message: Message,
    read: RouterReader,
    key: SessionKey,
    context: Context,
) -> Outcome | None:
    """The same for router flows: tens of them in a datagram."""
    received_at_ns, exporter, port, _, _, _, payload = datagram
    header = message.header
    _, index, start, end = message.sets[0]
    whole = router_message(header, received_at_ns, exporter, state.facts(key), context)
    try:
        rows = read(payload, start, end, whole)
    except CannotRead:
        return None
    origin = _tuple(Origin, (prefix, index, received_at_ns, exporter, port, "", False))
    records, letters, counts = publish_rows(rows, origin, context)
    counts[_DATAGRAMS] = 1
    before = cast("Numbering | None", state.notes.get(key))
    numbering, what, number = next_numbering(
        before, header.version, header.sequence_number, len(rows)
    )
    if what is not None and number:
        counts[what] = number
    notes = () if numbering is None else (_tuple(Note, (key, numbering)),)
    return Outcome(records, letters, (), (), counts, notes)


def _malformed(datagram: Datagram, prefix: str, error: MalformedMessage) -> Outcome:
    letter = DeadLetter(
        MALFORMED_REASONS[error.reason],
        prefix,
        datagram.exporter,
        datagram.port,
        datagram.received_at_ns,
        error.offset,
        datagram.payload,
        error.detail,
    )
    return Outcome((), (letter,), (), (), {_DATAGRAMS: 1, Count.MALFORMED_MESSAGES: 1})


def _unknown_version(datagram: Datagram, prefix: str) -> Outcome:
    """No version that is read: one of NetFlow, or else the decoder says what is wrong."""
    number = int.from_bytes(datagram.payload[:_VERSION_OCTETS])
    if len(datagram.payload) >= _VERSION_OCTETS and number in _UNSUPPORTED:
        return _unsupported(datagram, prefix, number)
    try:
        read_message(datagram.payload)
    except MalformedMessage as error:
        return _malformed(datagram, prefix, error)
    raise AssertionError("a Message of another version was read")


def _unsupported(datagram: Datagram, prefix: str, version: int) -> Outcome:
    letter = DeadLetter(
        Reason.UNSUPPORTED_VERSION.value,
        prefix,
        datagram.exporter,
        datagram.port,
        datagram.received_at_ns,
        0,
        datagram.payload,
        f"NetFlow version {version}; 1, 5, 7, 9 and 10 (IPFIX) are read",
    )
    return Outcome((), (letter,), (), (), {_DATAGRAMS: 1, Count.UNSUPPORTED_MESSAGES: 1})
