"""The metrics of subscribers (conventions E6): declared here, explained in docs/metrics.md."""

from collections.abc import Mapping

from schemas.subscriber import Tally
from service.metrics import Kind, Metric, Metrics

LATENCY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 86_400.0)
"""Seconds: from the wait of a batch up to a destination that was away for a day."""

NAMED: Mapping[str, tuple[str, ...]] = {"subscriber": ()}
"""The names that the settings give: bounded by the deployment."""

_TALLIES: Mapping[Tally, str] = {
    "cut_records": "Records whose line was cut at list items to fit a datagram.",
    "resent_records": "Records sent again because a connection broke before they were safe.",
    "skipped_records": "Records left out by intention: tombstones, where a destination has none.",
    "connections": "Connections opened to the destination.",
    "files": "Files completed.",
}

TABLE: tuple[Metric, ...] = (
    Metric(
        "subscribers_process_starts_total",
        Kind.COUNTER,
        "Starts of the subscriber's process; more than one means that it died.",
        NAMED,
    ),
    Metric("subscribers_records_total", Kind.COUNTER, "Records read from topics.", NAMED),
    Metric(
        "subscribers_delivered_records_total",
        Kind.COUNTER,
        "Records delivered, repeats included.",
        NAMED,
    ),
    Metric(
        "subscribers_refused_records_total",
        Kind.COUNTER,
        "Records that the destination will never take; each is a dead letter. Not intended.",
        NAMED,
    ),
    Metric(
        "subscribers_retried_records_total",
        Kind.COUNTER,
        "Records given again after a failure, each time.",
        NAMED,
    ),
    Metric(
        "subscribers_failures_total",
        Kind.COUNTER,
        "Deliveries after which something is tried again.",
        NAMED,
    ),
    Metric(
        "subscribers_defects_total",
        Kind.COUNTER,
        "Faults of a subscriber's own program; the record concerned is a dead letter.",
        NAMED,
    ),
    Metric(
        "subscribers_moved_records_total",
        Kind.COUNTER,
        "Records left to another process, which got their partition before they were delivered.",
        NAMED,
    ),
    Metric(
        "subscribers_expired_records_total",
        Kind.COUNTER,
        "Records that their topic's retention removed before they were read. Not intended.",
        NAMED,
    ),
    *(
        Metric(f"subscribers_{tally}_total", Kind.COUNTER, meaning, NAMED)
        for tally, meaning in _TALLIES.items()
    ),
    Metric(
        "subscribers_failing_seconds",
        Kind.GAUGE,
        "How long the destination has been taking nothing; 0 where all is well.",
        NAMED,
    ),
    Metric("subscribers_assigned_partitions", Kind.GAUGE, "Partitions that are ours.", NAMED),
    Metric(
        "subscribers_lag_records",
        Kind.GAUGE,
        "Records of our partitions that are not committed, by the broker's count.",
        NAMED,
    ),
    Metric(
        "subscribers_latency_seconds",
        Kind.HISTOGRAM,
        "From the receipt of the datagram of a batch's oldest record to its delivery.",
        NAMED,
        LATENCY_BUCKETS,
    ),
)


class Counters:
    """The metrics of one subscriber; each stands there as 0 from the start."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        """Bind the metrics of ``TABLE`` to a subscriber's name."""
        counters = [each.name for each in TABLE if each.kind is Kind.COUNTER]
        gauges = [each.name for each in TABLE if each.kind is Kind.GAUGE]
        self._counters = {each: metrics.counter(each).labels(name) for each in counters}
        self._gauges = {each: metrics.gauge(each).labels(name) for each in gauges}
        self._latency = metrics.histogram("subscribers_latency_seconds").labels(name)

    def add(self, what: str, number: int = 1) -> None:
        """Add to ``subscribers_WHAT_total``."""
        self._counters[f"subscribers_{what}_total"].inc(number)

    def set(self, what: str, value: float) -> None:
        """Set ``subscribers_WHAT``."""
        self._gauges[f"subscribers_{what}"].set(value)

    def latency(self, seconds: float) -> None:
        """Take in how old a batch's oldest record was when it was delivered."""
        self._latency.observe(max(0.0, seconds))
