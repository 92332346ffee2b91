"""The end of a run: wait until all is accounted for, or nothing moves any more; then check."""

import time
from collections import Counter

from envizzy.lab import replay
from envizzy.lab.checker import Report
from envizzy.lab.progress import Run
from envizzy.lab.summary import Summary
from envizzy.lab.watch import parked_sets

DRAIN_SECONDS = 30.0
"""After the end of the traffic: so long without any progress, and what is missing is missing."""

_STEP_SECONDS = 0.2


def settle(this: Run) -> tuple[Summary, bool, tuple[str, ...]]:
    """Wait until all that was sent is accounted for, or nothing moves any more; then check."""
    watch, checker = this.watch, this.watch.checker
    moved = time.monotonic()
    while time.monotonic() - moved < DRAIN_SECONDS:
        before = watch.outstanding
        busy = watch.step(_STEP_SECONDS)
        this.services.check()
        if busy or watch.outstanding != before:
            moved = time.monotonic()
        if not busy and not watch.outstanding and watch.at_end:
            break
    if checker.outstanding:
        for parked in parked_sets(watch.kafka, watch.topics):
            checker.park(parked.octets)
    this.ask()
    report = checker.report()
    if watch.minutes is None:
        return _summary(this, report), report.sound, report.examples
    watch.minutes.withdraw(checker.absent())
    totals = watch.minutes.report()
    summary = _summary(this, report)._replace(
        netflow_1m_published=totals.totals, netflow_1m_wrong=totals.wrong
    )
    return summary, report.sound and not totals.wrong, (*report.examples, *totals.examples)


def _summary(this: Run, report: Report) -> Summary:
    latencies = this.watch.latencies
    return Summary(
        sum(account.datagrams for account in this.watch.accounts),
        this.received,
        report.sent,
        report.published["endpoint"],
        report.published["interface"],
        report.published["flow"],
        report.repeated,
        report.filtered,
        report.parked,
        report.dead_lettered,
        report.lost,
        latencies.quantile(0.5),
        latencies.quantile(0.99),
        report.published["netflow"] if this.options.routers else None,
    )


def settle_replay(this: Run, sent: Counter[bytes]) -> tuple[Summary, bool, tuple[str, ...]]:
    """Wait until every datagram is in ``raw`` and was taken from it; then count what came out."""
    watch = this.watch
    total = sum(sent.values())
    moved = time.monotonic()
    while time.monotonic() - moved < DRAIN_SECONDS:
        before = this.taken
        busy = watch.step(_STEP_SECONDS)
        this.services.check()
        this.ask()
        if busy or this.taken != before:
            moved = time.monotonic()
        if not busy and this.taken >= total and watch.at_end:
            break
    there = replay.in_raw(watch.kafka, watch.topics)
    missing = sum((sent - there).values())
    untaken = max(0, sum(there.values()) - this.taken)
    parked = sum(1 for _ in parked_sets(watch.kafka, watch.topics))
    latencies = watch.latencies
    counts = watch.by_kind
    summary = Summary(
        total,
        this.received,
        sum(counts.values()) + parked,
        counts["endpoint"],
        counts["interface"],
        counts["flow"],
        watch.seen - sum(counts.values()),
        int(this.services.metrics("streams").get("streams_filtered_records_total", 0)),
        parked,
        sum(watch.dead.values()),
        missing + untaken,
        latencies.quantile(0.5),
        latencies.quantile(0.99),
        counts["netflow"] or None,
    )
    notes = []
    if missing:
        notes.append(f"{missing} datagrams of the capture are not in raw")
    if untaken:
        notes.append(f"{untaken} datagrams of raw were not taken by streams")
    return summary, summary.lost == 0, tuple(notes)
