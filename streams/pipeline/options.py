"""Options data: what an Exporter tells about itself (RFC 5610, RFC 7011 4, RFC 5476, 5477)."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from schemas.registry import SCOPE_ELEMENTS, InformationElement
from streams.pipeline.counts import Count
from streams.pipeline.work import Work
from streams.state.model import OPTIONS, Change, Forgotten, Interface, Options, SessionKey
from streams.wire import DataRecord, Value, learn_element_type, output_value

INTERFACE_INDEXES = (10, 14, SCOPE_ELEMENTS + 2)
"""ingressInterface, egressInterface; NetFlow v9's scope type 2 (Interface)."""

INTERFACE_NAME = 82
INTERFACE_DESCRIPTION = 83
SYSTEM_INIT_TIME_MILLISECONDS = 160
FLOW_START_SYS_UP_TIME = 22
APPLICATION_ID = 95
APPLICATION_NAME = 96

SYS_UP_TIME = frozenset({"sysuptime", "systemuptime"})
"""Names of the Exporter's own uptime, in lower case: no registry has an element for it, so it comes
as an enterprise's (RFC 5610, or a site's table). Milliseconds, unless its units say seconds."""

SAMPLING = (34, 35, 48, 49, 50, 302, 304, 305, 306, 309, 310, 311)
"""samplingInterval, samplingAlgorithm, samplerId, samplerMode, samplerRandomInterval, selectorId,
selectorAlgorithm, samplingPacketInterval, samplingPacketSpace, samplingSize, samplingPopulation,
samplingProbability."""

SAMPLING_NAMES = (84, 335)
"""samplerName, selectorName."""

SAMPLING_SCOPE = (10, 14, SCOPE_ELEMENTS + 2)
"""What a rate may be of: ingressInterface, egressInterface, NetFlow v9's scope type 2."""

_SAMPLERS = (48, 302)
"""samplerId, selectorId: they tell apart what is told of one scope."""

LARGEST_NUMBER = (1 << 63) - 1
"""Avro's long, in which it is remembered; no sampling parameter or time is larger."""

LARGEST_TEXT = 255
"""Characters kept of a name: a description may be as long as a Message."""

BOOT_STEP_MS = 5000
"""Export Times are whole seconds, so each sysUpTime says another time of boot; so far apart two are
of different boots."""

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")


def learn_options(
    work: Work, key: SessionKey, records: Iterable[DataRecord], at_ns: int, export_time: int
) -> None:
    """Remember what is of use in options records; changes nothing where all of it is known."""
    before = work.options(key) or Options()
    after = before
    for record in records:
        after = _with_record(after, record, export_time)
    if after == before:
        return
    after, evicted = _bounded(after, work.limits.options_per_session)
    work.count(Count.OPTIONS_EVICTED, evicted)
    # to the end of the changes, so that applying them in order keeps the order of learning
    work.changes.pop((key, OPTIONS), None)
    work.changes[key, OPTIONS] = replace(after, seen_at_ns=at_ns)
    _keep_quota(work, key, after)


def _keep_quota(work: Work, key: SessionKey, after: Options) -> None:
    """An Exporter with too many things in all its sessions loses its own oldest."""
    now = work.state.options(key)
    total = work.state.options_entries.of(key.exporter) + after.entries()
    total -= 0 if now is None else now.entries()
    for other in work.state.options_keys(key.exporter):
        if total <= work.limits.options_per_exporter:
            return
        if other == key or (other, OPTIONS) in work.changes:
            continue
        gone = work.state.options(other)
        entries = 0 if gone is None else gone.entries()
        total -= entries
        work.count(Count.OPTIONS_EVICTED, entries)
        change = Change((other, OPTIONS), Forgotten(work.now_ns))
        work.changes[change.key] = change.value


def _with_record(options: Options, record: DataRecord, export_time: int) -> Options:
    learnt = learn_element_type(record)
    if learnt is not None:
        return _with_element(options, learnt)
    values = {
        element.element_id: value
        for element, value in record.fields
        if element.enterprise_number == 0
    }
    options = _with_interface(options, values)
    options = _with_application(options, values)
    options = _with_sampling(options, record, values)
    return _with_times(options, record, values, export_time)


