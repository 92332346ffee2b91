"""A run of datagrams that need no more than to be read: nearly all do, and so at the least cost.

``step`` is the authority: what it gives for such datagrams one by one, this gives for a run of them
(a property test compares the two). A datagram that needs more ends the run.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar, cast

from schemas.datagram import Datagram
from streams.interpret import record_key
from streams.pipeline.context import Context, Layout
from streams.pipeline.counts import Count
from streams.pipeline.numbering import next_numbering
from streams.pipeline.reading import FILTERED_KIND, PUBLISHED
from streams.state.model import Numbering, SessionKey
from streams.state.partition import PartitionState
from streams.wire import (
    VERSION,
    CannotRead,
    read_single_set,
)

_FILTERED = Count.FILTERED_RECORDS
_NO_UDID = Count.NO_UDID_RECORDS
_SEQUENCE_MASK = (1 << 32) - 1
_LISTED = 1024
_FIRSTS = tuple(f"{index:04x}-0000-0000" for index in range(_LISTED))
"""Ends of the record ids of a datagram's first record, by the datagram's index."""

# A NamedTuple's constructor is a Python function; this is what it calls.
_tuple = tuple.__new__


Made = TypeVar("Made")

Make = Callable[[str, bytes | None, dict[str, Any], str, int, bytes], Made]
"""Makes something of a record: kind, key, value, record id, receive time, exporter, as ``Record``
has them (and is the simplest of these)."""


class Run(NamedTuple, Generic[Made]):
    """What the datagrams of a run come to; pure, so it may be thrown away.

    Attributes:
        end: Index of the first datagram that was not read: it needs ``step``.
        records: What was made of those that are to be published, in order.
        counts: ``Count`` to how many.
        numberings: Of the sessions, for ``PartitionState.number``.
    """

    end: int
    records: Sequence[Made]
    counts: dict[str, int]
    numberings: dict[SessionKey, Numbering]


def read_run(  # noqa: C901, PLR0912, PLR0915 - a call costs as much as a look-up
    datagrams: Sequence[Datagram],
    begin: int,
    at: str,
    state: PartitionState,
    context: Context,
    make: Make[Made],
) -> Run[Made]:
    """Read datagrams until one needs more; changes nothing.

    Each has one Data Set of nvzFlow, of a session that is known and was heard of lately, in a
    compiled layout. (A router's datagram has tens of flows: ``step`` costs little of each.)

    Args:
        datagrams: Of one batch.
        begin: Index of the first one to read.
        at: What the record ids of the batch begin with: ``Coordinates.prefix`` up to the datagram.
        state: Of the partition; read only.
        context: Tables, settings, limits.
        make: Pure. Called for a record as soon as it is read, and the record is not kept: its
            values are written while the processor's cache has them, and its memory is the next
            one's (half of what the same costs after the run).
    """
    sessions, notes, learnt = state.decoded(), state.notes, state.learnt
    coarse_ns = context.state_limits.coarse_ns
    policy = context.policy
    layouts: dict[int, Layout] = {}
    records: list[Made] = []
    counts: dict[str, int] = {}
    numberings: dict[SessionKey, Numbering] = {}
    index = begin
    for received_at_ns, exporter, port, _, _, _, payload in islice(datagrams, begin, None):
        frame = read_single_set(payload)
        if frame is None:
            break
        sequence, domain, (set_id, _, start, end) = frame
        key = _tuple(SessionKey, (exporter, port, domain, VERSION))
        session = sessions.get(key)
        before = numberings.get(key) or cast("Numbering | None", notes.get(key))
        if (
            session is None
            or before is None
            or received_at_ns - session.seen_at_ns >= coarse_ns
            or (entry := session.templates.get(set_id)) is None
            or entry.replaced
        ):
            break
        template = entry.template
        layout = None if key in learnt else layouts.get(id(template))
        if layout is None:
            layout = context.layouts.of(template, state.elements(key))
            if key not in learnt:
                layouts[id(template)] = layout
        kind, reader = layout.kind, layout.reader
        if kind is None or reader is None:
            break
        try:
            rows = reader(payload, start, end)
        except CannotRead:
            break
        keeps = policy.keeps if policy is not None and kind == FILTERED_KIND else None
        identity = at + (_FIRSTS[index] if index < _LISTED else f"{index:04x}-0000-0000")
        kept, number = -len(records), -1
        for row in rows:
            number += 1
            if keeps is not None and not keeps(row):
                counts[_FILTERED] = counts.get(_FILTERED, 0) + 1
                continue
            if number:
                identity = f"{at}{index:04x}-0000-{number:04x}"
            udid = record_key(kind, row)
            if udid is None:
                counts[_NO_UDID] = counts.get(_NO_UDID, 0) + 1
            records.append(make(kind, udid, row, identity, received_at_ns, exporter))
        kept += len(records)
        if kept:
            published = PUBLISHED[kind]
            counts[published] = counts.get(published, 0) + kept
        after: Numbering | None
        if before[1] == sequence:
            due = (sequence + number + 1) & _SEQUENCE_MASK, (sequence + 1) & _SEQUENCE_MASK
            after = _tuple(Numbering, (sequence, *due))
        else:
            after, odd, missing = next_numbering(before, VERSION, sequence, number + 1)
            if odd is not None and missing:
                counts[odd] = counts.get(odd, 0) + missing
        if after is not None:
            numberings[key] = after
        index += 1
    if index > begin:
        counts[Count.DATAGRAMS] = index - begin
    return Run(index, records, counts, numberings)
