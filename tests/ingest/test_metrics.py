"""The metrics of ingest, and the page that names them."""

import os
from pathlib import Path

from prometheus_client import generate_latest

from ingest.counts import DROPS, Count, Drop, Table
from ingest.metrics import TABLE, registry
from service.metrics import document

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
BEGIN, END = "<!-- ingest -->\n", "<!-- /ingest -->\n"


def test_page_holds_the_table_as_it_is() -> None:
    """UPDATE_GOLDEN=1 writes ingest's part anew; the other parts stay."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{before}{BEGIN}\n{document(TABLE)}\n{END}{after}"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        PAGE.write_text(made)

    assert made == text


def test_rows_of_all_processes_are_added_up() -> None:
    """Counters and queues add up, linger is the greatest, Kafka is up where it is up for all."""
    table = Table(2)
    for index, row in enumerate(table.rows, 1):
        row[Count.DATAGRAMS] = 10 * index
        row[Count.KERNEL] = index
        row[Count.DENIED] = index
        row[Count.LINGER_US] = 20_000 * index
        row[Count.KAFKA_UP] = index - 1
    lines = generate_latest(registry(table)).decode().splitlines()

    for line in (
        "ingest_datagrams_total 30.0",
        'ingest_datagrams_dropped_total{intended="false",reason="kernel"} 3.0',
        'ingest_datagrams_dropped_total{intended="true",reason="denied"} 3.0',
        "ingest_linger_seconds 0.04",
        "ingest_kafka_up 0.0",
    ):
        assert line in lines


def test_every_metric_is_exposed_under_its_declared_name() -> None:
    """What the table declares is what a scrape shows, and nothing else."""
    lines = generate_latest(registry(Table(1))).decode().splitlines()
    exposed = {line.split(" ")[0].split("{")[0] for line in lines if not line.startswith("#")}

    assert {metric.name for metric in TABLE} == exposed


def test_every_reason_has_its_column() -> None:
    """No drop is without a counter."""
    assert set(Drop) == set(DROPS)
    assert len(Drop) == len(set(DROPS.values()))