def _with_times(
    options: Options, record: DataRecord, values: dict[int, Value], export_time: int
) -> Options:
    """Remember what IPFIX times by uptime are relative to (design 6)."""
    init = values.get(SYSTEM_INIT_TIME_MILLISECONDS)
    if init is not None and _is_number(init) and init != options.system_init_ms:
        options = replace(options, system_init_ms=int(init))
    start = values.get(FLOW_START_SYS_UP_TIME)
    if start is not None and _is_number(start) and start != options.start_uptime_ms:
        options = replace(options, start_uptime_ms=int(start))
    for element, value in record.fields:
        if element.name.lower() in SYS_UP_TIME and _is_number(value):
            uptime_ms = value * 1000 if element.units == "seconds" else value
            boot_ms = max(0, export_time * 1000 - int(uptime_ms))
            if abs(boot_ms - options.boot_ms) > BOOT_STEP_MS:
                options = replace(options, boot_ms=boot_ms)
    return options


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and 0 <= value <= LARGEST_NUMBER


def _with_element(options: Options, element: InformationElement) -> Options:
    key = (element.enterprise_number, element.element_id)
    if options.elements.get(key) == element:
        return options
    return replace(options, elements=_last(options.elements, key, element))


def _with_interface(options: Options, values: dict[int, Value]) -> Options:
    name, description = values.get(INTERFACE_NAME), values.get(INTERFACE_DESCRIPTION)
    if name is None and description is None:
        return options
    interfaces = options.interfaces
    for element_id in INTERFACE_INDEXES:
        index = values.get(element_id)
        if not isinstance(index, int):
            continue
        known = interfaces.get(index, Interface())
        told = Interface(
            known.name if name is None else str(output_value(name))[:LARGEST_TEXT],
            known.description
            if description is None
            else str(output_value(description))[:LARGEST_TEXT],
        )
        if interfaces.get(index) != told:
            interfaces = _last(interfaces, index, told)
    return options if interfaces is options.interfaces else replace(options, interfaces=interfaces)


def _with_application(options: Options, values: dict[int, Value]) -> Options:
    number, name = values.get(APPLICATION_ID), values.get(APPLICATION_NAME)
    if number is None or not isinstance(name, str):
        return options
    key, text = str(output_value(number))[:LARGEST_TEXT], name[:LARGEST_TEXT]
    if options.applications.get(key) == text:
        return options
    return replace(options, applications=_last(options.applications, key, text))


def _with_sampling(options: Options, record: DataRecord, values: dict[int, Value]) -> Options:
    told: dict[int, int | float | str] = {
        element_id: values[element_id]
        for element_id in SAMPLING
        if _is_number(values.get(element_id))
    }
    if not told:
        return options
    for element_id in SAMPLING_NAMES:
        name = values.get(element_id)
        if isinstance(name, str):
            told[element_id] = name[:LARGEST_TEXT]
    for element, value in record.fields[: record.scope_count]:
        if element.element_id in SAMPLING_SCOPE and _is_number(value):
            told[element.element_id] = value
    # Cisco gives the id of a sampler outside of the scope: two samplers of one system.
    scope = ";".join(
        f"{element.name}={output_value(value)}"
        for index, (element, value) in enumerate(record.fields)
        if index < record.scope_count or element.element_id in _SAMPLERS
    )[:LARGEST_TEXT]
    if options.sampling.get(scope) == told:
        return options
    return replace(options, sampling=_last(options.sampling, scope, told))


def _last(items: dict[_Key, _Item], key: _Key, item: _Item) -> dict[_Key, _Item]:
    """Return the items with one more at the end: the first is the one that is known longest."""
    changed = {other: value for other, value in items.items() if other != key}
    changed[key] = item
    return changed


def _bounded(options: Options, limit: int) -> tuple[Options, int]:
    excess = options.entries() - limit
    if excess <= 0:
        return options, 0
    # one Message brings few entries more than there is room for, and nearly always of one kind
    sizes = {"applications": 0, "interfaces": 0, "elements": 0, "sampling": 0}
    for _ in range(excess):
        largest = max(sizes, key=lambda name: len(getattr(options, name)) - sizes[name])
        sizes[largest] += 1
    return replace(
        options,
        elements=_newest(options.elements, sizes["elements"]),
        interfaces=_newest(options.interfaces, sizes["interfaces"]),
        sampling=_newest(options.sampling, sizes["sampling"]),
        applications=_newest(options.applications, sizes["applications"]),
    ), excess


def _newest(items: dict[_Key, _Item], gone: int) -> dict[_Key, _Item]:
    return dict(islice(items.items(), gone, None))
