"""docs/exporters.md says what the topic and the commands say."""

from pathlib import Path

from envizzy.exporters.check import judge
from envizzy.exporters.remedies import ACTIVE, CLOCK, INACTIVE
from schemas.exporter_records import EXPORTER_FIELDS, WINDOW_SECONDS
from streams.exporters.book import COUNTS_NS, FORGET_NS, MOST_EXPORTERS, REFRESH_NS
from tests.envizzy.exporters.test_check import NOW_NS, record, template

DOCUMENT = (Path(__file__).parents[2] / "docs" / "exporters.md").read_text()


def test_the_document_has_every_key() -> None:
    """With its type and meaning, in order."""
    table = "\n".join(
        f"| `{field.key}` | {field.json_type} | {field.meaning} |" for field in EXPORTER_FIELDS
    )
    assert table in DOCUMENT


def test_the_document_has_the_limits() -> None:
    """As the program has them."""
    assert (1800, 5, 60, 30, 4096) == (
        WINDOW_SECONDS,
        REFRESH_NS // 10**9,
        COUNTS_NS // 10**9,
        FORGET_NS // (86_400 * 10**9),
        MOST_EXPORTERS,
    )
    for words in ("half hour to hour", "every five seconds", "once a minute", "30 days", "4,096"):
        assert words in DOCUMENT


def test_the_example_is_a_verdict() -> None:
    """Of the lab's incomplete router, line for line."""
    lacking = template(lacks=["out_if", "ip_tos"], short_counters=["bytes", "packets"])
    seen = {"ip_tos": 1020, "out_if": 1020}
    verdict = judge(record(templates=[lacking], missing=seen, longest_duration_ms=180_000), NOW_NS)

    for finding in verdict.findings:
        assert f"\n  - {finding.text}\n" in DOCUMENT
    assert "\n" + "".join(f"    {line}\n" for line in verdict.lines) + "```" in DOCUMENT


def test_the_document_names_the_other_lines() -> None:
    """Timeouts and the clock."""
    for line in (ACTIVE["flexible"], "ip flow-cache", CLOCK.removesuffix(" ADDRESS")):
        assert line in DOCUMENT
    assert INACTIVE["flexible"].startswith("cache timeout")
