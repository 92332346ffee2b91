"""The command line: help everywhere, one clear line for each mistake."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = (
    "lab",
    "ingest",
    "streams",
    "totals",
    "topics",
    "config",
    "decode",
    "send",
    "generate",
    "tail",
    "diag",
    "exporters",
)


def envizzy(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENVIZZY_")}
    return subprocess.run(
        [sys.executable, "-m", "envizzy", *arguments],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command() -> None:
    """What there is can be found."""
    done = envizzy("--help")

    assert (0, "") == (done.returncode, done.stderr)
    for command in COMMANDS:
        assert f" {command} " in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        *((name,) for name in COMMANDS),
        *(
            ("exporters", "check"),
            ("topics", "create"),
            ("topics", "show"),
            ("config", "check"),
            ("config", "show"),
        ),
    ],
    ids=" ".join,
)
def test_every_command_has_help_with_an_example(command: tuple[str, ...]) -> None:
    """``--help`` everywhere."""
    done = envizzy(*command, "--help")

    assert 0 == done.returncode
    assert "xample" in done.stdout
    assert f"envizzy {command[0]}" in done.stdout


def test_the_version_is_printed() -> None:
    """That of the installed package, or of the tree."""
    done = envizzy("--version")

    assert 0 == done.returncode
    assert done.stdout.startswith("envizzy")


def test_effective_settings_are_shown_with_their_origin(tmp_path: Path) -> None:
    """Secrets are hidden."""
    file = tmp_path / "envizzy.toml"
    file.write_text(
        '[kafka]\nsecurity_protocol = "SASL_SSL"\nsasl_username = "me"\nsasl_password = "hush"\n'
    )
    done = envizzy(
        *("config", "show", "--given", "--config", str(file)), ENVIZZY_TOPICS__PREFIX="lab."
    )

    assert 0 == done.returncode
    assert f"# file {file}:2" in done.stdout
    assert 'topics.prefix           = "lab."  # env ENVIZZY_TOPICS__PREFIX' in done.stdout
    assert "hush" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[streams]\nflihgts = 3\n",
            "streams.flihgts is no setting; did you mean streams.flights?",
        ),
        ("[topics]\nraw_partitions = 0\n", "topics.raw_partitions"),
        ("[ingest]\nlisten = ['here']\n", "ADDRESS:PORT"),
        ("[elements]\nfiles = ['none.csv']\n", "none.csv is not there"),
        ("[kafka\n", "not TOML"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    """With the file and the line; exit code 2, no traceback."""
    file = tmp_path / "envizzy.toml"
    file.write_text(text)
    done = envizzy("config", "check", "--config", str(file))

    assert (2, "", 1) == (done.returncode, done.stdout, done.stderr.count("\n"))
    assert done.stderr.startswith(f"envizzy: {file}:")
    assert line in done.stderr


@pytest.mark.parametrize(
    ("setting", "text", "line"),
    [
        ("[elements]\nfiles = ['{}']\n", "a,b\n1,2\n", ":1: unknown column 'a'"),
        ("[streams]\nfilter_policy = '{}'\n", '{"bogus": 1}', ":1:2: bogus: unknown"),
    ],
    ids=["elements", "filter policy"],
)
def test_files_that_settings_name_are_checked_too(
    tmp_path: Path, setting: str, text: str, line: str
) -> None:
    """What would stop a worker is found by the check."""
    named, file = tmp_path / "named", tmp_path / "envizzy.toml"
    named.write_text(text)
    file.write_text(setting.format(named))
    done = envizzy("config", "check", "--config", str(file))

    assert (2, "", 1) == (done.returncode, done.stdout, done.stderr.count("\n"))
    assert done.stderr.startswith(f"envizzy: {named}{line}")


def test_all_settings_right_says_so() -> None:
    """Exit code 0."""
    done = envizzy("config", "check", ENVIZZY_STREAMS__FLIGHTS="16")

    assert (0, "1 settings given, all of them right\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    "arguments",
    [("topics", "create"), ("topics", "show"), ("tail", "flow"), ("lab",)],
    ids=" ".join,
)
def test_a_kafka_that_is_not_there_is_one_line(arguments: tuple[str, ...]) -> None:
    """Exit code 1, no traceback."""
    done = envizzy(*arguments, "--kafka", "127.0.0.1:1", ENVIZZY_KAFKA__TIMEOUT_SECONDS="1")

    assert (1, 1) == (done.returncode, done.stderr.count("\n")), done.stderr
    assert done.stderr.startswith("envizzy: ")
    assert "Kafka" in done.stderr


def test_an_address_without_port_is_a_usage_error() -> None:
    """Exit code 2, and what would be right."""
    done = envizzy("generate", "--to", "collector")

    assert 2 == done.returncode
    assert "HOST:PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_host_that_does_not_exist_is_one_line() -> None:
    """Exit code 1."""
    done = envizzy("generate", "--to", "no-such-host.invalid:2055", "--for", "1")

    assert (1, 1) == (done.returncode, done.stderr.count("\n"))
    assert "cannot send to no-such-host.invalid:2055" in done.stderr


def test_an_unknown_topic_is_a_usage_error() -> None:
    """And the known ones are named."""
    done = envizzy("tail", "flows")

    assert 2 == done.returncode
    assert "dead-letter" in done.stderr
