"""``envizzy filters`` as people call it."""

import json
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from envizzy.cli import app
from envizzy.filter_trial import typed
from schemas.field_keys import load_field_keys

PACKETS = Path(__file__).resolve().parents[1] / "golden" / "ona-nvzflow-all" / "packets"
MESSAGES = ("template_message", "data_message_262", "data_message_267")


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = CliRunner().invoke(app, ["filters", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def capture(tmp_path: Path) -> str:
    """The real messages of a client: one flow, of svchost.exe to port 53."""
    file = tmp_path / "client.hex"
    file.write_text("".join((PACKETS / f"{name}.hex").read_text() + "\n" for name in MESSAGES))
    return str(file)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """With a rule that matches, one that does not, and one that is covered."""
    file = tmp_path / "acnvmfilters.conf"
    file.write_text(
        '{"rules": {\n "include": [{"pr": 17},\n  {"pr": 6}],\n'
        ' "exclude": [{"dp": "53"},\n  {"dp": 53, "pname": "svchost.exe"}]}}'
    )
    return file


def test_check_names_places(policy: Path) -> None:
    """Warnings and notices are no failure; with --strict warnings are."""
    code, output, _ = run("check", str(policy))

    assert 0 == code
    assert [
        "4:15: notice: rules.exclude rule 1: dp: '53': a number given as text; 53 is right",
        "5:3: warning: rules.exclude rule 2: superfluous: covered by rule 1 of exclude",
        "5:14: notice: rules.exclude rule 2: pname: read as pn, as the collector's lines call it",
        "2 include and 2 exclude rules: 0 errors, 1 warnings, 2 notices",
    ] == [line.removeprefix(f"{policy}:") for line in output.splitlines()]
    assert 2 == run("check", str(policy), "--strict")[0]


def test_check_gives_all_mistakes_as_json(tmp_path: Path) -> None:
    """Level, place, path and text of each; exit code 2."""
    file = tmp_path / "p.conf"
    file.write_text('{"rules": {"include": [{"dport": 53,},\n {"pn": 5, "dp": "x"}]}}')
    code, output, _ = run("check", str(file), "--json")

    assert 2 == code
    assert [(1, 24, "error"), (1, 36, "error"), (2, 3, "notice"), (2, 12, "error")] == [
        (each["line"], each["column"], each["level"]) for each in json.loads(output)
    ]
    assert "did you mean 'dp'?" in json.loads(output)[0]["text"]


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path, capture: str) -> None:
    """Exit code 2, no traceback."""
    for arguments in (("check",), ("test", "--from", capture)):
        code, output, errors = run(arguments[0], str(tmp_path / "none"), *arguments[1:])
        assert (2, "") == (code, output)
        assert "none: cannot be read: No such file" in errors


def test_a_trial_counts_by_rule(policy: Path, capture: str) -> None:
    """The flow is included by one rule and excluded by two."""
    code, output, _ = run("test", str(policy), "--from", capture, "--json")

    assert 0 == code
    assert {
        "flows": 1,
        "kept": 0,
        "dropped_by_exclude": 1,
        "dropped_not_included": 0,
        "rules": [
            {"list": "include", "rule": 1, "keys": ["pr"], "matched": 1, "alone": 1},
            {"list": "include", "rule": 2, "keys": ["pr"], "matched": 0, "alone": 0},
            {"list": "exclude", "rule": 1, "keys": ["dp"], "matched": 1, "alone": 0},
            {"list": "exclude", "rule": 2, "keys": ["dp", "pn"], "matched": 1, "alone": 0},
        ],
    } == json.loads(output)


def test_a_trial_as_a_table_and_flow_by_flow(policy: Path, capture: str) -> None:
    """What each rule wants, in words; what decides for each flow."""
    _, table, _ = run("test", str(policy), "--from", capture)
    _, lines, _ = run("test", str(policy), "--from", capture, "--each")

    assert "dp 53, pn svchost.exe" in table
    assert "1 flows: 0 kept, 1 dropped by exclude rules, 0 dropped because no include" in table
    (line,) = map(json.loads, lines.splitlines())
    assert (False, "exclude rule 1", 53) == (line["kept"], line["by"], line["value"]["dp"])


def test_what_cannot_be_judged_is_said(policy: Path) -> None:
    """Data without its Template."""
    code, output, errors = run(
        "test", str(policy), "--from", str(PACKETS / "data_message_267.hex"), "--json"
    )

    assert (0, 0) == (code, json.loads(output)["flows"])
    assert "1 Sets wait for a Template that is not there: not judged" in errors


def test_values_of_a_topic_with_strings_are_typed_again() -> None:
    """``json_values = "strings"`` and ``meta = "fields"`` change nothing for the filter."""
    value = {"dp": "53", "pn": "7", "mnl": "a.dll b.dll", "_id": "x", "obc": "-1"}

    assert {"dp": 53, "pn": "7", "mnl": ["a.dll", "b.dll"], "obc": -1} == typed(
        orjson.loads(orjson.dumps(value)), load_field_keys().flow_keys()
    )
