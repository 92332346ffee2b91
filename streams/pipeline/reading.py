"""One Set with its Template: to records, to options, or to a dead letter."""

from typing import Any

from schemas.datagram import record_id
from streams.interpret import record_key
from streams.pipeline.context import Layout
from streams.pipeline.counts import Count
from streams.pipeline.model import Reason, Record
from streams.pipeline.options import learn_options
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
    if layout.reader is not None:
        try:
            rows = layout.reader(payload, span.start, span.end)
        except CannotRead:
            pass
        else:
            _publish(work, source, span.index, layout, rows, origin)
            return len(rows)
    data = read_data_set(payload, span, layout.bound, nested, work.context.wire_limits)
    if isinstance(data, UndecodedSet):
        return data
    work.count(Count.ILL_FORMED_STRINGS, data.ill_formed)
    if layout.template.scope_count:
        work.count(Count.OPTIONS_RECORDS, len(data.records))
        learn_options(work, source.key, data.records, source.received_at_ns)
    elif layout.kind is None:
        _refuse(work, source, payload, span, data)
    else:
        rows = [run_plan(record, layout.plan) for record in data.records]
        _publish(work, source, span.index, layout, rows, origin)
        work.context.layouts.count(layout, len(rows))
    return len(data.records)


def _refuse(work: Work, source: Source, payload: bytes, span: SetSpan, data: DataSet) -> None:
    if not data.records:
        return
    work.count(Count.NOT_NVZFLOW_RECORDS, len(data.records))
    work.bury(
        source,
        f"-{span.index:04x}",
        Reason.NOT_NVZFLOW,
        payload[span.start : span.end],
        f"Template {span.set_id} has no element of enterprise 9",
        len(data.records),
    )


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
    if origin:
        work.count(_ORIGINS[origin], len(rows))
    if source.is_parked:
        work.count(Count.LATE_RECORDS, len(rows))
