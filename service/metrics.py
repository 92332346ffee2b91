"""Metrics as declared tables: name, kind, help and the closed sets of their labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)


class Across(StrEnum):
    """What several processes of one service say together with a gauge."""

    SUM = "livesum"
    MIN = "livemin"
    MAX = "livemax"


class Kind(StrEnum):
    """What a metric does."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One declared metric.

    Attributes:
        name: ``<service>_<noun>_<unit>``; a counter ends in ``_total``.
        kind: Counter, gauge or histogram.
        help: What it counts, with its unit; stands in the document as it is.
        labels: Label to the closed set of its values; an exporter is never a label. An empty
            set means that the values are bounded by the deployment (a partition).
        buckets: Upper bounds of a histogram, in its unit.
        across: Of a gauge: what the processes of a service say together.
    """

    name: str
    kind: Kind
    help: str
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    buckets: Sequence[float] = ()
    across: Across = Across.SUM


class Metrics:
    """The live metrics of one service.

    Attributes:
        registry: What the health server exposes.
    """

    def __init__(self, table: Sequence[Metric]) -> None:
        # Without a line "..._created" for each: several processes together have none either.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._live: dict[str, Counter | Gauge | Histogram] = {}
        for metric in table:
            self._live[metric.name] = self._make(metric)

    def counter(self, name: str) -> Counter:
        """A counter of the table."""
        found = self._live[name]
        if not isinstance(found, Counter):
            raise TypeError(f"{name} is no counter")
        return found

    def gauge(self, name: str) -> Gauge:
        """A gauge of the table."""
        found = self._live[name]
        if not isinstance(found, Gauge):
            raise TypeError(f"{name} is no gauge")
        return found

    def histogram(self, name: str) -> Histogram:
        """A histogram of the table."""
        found = self._live[name]
        if not isinstance(found, Histogram):
            raise TypeError(f"{name} is no histogram")
        return found

    def _make(self, metric: Metric) -> Counter | Gauge | Histogram:
        names = tuple(metric.labels)
        live: Counter | Gauge | Histogram
        if metric.kind is Kind.COUNTER:
            live = Counter(metric.name, metric.help, names, registry=self.registry)
        elif metric.kind is Kind.GAUGE:
            live = Gauge(
                metric.name,
                metric.help,
                names,
                registry=self.registry,
                multiprocess_mode=metric.across.value,
            )
        else:
            buckets = tuple(metric.buckets) or Histogram.DEFAULT_BUCKETS
            live = Histogram(
                metric.name, metric.help, names, registry=self.registry, buckets=buckets
            )
        # Each combination stands there from the start, as 0: rates see its first event.
        if names:
            for values in product(*metric.labels.values()):
                live.labels(*values)
        return live


def document(table: Sequence[Metric]) -> str:
    """The table as Markdown, for docs/metrics.md."""
    lines = ["| metric | kind | labels | what it counts |", "|---|---|---|---|"]
    for metric in table:
        labels = "; ".join(
            f"{name}: {', '.join(f'`{value}`' for value in values)}" if values else name
            for name, values in metric.labels.items()
        )
        lines.append(f"| `{metric.name}` | {metric.kind} | {labels or '-'} | {metric.help} |")
    return "\n".join(lines) + "\n"
