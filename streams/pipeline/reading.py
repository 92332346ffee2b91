"""One Set with its Template: to records, or to options."""

from typing import Any

from schemas.datagram import record_id
from schemas.router_records import ROUTER_KIND
from streams.interpret import record_key
from streams.interpret.router import RouterMessage, interpret
from streams.pipeline.context import Layout
from streams.pipeline.counts import Count
from streams.pipeline.model import Record
from streams.pipeline.options import learn_options
from streams.pipeline.router import Origin, publish_rows, router_message
from streams.pipeline.work import Source, Work
from streams.wire import (
    CannotRead,
    DataSet,
    NestedTemplates,
    SetSpan,
    UndecodedSet,
    read_data_set,
    run_plan,
)

PUBLISHED = {
    "flow": Count.FLOW_RECORDS,
    "endpoint": Count.ENDPOINT_RECORDS,
    "interface": Count.INTERFACE_RECORDS,
}
"""Kind of record to its count."""

_ORIGINS = {"sibling": Count.SIBLING_RECORDS, "fleet": Count.FLEET_RECORDS}

FILTERED_KIND = "flow"
"""The filter policy of the collector's manual concerns flows only."""


def read_set(
    work: Work,
    source: Source,
    payload: bytes,
    span: SetSpan,
    layout: Layout,
    nested: NestedTemplates,
    origin: str = "",
) -> int | UndecodedSet:
    """Read a Set and put what is in it where it belongs.

    Returns:
        How many Data Records it had, or the ``UndecodedSet`` where a list names a Template that is
        missing: then nothing was done.

    Raises:
        MalformedMessage: The Set does not follow the Template.
    """
    message = _router_message(work, source) if layout.router is not None else None
    rows = _compiled(layout, payload, span, message)
    if rows is not None:
        _publish(work, source, span.index, layout, rows, origin)
        return len(rows)
    data = read_data_set(payload, span, layout.bound, nested, work.context.wire_limits)
    if isinstance(data, UndecodedSet):
        return data
    work.count(Count.ILL_FORMED_STRINGS, data.ill_formed)
    if layout.template.scope_count:
        work.count(Count.OPTIONS_RECORDS, len(data.records))
        learn_options(
            work, source.key, data.records, source.received_at_ns, source.header.export_time
        )
    else:
        _publish(work, source, span.index, layout, _interpreted(layout, data, message), origin)
        work.context.layouts.count(layout, len(data.records))
    return len(data.records)


def _router_message(work: Work, source: Source) -> RouterMessage:
    return router_message(
        source.header,
        source.received_at_ns,
        source.key.exporter,
        work.facts(source.key),
        work.context,
    )


def _compiled(
    layout: Layout, payload: bytes, span: SetSpan, message: RouterMessage | None
) -> list[dict[str, Any]] | None:
    """Read by the compiled layout; None where there is none, or where it declines."""
    try:
        if message is not None:
            read = layout.router_reader
            return None if read is None else read(payload, span.start, span.end, message)
        if layout.reader is not None:
            return layout.reader(payload, span.start, span.end)
    except CannotRead:
        pass
    return None


def _interpreted(
    layout: Layout, data: DataSet, message: RouterMessage | None
) -> list[dict[str, Any]]:
    if layout.router is None or message is None:
        return [run_plan(record, layout.plan) for record in data.records]
    plan = layout.router
    return [interpret(record, plan, message) for record in data.records]


def _publish(
    work: Work,
    source: Source,
    set_index: int,
    layout: Layout,
    rows: list[dict[str, Any]],
    origin: str,
) -> None:
    kind = layout.kind
    if kind is None or not rows:
        return
    if origin:
        work.count(_ORIGINS[origin], len(rows))
    if source.is_parked:
        work.count(Count.LATE_RECORDS, len(rows))
    if kind == ROUTER_KIND:
        _publish_router(work, source, set_index, rows, origin)
        return
    policy = work.context.policy if kind == FILTERED_KIND else None
    published = 0
    for index, row in enumerate(rows):
        if policy is not None and not policy.keeps(row):
            continue
        published += 1
        key = record_key(kind, row)
        if key is None:
            work.count(Count.NO_UDID_RECORDS)
        work.records.append(
            Record(
                kind,
                key,
                row,
                record_id(source.prefix, set_index, index),
                source.received_at_ns,
                source.key.exporter,
                origin,
                source.is_parked,
            )
        )
    work.count(PUBLISHED[kind], published)
    work.count(Count.FILTERED_RECORDS, len(rows) - published)


def _publish_router(
    work: Work, source: Source, set_index: int, rows: list[dict[str, Any]], origin: str
) -> None:
    key = source.key
    whence = Origin(
        source.prefix,
        set_index,
        source.received_at_ns,
        key.exporter,
        key.port,
        origin,
        source.is_parked,
    )
    records, letters, counts = publish_rows(rows, whence, work.context)
    work.records += records
    work.dead_letters += letters
    for what, number in counts.items():
        work.count(Count(what), number)
