"""Time passes: ``advance``. What is over is forgotten, what new layouts can read is released."""

from typing import cast

from streams.pipeline.context import Context
from streams.pipeline.counts import Count
from streams.pipeline.model import NOTHING, Outcome, Reason
from streams.pipeline.parking import bury_parked, release
from streams.pipeline.templates import is_idle, without_stale
from streams.pipeline.work import Work
from streams.state.definitions import coordinates
from streams.state.layouts import Fleet
from streams.state.limits import StateLimits
from streams.state.model import OPTIONS, TEMPLATES, Forgotten, Note, StateKey
from streams.state.partition import DUE, FLEET, RELEASE, SWEEP, PartitionState

_NO_TRIAL = (-1, "")


def advance(state: PartitionState, fleet: Fleet, now_ns: int, context: Context) -> Outcome:
    """Return what follows from time alone: nothing, at two comparisons' cost, when none is due.

    Args:
        state: Of the partition; read only.
        fleet: Layouts of the fleet.
        now_ns: Receive time of the batch or tick.
        context: Tables, settings, limits.
    """
    tried = state.notes.get(FLEET)
    is_fresh = tried is None or (context.fleet_layouts and tried != fleet.number)
    if not is_fresh and now_ns < state.due_at_ns:
        return NOTHING
    work = Work(state, fleet, now_ns, context)
    if is_fresh:
        _try_layouts(work)
    if now_ns >= state.due_at_ns:
        _sweep(work)
    return work.outcome()


def _try_layouts(work: Work) -> None:
    """Try what is parked with the fleet's new layouts, some at a time, in the order of ``raw``.

    Only Sets with an id that has a new layout: or else each new layout of anybody would cost a
    reading of all that is parked. All of them where the memory was just loaded: who remembered them
    may have died between learning the Template and releasing what waited for it.
    """
    number, numbers = work.fleet.number, work.fleet.numbers
    tried = cast("int | None", work.state.notes.get(FLEET))
    trial = cast("tuple[int, tuple[str, StateKey] | str]", work.state.notes.get(RELEASE, _NO_TRIAL))
    keys = sorted(
        (coordinates(key), key)
        for key in work.state.parked_keys()
        if tried is None or numbers.get(work.state.parked_set(key).set_id, 0) > tried
    )
    if trial[0] == number:
        keys = [item for item in keys if item > cast("tuple[str, StateKey]", trial[1])]
    for _, key in keys[: work.limits.releases]:
        release(work, key, work.state.parked_set(key))
    if len(keys) > work.limits.releases:
        work.notes.append(Note(RELEASE, (number, keys[work.limits.releases - 1])))
    else:
        work.notes += (Note(FLEET, number), Note(RELEASE, None))


def _sweep(work: Work) -> None:
    """Look through some Exporters for what is over; the next call goes on."""
    limits = work.limits
    begin = cast("int", work.state.notes.get(SWEEP, 0))
    exporters = work.state.exporters()
    for exporter in exporters[begin : begin + limits.sweep_exporters]:
        _sweep_exporter(work, exporter)
    _bury_graves(work)
    if begin + limits.sweep_exporters < len(exporters):
        work.notes.append(Note(SWEEP, begin + limits.sweep_exporters))
    else:
        work.notes += (Note(SWEEP, None), Note(DUE, work.now_ns + limits.sweep_ns))


def _sweep_exporter(work: Work, exporter: bytes) -> None:
    state, now_ns, limits = work.state, work.now_ns, work.limits
    for key in list(state.session_keys(exporter)):
        session = state.session(key)
        if session is None:
            continue
        if is_idle(session, now_ns, limits):
            work.changes[key, TEMPLATES] = Forgotten(now_ns)
            work.count(Count.SESSIONS_EXPIRED)
            continue
        after, gone = without_stale(session, limits)
        if gone:
            work.changes[key, TEMPLATES] = after
            work.count(Count.TEMPLATES_EXPIRED, gone)
    for key in list(state.options_keys(exporter)):
        options = state.options(key)
        # what was told stays true as long as the session lives
        if (
            options is not None
            and work.session(key) is None
            and now_ns - options.seen_at_ns > limits.idle_unknown_ns
        ):
            work.changes[key, OPTIONS] = Forgotten(now_ns)
    for parked_at in list(state.parked_keys(exporter)):
        parked = state.parked_set(parked_at)
        if parked_at in work.changes or now_ns - parked.received_at_ns <= limits.parked_age_ns:
            continue
        work.changes[parked_at] = Forgotten(now_ns)
        work.count(Count.EXPIRED_SETS)
        bury_parked(work, parked_at[0], parked, Reason.NO_TEMPLATE, _waited(limits))


def _waited(limits: StateLimits) -> str:
    return f"waited {limits.parked_age_ns // 3_600_000_000_000} h"


def _bury_graves(work: Work) -> None:
    """Remove keys that were forgotten long enough ago, and the oldest of too many."""
    graves = work.state.graves()
    excess = len(graves) - work.limits.graves
    for index, (key, since_ns) in enumerate(graves.items()):
        if key in work.changes:
            continue
        if index < excess or work.now_ns - since_ns > work.limits.grave_ns:
            work.changes[key] = None
