"""What a Template of router flows lacks, before any of its records comes."""

from collections.abc import Iterator
from typing import Any

from schemas.router_records import BASE_INFORMATION, ROUTER_FIELDS, ROUTER_KIND
from streams.pipeline.context import Context
from streams.state.limits import MINUTE_NS
from streams.state.model import Session, SessionKey, TemplateEntry
from streams.state.partition import PartitionState
from streams.wire import Template

MOST_TEMPLATES = 64
"""Of one Exporter, in its record; real ones have a handful."""

MOST_SESSIONS = 256
"""Of one address, looked at for their Templates: newest first."""

_COUNTERS = {"bytes": 8, "packets": 8}
"""Octets that a counter should have: 32 bits wrap within a minute at 600 Mbit/s."""

_IPV4, _IPV6 = frozenset({8, 12}), frozenset({27, 28})
_SOURCES = {item.key: item.sources for item in ROUTER_FIELDS}
_PROTOCOLS = {9: "NETFLOW_V9", 10: "IPFIX"}

_STALE_INTERVALS = 4
"""A Template that was not refreshed for so many intervals, while others were, is in use no more."""


def templates_of(
    state: PartitionState, exporter: bytes, context: Context
) -> tuple[dict[str, Any], ...]:
    """Describe the Templates of an Exporter that are for router flows and in use.

    Returns:
        Of each: ``protocol``, ``domain``, ``template_id``, ``fields``, ``ip_versions``, ``lacks``
        and ``short_counters``. The same Template of several sessions stands there once.
    """
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for key in list(state.session_keys(exporter))[-MOST_SESSIONS:]:
        session = state.session(key)
        if session is None:
            continue
        start_is_told = state.facts(key).start_uptime_ms is not None
        for entry in _in_use(session):
            template = entry.template
            if context.layouts.of(template, state.elements(key)).kind != ROUTER_KIND:
                continue
            described = _describe(key, template, start_is_told=start_is_told)
            found[key.version, key.domain, template] = described
    listed = sorted(
        found.values(), key=lambda each: (each["protocol"], each["domain"], each["template_id"])
    )
    return tuple(listed[:MOST_TEMPLATES])


def _in_use(session: Session) -> Iterator[TemplateEntry]:
    entries = session.templates.values()
    newest = max((entry.refreshed_at_ns for entry in entries), default=0)
    patience = _STALE_INTERVALS * max(session.refresh_ns, 5 * MINUTE_NS)
    return (entry for entry in entries if newest - entry.refreshed_at_ns <= patience)


def _describe(key: SessionKey, template: Template, *, start_is_told: bool) -> dict[str, Any]:
    lengths = {(item.enterprise_number, item.element_id): item.length for item in template.fields}
    iana = {number for enterprise, number in lengths if enterprise == 0}
    lacks = [
        name for name in BASE_INFORMATION if not any(each in lengths for each in _SOURCES[name])
    ]
    if start_is_told and "time_flow_start_ns" in lacks:
        lacks.remove("time_flow_start_ns")
    short = [
        name
        for name, octets in _COUNTERS.items()
        if any(lengths.get(each, octets) < octets for each in _SOURCES[name])
    ]
    versions = [version for version, elements in ((4, _IPV4), (6, _IPV6)) if iana & elements]
    return {
        "protocol": _PROTOCOLS[key.version],
        "domain": key.domain,
        "template_id": template.template_id,
        "fields": len(template.fields),
        "ip_versions": versions,
        "lacks": lacks,
        "short_counters": short,
    }
