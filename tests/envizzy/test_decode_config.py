"""``decode --config``: records as they would stand on the topics of a deployment."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from envizzy.cli import app

GOLDEN = Path(__file__).parents[1] / "golden" / "ona-nvzflow-all" / "packets"
FILES = [str(GOLDEN / name) for name in ("template_message.hex", "data_message_267.hex")]
ENDPOINT = "0:350/v 9:12332/20 9:12334/v 9:12335/v 9:12351/v 9:12336/v 9:12337/v"


def run(settings: str, tmp_path: Path, *more: str) -> tuple[int, list[str], str]:
    """Exit code, lines of standard output, standard error."""
    file = tmp_path / "envizzy.toml"
    file.write_text(settings)
    done = CliRunner().invoke(app, ["decode", "--config", str(file), *more, *FILES])
    return done.exit_code, done.stdout.splitlines(), done.stderr


def test_the_filter_policy_of_the_deployment_counts(tmp_path: Path) -> None:
    """A flow that the policy drops is not printed, and its number is told."""
    policy = tmp_path / "filters.json"
    policy.write_text('{"rules": {"exclude": [{"dp": "53", "pr": 17}]}}')
    code, lines, told = run(
        f'[streams]\nfilter_policy = "{policy}"\n', tmp_path, "--records", "--json"
    )

    assert (0, []) == (code, lines)
    assert "1 filtered" in told


def test_zone_and_form_of_values_are_the_deployments(tmp_path: Path) -> None:
    """Fst is in the local time zone; all values are strings where that is set."""
    settings = (
        '[streams]\nlocal_time_zone = "Asia/Kolkata"\njson_values = "strings"\nmeta = "fields"\n'
    )
    _, lines, _ = run(settings, tmp_path, "--records", "--json")
    flow = json.loads(lines[0])

    assert "Wed Apr  5 08:56:13 2017" == flow["fst"]
    assert "53" == flow["dp"]
    assert "::" == flow["_exporter"]


def test_a_site_names_the_version_of_a_layout(tmp_path: Path) -> None:
    """Its own layouts go before the public ones."""
    settings = f'[streams.versions]\n"{ENDPOINT}" = "nvzFlow_site"\n'
    file = str(GOLDEN / "data_message_262.hex")
    _, lines, _ = run(settings, tmp_path, "--records", "--json", FILES[0], file)

    assert {"nvzFlow_site", "nvzFlow_v3"} == {json.loads(line)["fv"] for line in lines}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('[streams.versions]\n"0:350x" = "nvzFlow_v1"\n', "0:350x"),
        ('[streams]\ncolour = "red"\n', "streams.colour"),
    ],
)
def test_a_wrong_setting_is_one_line(settings: str, words: str, tmp_path: Path) -> None:
    """It names the key; exit code 2."""
    code, lines, told = run(settings, tmp_path)

    assert (2, []) == (code, lines)
    assert 1 == len(told.splitlines())
    assert words in told


@pytest.mark.parametrize("arguments", [["config", "check"], ["decode", "--records", FILES[0]]])
def test_a_wrong_policy_is_one_line(arguments: list[str], tmp_path: Path) -> None:
    """It names the rule, the key and what is allowed; exit code 2."""
    policy = tmp_path / "filters.json"
    policy.write_text('{"rules": {"exclude": [{"dpp": 53}]}}')
    file = tmp_path / "envizzy.toml"
    file.write_text(f'[streams]\nfilter_policy = "{policy}"\n')
    done = CliRunner().invoke(app, [*arguments, "--config", str(file)])

    assert 2 == done.exit_code
    assert 1 == len(done.stderr.splitlines())
    assert (
        "rules.exclude rule 1: unknown key 'dpp'; did you mean 'dp'? allowed: fv, pr, sa"
        in done.stderr
    )
