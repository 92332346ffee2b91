"""The metrics of subscribers are what their document says."""

from pathlib import Path

from service.metrics import document
from streams.subscribers.metrics import TABLE

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def test_the_document_has_the_table_of_metrics() -> None:
    """As the program declares it."""
    assert document(TABLE) in DOCUMENT.read_text()
