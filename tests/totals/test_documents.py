"""The documents of the totals are what the program declares."""

from pathlib import Path

from schemas.totals import FLAGS, REASONS, document
from service.metrics import document as metrics
from streams.totals.present import FLAG_BITS
from streams.totals_worker.metrics import TABLE, TotalsMetrics

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_document_has_the_table_of_metrics() -> None:
    """As the program declares it."""
    assert metrics(TABLE) in (DOCS / "metrics.md").read_text()


def test_the_document_has_the_contract_of_the_topic() -> None:
    """Fields, flags and reasons."""
    assert document() in (DOCS / "totals.md").read_text()


def test_each_flag_and_reason_is_known() -> None:
    """What is written is in the contract, and what is counted has a metric."""
    assert FLAGS.keys() == {"partial", *(name for _, name in FLAG_BITS)}
    live = TotalsMetrics()
    names = (*REASONS, "repeats", "late", "at_receipt", "capped")

    live.count(dict.fromkeys(names, 2))

    reasons = [
        live.registry.get_sample_value("totals_left_out_records_total", {"reason": reason})
        for reason in REASONS
    ]
    assert [2] * len(REASONS) == reasons
    assert 2 == live.registry.get_sample_value("totals_late_records_total")
