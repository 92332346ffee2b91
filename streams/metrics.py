"""The metrics of a streams worker (conventions E6): declared here, explained in docs/metrics.md."""

from collections.abc import Mapping

from service.metrics import Across, Kind, Metric, Metrics
from streams.pipeline.counts import Count
from streams.pipeline.model import Reason
from streams.wire.model import Malformed

LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds: from the linger of ingest up to a backlog."""

REASONS = (*(str(reason) for reason in Reason), *(f"malformed_{reason}" for reason in Malformed))
"""The closed set of reasons of dead letters."""

_MEANINGS: Mapping[Count, str] = {
    Count.DATAGRAMS: "Datagrams taken from `raw`.",
    Count.MALFORMED_MESSAGES: "Messages refused whole; each is a dead letter. Not intended.",
    Count.UNSUPPORTED_MESSAGES: "Messages of NetFlow 2 to 4, 6 or 8; each is a dead letter.",
    Count.TRAILING_OCTETS: "Octets behind a Message, padding of NetFlow v9 included; not decoded.",
    Count.SKIPPED_SETS: "Sets of reserved ids: 0, 1 and 4 to 255; in NetFlow v9 2 to 255.",
    Count.TEMPLATES: "Templates and Options Templates received, repeats included.",
    Count.FILTERED_RECORDS: "Flow records dropped by the filter policy. Intended.",
    Count.FLOW_RECORDS: "Flow records published.",
    Count.ENDPOINT_RECORDS: "Endpoint records published.",
    Count.INTERFACE_RECORDS: "Interface records published.",
    Count.ROUTER_RECORDS: "Router flow records published.",
    Count.OTHER_PROTOCOL_RECORDS: "Router flow records of protocols that `netflow.protocols` leaves"
    " out. Intended.",
    Count.INCOMPLETE_RECORDS: "Router flow records that lack base information: named in `missing`,"
    " or dead letters where `netflow.base_information` requires it.",
    Count.LONG_FLOW_RECORDS: "Router flow records that last over a minute; flagged, published.",
    Count.CLOCK_OFF_RECORDS: "Router flow records of Exporters whose clock is off; flagged,"
    " published.",
    Count.FIRST_AFTER_LAST_RECORDS: "Router flow records that end before they begin; flagged,"
    " published.",
    Count.END_IN_FUTURE_RECORDS: "Router flow records that end after their receipt; flagged,"
    " published.",
    Count.NO_UDID_RECORDS: "Records published without a key, since no UDID was sent.",
    Count.PARKED_SETS: "Sets that were put aside until a Template comes.",
    Count.RELEASED_SETS: "Parked Sets that could be decoded.",
    Count.EXPIRED_SETS: "Parked Sets for which no Template came in time; each is a dead letter.",
    Count.OVERFLOWN_SETS: "Sets for which there was no room among the parked; dead letters.",
    Count.SIBLING_RECORDS: "Records decoded by a Template of another session of the same address.",
    Count.FLEET_RECORDS: "Records decoded by a layout of the fleet.",
    Count.MISSING_RECORDS: "Records that Sequence Numbers say were sent and did not come.",
    Count.MISSING_MESSAGES: "NetFlow v9: Export Packets that were sent and did not come.",
    Count.IRREGULAR_MESSAGES: "Messages whose Sequence Number fits no rule: restarts, reordering.",
    Count.LATE_RECORDS: "Records decoded after being parked.",
}


def _counted(count: Count) -> Metric:
    meaning = _MEANINGS.get(count) or count.replace("_", " ").capitalize() + "."
    return Metric(f"streams_{count}_total", Kind.COUNTER, meaning)


TABLE: tuple[Metric, ...] = (
    *(_counted(count) for count in Count),
    Metric(
        "streams_process_starts_total",
        Kind.COUNTER,
        "Starts of processes; more than there are processes means that one died.",
    ),
    Metric("streams_events_total", Kind.COUNTER, "Events of `raw` acknowledged, ticks included."),
    Metric(
        "streams_dead_letters_total",
        Kind.COUNTER,
        "Dead letters by reason. Not intended.",
        {"reason": REASONS},
    ),
    Metric(
        "streams_unreadable_events_total",
        Kind.COUNTER,
        "Events of `raw` that are no RawBatch; each is a dead letter.",
    ),
    Metric(
        "streams_resent_records_total",
        Kind.COUNTER,
        "Records sent again, alone, after the broker refused their batch for another record.",
    ),
    Metric(
        "streams_refused_records_total",
        Kind.COUNTER,
        "Records that Kafka refused for good; each is a dead letter.",
    ),
    Metric(
        "streams_cut_records_total",
        Kind.COUNTER,
        "Records that were cut to fit `message_octets`.",
    ),
    Metric(
        "streams_policy_reads_total",
        Kind.COUNTER,
        "Changed filter policies: taken, or refused for a mistake (the old one stays).",
        {"outcome": ("taken", "refused")},
    ),
    Metric("streams_policy_rules", Kind.GAUGE, "Rules of the filter policy in force."),
    Metric("streams_state_records_total", Kind.COUNTER, "Records written to `state`."),
    Metric(
        "streams_state_repairs_total",
        Kind.COUNTER,
        "State records written again because a frozen worker had written late.",
    ),
    Metric(
        "streams_state_unreadable_total",
        Kind.COUNTER,
        "Records of `state` and `layouts` that this version cannot read and passes over.",
    ),
    Metric(
        "streams_state_ill_formed_total",
        Kind.COUNTER,
        "State values that did not follow their schema when they were needed; as if not there.",
    ),
    Metric("streams_exporter_records_total", Kind.COUNTER, "Records written to `exporter`."),
    Metric(
        "streams_exporter_failures_total",
        Kind.COUNTER,
        "Datagrams that could not be taken into their exporter's description: a defect. Their "
        "flows are not concerned.",
    ),
    Metric("streams_state_reads_total", Kind.COUNTER, "Times that the state was read."),
    Metric(
        "streams_state_read_seconds",
        Kind.GAUGE,
        "Length of the last reading.",
        across=Across.MAX,
    ),
    Metric(
        "streams_gate_reads_total",
        Kind.COUNTER,
        "Events that came before the state of their generation; 0 so far in every trial.",
    ),
    Metric("streams_flights_events", Kind.GAUGE, "Events in work: sent, not yet confirmed."),
    Metric("streams_assigned_partitions", Kind.GAUGE, "Partitions of `raw` that are ours."),
    Metric(
        "streams_layouts_known",
        Kind.GAUGE,
        "Template layouts in the fleet's memory.",
        across=Across.MAX,
    ),
    Metric(
        "streams_lag_events",
        Kind.GAUGE,
        "Events of our partitions that are not committed, by the broker's count.",
    ),
    Metric(
        "streams_latency_seconds",
        Kind.HISTOGRAM,
        "From the receipt of an event's oldest datagram to its delivery.",
        buckets=LATENCY_BUCKETS,
    ),
)


class StreamsMetrics(Metrics):
    """The live metrics, with what the hot path needs bound once."""

    def __init__(self) -> None:
        super().__init__(TABLE)
        self._counts = {str(count): self.counter(f"streams_{count}_total") for count in Count}
        self.events = self.counter("streams_events_total")
        self.latency = self.histogram("streams_latency_seconds")

    def count(self, counts: Mapping[str, int]) -> None:
        """Add what an event came to."""
        for name, number in counts.items():
            self._counts[name].inc(number)

    def dead_letter(self, reason: str) -> None:
        """Count one dead letter."""
        self.counter("streams_dead_letters_total").labels(reason).inc()
