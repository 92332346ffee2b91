"""One datagram: ``step``. Pure: state in, changes out, time as an argument."""

from typing import cast

from schemas.datagram import Datagram
from streams.pipeline.context import Context
from streams.pipeline.counts import Count
from streams.pipeline.message import read_any_message
from streams.pipeline.model import DeadLetter, Outcome, Reason
from streams.pipeline.numbering import next_numbering
from streams.pipeline.router import Origin, publish_rows, router_message
from streams.pipeline.work import Work
from streams.state.layouts import Fleet
from streams.state.model import Note, Numbering, session_key
from streams.state.partition import PartitionState
from streams.wire import (
    FIXED_TEMPLATES,
    READERS,
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


def _steady(
    datagram: Datagram, prefix: str, state: PartitionState, message: Message, context: Context
) -> Outcome | None:
    """Do what nearly every datagram of a router needs, at the least cost; None where it needs more.

    One Data Set, whose session is known and was heard of lately (NetFlow v1, v5 and v7 need none),
    with a compiled layout that reads it. ``read_any_message`` would give the same.
    """
    header, sets, trailing = message
    if len(sets) != 1 or trailing:
        return None
    version, domain = header.version, header.observation_domain_id
    set_id, index, start, end = sets[0]
    received_at_ns, exporter, port, _, _, _, payload = datagram
    key = session_key(exporter, port, domain, version)
    template = FIXED_TEMPLATES.get(version)
    if template is None:
        session = state.session(key)
        entry = None if session is None else session.templates.get(set_id)
        if (
            session is None
            or entry is None
            or entry.replaced
            or received_at_ns - session.seen_at_ns >= context.state_limits.coarse_ns
        ):
            return None
        template = entry.template
    read = context.layouts.of(template, state.elements(key)).router_reader
    if read is None:
        return None
    whole = router_message(header, received_at_ns, exporter, state.facts(key), context)
    try:
        rows = read(payload, start, end, whole)
    except CannotRead:
        return None
    origin = Origin(prefix, index, received_at_ns, exporter, port)
    records, letters, counts = publish_rows(rows, origin, context)
    counts[Count.DATAGRAMS] = 1
    before = cast("Numbering | None", state.notes.get(key))
    numbering, what, number = next_numbering(
        before, header.version, header.sequence_number, len(rows)
    )
    if what is not None and number:
        counts[what] = number
    notes = () if numbering is None else (Note(key, numbering),)
    return Outcome(tuple(records), tuple(letters), (), (), counts, notes)


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
    return Outcome((), (letter,), (), (), {Count.DATAGRAMS: 1, Count.MALFORMED_MESSAGES: 1})


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
    return Outcome((), (letter,), (), (), {Count.DATAGRAMS: 1, Count.UNSUPPORTED_MESSAGES: 1})
