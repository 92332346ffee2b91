"""Settings and metrics of the worker are what their documents say."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.metrics import document
from streams.metrics import REASONS, TABLE, StreamsMetrics
from streams.pipeline.counts import Count
from streams.settings import StreamsSettings

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def test_the_document_has_the_table_of_metrics() -> None:
    """As the program declares it."""
    assert document(TABLE) in DOCUMENT.read_text()


def test_each_count_of_the_pipeline_has_a_metric() -> None:
    """Nothing is counted that nobody can see."""
    metrics = StreamsMetrics()

    metrics.count({str(count): 2 for count in Count})

    for count in Count:
        assert 2 == metrics.registry.get_sample_value(f"streams_{count}_total")


def test_each_reason_of_a_dead_letter_stands_there_from_the_start() -> None:
    """A rate sees its first event."""
    metrics = StreamsMetrics()

    for reason in REASONS:
        value = metrics.registry.get_sample_value("streams_dead_letters_total", {"reason": reason})
        assert 0 == value


@pytest.mark.parametrize(
    ("values", "seconds"),
    [({}, 10.0), ({"instance_id": "w1"}, 30.0), ({"session_seconds": 6.0}, 6.0)],
)
def test_the_session_depends_on_the_membership(values: dict[str, str], seconds: float) -> None:
    """Static membership allows for a restart."""
    assert seconds == StreamsSettings.model_validate(values).session


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"local_time_zone": "Mars/Olympus"}, "time zone"),
        ({"filter_policy": "/nowhere/policy.json"}, "a file that is there"),
        ({"session_seconds": 6.0, "commit_interval_seconds": 7.0}, "must be above"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_wrong_settings_say_what_is_right(values: dict[str, str], text: str) -> None:
    """They stop the process at start."""
    with pytest.raises(ValidationError, match=text):
        StreamsSettings.model_validate(values)
