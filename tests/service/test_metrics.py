"""Metrics as a table."""

import pytest
from prometheus_client import generate_latest

from service.metrics import Kind, Metric, Metrics, document

TABLE = (
    Metric("x_drops_total", Kind.COUNTER, "Drops.", {"reason": ["a", "b"]}),
    Metric("x_queue_octets", Kind.GAUGE, "Queue."),
    Metric("x_wait_seconds", Kind.HISTOGRAM, "Wait.", buckets=(0.1, 1.0)),
)


def test_every_label_value_stands_there_from_the_start() -> None:
    """A counter that never counted is 0, not absent."""
    metrics = Metrics(TABLE)
    metrics.counter("x_drops_total").labels("a").inc(2)
    metrics.gauge("x_queue_octets").set(5)
    metrics.histogram("x_wait_seconds").observe(0.5)

    text = generate_latest(metrics.registry).decode()
    for line in (
        'x_drops_total{reason="a"} 2.0',
        'x_drops_total{reason="b"} 0.0',
        "x_queue_octets 5.0",
        'x_wait_seconds_bucket{le="1.0"} 1.0',
    ):
        assert line in text.splitlines()
    assert "_created" not in text


def test_wrong_kind_is_a_type_error() -> None:
    """A counter is not taken for a gauge."""
    metrics = Metrics(TABLE)
    with pytest.raises(TypeError):
        metrics.gauge("x_drops_total")
    with pytest.raises(TypeError):
        metrics.counter("x_queue_octets")
    with pytest.raises(TypeError):
        metrics.histogram("x_queue_octets")


def test_document_has_a_line_for_each() -> None:
    """The document's table is that of the program."""
    assert "| `x_drops_total` | counter | reason: `a`, `b` | Drops. |" in document(TABLE)
