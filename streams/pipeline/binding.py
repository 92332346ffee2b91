"""Which Template reads a Set: rules 2 and 3 for a Set whose session has none (CONFORMANCE, 8)."""

from streams.pipeline.context import Layout
from streams.pipeline.templates import is_idle
from streams.pipeline.work import Source, Work
from streams.state.definitions import definition
from streams.state.layouts import is_nvzflow
from streams.state.model import Session, SessionKey
from streams.wire import VERSION, NestedTemplates, SetSpan, fits

SIBLING = "sibling"
"""``template-origin``: another session of the same address and Observation Domain."""

FLEET = "fleet"
"""``template-origin``: a layout that other endpoints have shown."""

SIBLINGS_LOOKED_AT = 256
"""Behind a NAT there are thousands; what reads a Set is nearly always among the newest."""

SIBLING_LAYOUTS_TRIED = 8
"""Different layouts under one id at one address: more are no help, and each costs a reading."""

_NONE = NestedTemplates({})

Binding = tuple[Layout, NestedTemplates, str]
"""Layout, the Templates that its lists may name, and the origin."""


def find_binding(work: Work, source: Source, payload: bytes, span: SetSpan) -> Binding | None:
    """Return what reads the Set by rule 2, else by rule 3; None where nothing does.

    Both are for IPFIX: a v9 session is the whole address already (RFC 3954, 5.1).
    """
    if source.key.version != VERSION:
        return None
    return _sibling(work, source, payload, span) or _fleet(work, source, payload, span)


def _siblings(work: Work, source: Source) -> list[tuple[SessionKey, Session]]:
    key = source.key
    found = list(work.state.siblings(key.exporter, key.domain, key.version)[:SIBLINGS_LOOKED_AT])
    # A session that this very event has brought or refreshed is the newest.
    fresh = [
        (changed[0], value)
        for changed, value in work.changes.items()
        if isinstance(value, Session)
        and changed[0].exporter == key.exporter
        and (changed[0].domain, changed[0].version) == (key.domain, key.version)
    ]
    known = {other for other, _ in fresh}
    return fresh + [pair for pair in found if pair[0] not in known]


def _sibling(work: Work, source: Source, payload: bytes, span: SetSpan) -> Binding | None:
    tried: list[Layout] = []
    for key, session in _siblings(work, source):
        entry = session.templates.get(span.set_id)
        if entry is None or key == source.key or is_idle(session, work.now_ns, work.limits):
            continue
        template = definition(entry, source.received_at_ns)
        layout = work.context.layouts.of(template, work.elements(key))
        if any(layout is other for other in tried):
            continue
        tried.append(layout)
        nested = work.nested(key, source.received_at_ns) if layout.has_lists else _NONE
        if _fits(work, source, payload, span, layout, nested):
            return layout, nested, SIBLING
        if len(tried) >= SIBLING_LAYOUTS_TRIED:
            break
    return None


def _fleet(work: Work, source: Source, payload: bytes, span: SetSpan) -> Binding | None:
    if not work.context.fleet_layouts:
        return None
    found: Layout | None = None
    for template in work.fleet.candidates(span.set_id):
        if not is_nvzflow(template) or template.scope_count:
            continue
        layout = work.context.layouts.of(template)
        if _fits(work, source, payload, span, layout, _NONE):
            if found is not None:
                return None
            found = layout
    return None if found is None else (found, _NONE, FLEET)


def _fits(
    work: Work,
    source: Source,
    payload: bytes,
    span: SetSpan,
    layout: Layout,
    nested: NestedTemplates,
) -> bool:
    return fits(
        payload,
        span.start,
        span.end,
        layout.bound,
        nested,
        work.context.wire_limits,
        source.header.export_time,
    )
