"""What ``envizzy topics show`` prints."""

import pytest
from typer.testing import CliRunner

from envizzy import topics
from envizzy.commands.topics import app
from envizzy.topics import TopicState

DAY_MS = 86_400_000


def state(name: str, retention: str, trouble: str = "") -> TopicState:
    """A topic of 4 partitions."""
    return TopicState(name, name, 4, 4, "delete", retention, trouble, "Things.")


def test_troubles_stand_below_the_table_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of a narrow terminal would break them into words; exit code 1."""
    long = "topic flow has cleanup.policy=compact; delete is needed, or records will be lost: x"
    states = [
        state("raw", str(2 * DAY_MS)),
        state("flow", str(7 * DAY_MS), long),
        state("endpoint", "-1"),
        state("layouts", ""),
    ]
    monkeypatch.setattr(topics, "show", lambda *_: states)
    done = CliRunner().invoke(app, ["show"], env={"COLUMNS": "80"})
    rows = {
        row[1]: row for row in (line.split() for line in done.stdout.splitlines() if line[0] == "│")
    }

    assert 1 == done.exit_code
    assert [long] == [line for line in done.stdout.splitlines() if line.startswith("topic ")]
    assert "48 h" in " ".join(rows["raw"])
    assert "7 d" in " ".join(rows["flow"])
    assert "see below" in " ".join(done.stdout.split())
    assert "for ever" in " ".join(rows["endpoint"])
    assert {"-", "ok"} <= set(rows["layouts"])


def test_nothing_follows_where_all_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 0."""
    monkeypatch.setattr(topics, "show", lambda *_: [state("raw", "3600000")])
    done = CliRunner().invoke(app, ["show"])

    assert 0 == done.exit_code
    assert "1 h" in done.stdout
    assert done.stdout.rstrip().endswith("┘")
