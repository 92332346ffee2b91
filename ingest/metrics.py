"""The metrics of ingest: the table, and what reads it from the shared rows."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.counts import DROPS, INTENDED, Count, Drop, Table
from service.metrics import Kind, Metric

_DROPPED = "ingest_datagrams_dropped_total"

_COUNTERS: dict[str, tuple[Count, str]] = {
    "ingest_datagrams_total": (Count.DATAGRAMS, "Datagrams received, dropped ones included."),
    "ingest_octets_total": (Count.OCTETS, "Octets of their payloads."),
    "ingest_datagrams_delivered_total": (
        Count.DELIVERED,
        "Confirmed by Kafka. Received = delivered + dropped (`kernel` apart) + in memory.",
    ),
    "ingest_batches_total": (Count.BATCHES, "Batches handed to the Kafka client, ticks apart."),
    "ingest_batch_octets_total": (Count.BATCH_OCTETS, "Octets of these, before compression."),
    "ingest_ticks_total": (
        Count.TICKS,
        "Empty batches, which let time pass behind a quiet partition.",
    ),
    "ingest_hidden_sources_total": (
        Count.HIDDEN,
        "Addresses with more sessions an hour than `ingest.sessions_per_address`: NAT or proxy.",
    ),
    "ingest_process_starts_total": (
        Count.STARTS,
        "Starts of receiving processes; more than there are processes means that one died.",
    ),
}

_GAUGES: dict[str, tuple[Count, str]] = {
    "ingest_linger_seconds": (
        Count.LINGER_US,
        "How long a batch waits now; the greatest of all processes.",
    ),
    "ingest_queue_batches": (Count.WAITING, "Batches and ticks that Kafka has not confirmed yet."),
    "ingest_sessions": (
        Count.SESSIONS,
        "Sessions (address and port) seen within the hour, bounded.",
    ),
    "ingest_kafka_up": (Count.KAFKA_UP, "1 if Kafka takes what every process sends, else 0."),
}

TABLE: tuple[Metric, ...] = (
    *(Metric(name, Kind.COUNTER, help_) for name, (_, help_) in _COUNTERS.items()),
    Metric(
        _DROPPED,
        Kind.COUNTER,
        "Datagrams dropped. `denied`, `oversize`: the settings say so. `kernel`: the buffer of the "
        "socket was full. `queue_full`: Kafka is slow or away and the memory for it is used up. "
        "`delivery`: Kafka refused for good. `stopped`: not confirmed when the process ended.",
        {"reason": [drop.value for drop in Drop], "intended": ["true", "false"]},
    ),
    *(Metric(name, Kind.GAUGE, help_) for name, (_, help_) in _GAUGES.items()),
)
"""Every metric of ingest."""


class _Rows(Collector):
    """Adds the rows up at each scrape."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Read the rows once."""
        for name, (count, about) in _COUNTERS.items():
            yield CounterMetricFamily(name, about, value=self._table.total(count))
        drops = CounterMetricFamily(_DROPPED, "Datagrams dropped.", labels=["reason", "intended"])
        for drop, count in DROPS.items():
            labels = [drop.value, str(drop in INTENDED).lower()]
            drops.add_metric(labels, self._table.total(count))
        yield drops
        for name, (count, about) in _GAUGES.items():
            values = list(self._table.values(count))
            value: float = sum(values)
            if count is Count.LINGER_US:
                value = max(values) / 1e6
            elif count is Count.KAFKA_UP:
                value = min(values)
            yield GaugeMetricFamily(name, about, value=value)


def registry(table: Table) -> CollectorRegistry:
    """A registry that shows the rows."""
    made = CollectorRegistry()
    made.register(_Rows(table))
    return made
