"""The metrics of a totals worker (conventions E6): declared here, explained in docs/metrics.md."""

from collections.abc import Mapping

from schemas.totals import REASONS
from service.metrics import Kind, Metric, Metrics

_COUNTED: Mapping[str, str] = {
    "repeats": "Records that were there before, after a crash of a decoding worker: left out, "
    "intended.",
    "late": "Flows of which part, or all, was out of reach and counts in the minute of receipt.",
    "at_receipt": "Flows that count whole in the minute of their receipt: their times cannot be "
    "believed.",
    "capped": "Flows that claim more than `longest_flow_minutes` and are spread over that.",
}
"""Counts of ``streams.totals.book.Book`` that are a metric each."""

TABLE: tuple[Metric, ...] = (
    Metric("totals_records_total", Kind.COUNTER, "Records of `netflow` taken, repeats included."),
    *(
        Metric(f"totals_{name}_records_total", Kind.COUNTER, meaning)
        for name, meaning in _COUNTED.items()
    ),
    Metric(
        "totals_left_out_records_total",
        Kind.COUNTER,
        "Records that stand in no total, by reason; by exporter they stand on `netflow-1m` "
        "(`NETFLOW_1M_LEFT_OUT`). Intended.",
        {"reason": tuple(REASONS)},
    ),
    Metric(
        "totals_nameless_records_total",
        Kind.COUNTER,
        "Records without the headers that our workers write; somebody else's. Not counted further.",
    ),
    Metric(
        "totals_covered_shares_total",
        Kind.COUNTER,
        "Shares of records read again after a start whose total has them already.",
    ),
    Metric("totals_published_total", Kind.COUNTER, "Totals published, all revisions."),
    Metric("totals_published_partial_total", Kind.COUNTER, "Of these: before their minute's end."),
    Metric(
        "totals_rewritten_total",
        Kind.COUNTER,
        "Totals published again because a frozen worker had written an older one late.",
    ),
    Metric("totals_read_back_total", Kind.COUNTER, "Records of `netflow-1m` read back."),
    Metric(
        "totals_unreadable_total",
        Kind.COUNTER,
        "Records of `netflow-1m` that are none of this version's and were passed over.",
    ),
    Metric("totals_spilled_total", Kind.COUNTER, "Totals moved from memory to the file."),
    Metric("totals_held_totals", Kind.GAUGE, "Totals in memory."),
    Metric("totals_spill_octets", Kind.GAUGE, "Size of the file of totals."),
    Metric("totals_unconfirmed_totals", Kind.GAUGE, "Totals sent and not confirmed by Kafka."),
    Metric("totals_assigned_partitions", Kind.GAUGE, "Partitions of `netflow` that are ours."),
    Metric("totals_lag_records", Kind.GAUGE, "Records of our partitions that were not taken yet."),
    Metric(
        "totals_uncommitted_records",
        Kind.GAUGE,
        "Records taken since the committed offsets: what is read again after a crash.",
    ),
)


class TotalsMetrics(Metrics):
    """The live metrics."""

    def __init__(self) -> None:
        super().__init__(TABLE)
        self.records = self.counter("totals_records_total")

    def count(self, counts: Mapping[str, int]) -> None:
        """Add what a partition's book counted."""
        for name, number in counts.items():
            if name in _COUNTED:
                self.counter(f"totals_{name}_records_total").inc(number)
            else:
                self.counter("totals_left_out_records_total").labels(name).inc(number)
