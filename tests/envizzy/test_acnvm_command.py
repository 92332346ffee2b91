"""``import-acnvm``, and services that run straight from the original's files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from envizzy.acnvm.base import base_of
from envizzy.cli import app
from envizzy.commands.shared import load_with
from envizzy.config import read
from service.settings import SettingsError
from streams.subscribers.settings import KafkaTargetSettings
from tests.envizzy.test_acnvm import DTLS_STEP, FLAT, KAFKA, NESTED


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = CliRunner().invoke(app, ["import-acnvm", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a collector with a syslog exporter and a filter."""
    (tmp_path / "acnvm.conf").write_text(FLAT)
    (tmp_path / "acnvmfilters.conf").write_text('{"rules": {"exclude": [{"dp": 53}]}}')
    return tmp_path


def test_a_folder_becomes_settings_that_are_right(folder: Path) -> None:
    """What is written is read without a complaint, and means the same."""
    out = folder / "envizzy.toml"
    code, output, said = run(str(folder), "--out", str(out))
    settings = read(out).settings

    assert (0, "") == (code, output)
    assert "syslog" == settings.subscribers["acnvm"].type
    assert ("0.0.0.0:2055", "[::]:2055") == tuple(settings.ingest.listen)
    assert folder / "acnvmfilters.conf" == settings.streams.filter_policy
    assert f"7 settings written to {out}" in said


def test_to_standard_output_and_as_json(folder: Path) -> None:
    """Settings and what is said stay apart."""
    code, output, said = run(str(folder / "acnvm.conf"), "--json")

    assert 0 == code
    assert '[subscribers.acnvm]\ntype = "syslog"' in output
    assert {"became"} == {json.loads(line)["said"] for line in said.splitlines()}


@pytest.mark.parametrize("kafka", [None, "own:9092"])
def test_an_exporter_to_kafka_is_accepted_by_the_settings(
    tmp_path: Path, kafka: str | None
) -> None:
    """Renamed topics on one cluster, a subscriber to another."""
    (tmp_path / "acnvm.conf").write_text(KAFKA)
    out = tmp_path / "envizzy.toml"
    code, _, said = run(str(tmp_path), "--out", str(out), *(["--kafka", kafka] if kafka else []))

    assert 0 == code, said
    settings = read(out).settings
    assert (kafka or "kafka1:9092") == settings.kafka.bootstrap_servers
    assert ("flow" if kafka else "nvm-flow") == settings.topics.name("flow")
    assert bool(kafka) == ("acnvm" in settings.subscribers)


def test_dtls_stops_the_import(tmp_path: Path) -> None:
    """Exit code 1 and nothing written, unless it is known that clients speak plainly."""
    (tmp_path / "acnvm.conf").write_text(NESTED.replace("false", "true", 1))
    out = tmp_path / "envizzy.toml"
    code, _, said = run(str(tmp_path), "--out", str(out))

    assert (1, False) == (code, out.exists())
    assert 'no equivalent: "security.dtls_enabled" is true' in said
    assert 0 == run(str(tmp_path), "--out", str(out), "--without-dtls")[0]
    assert "# without equivalent: " in out.read_text()


def test_a_mistake_stops_the_import(tmp_path: Path) -> None:
    """Exit code 2, all of them named, nothing written; DTLS or not."""
    (tmp_path / "acnvm.conf").write_text(DTLS_STEP)
    out = tmp_path / "envizzy.toml"
    code, _, said = run(str(tmp_path), "--out", str(out), "--without-dtls")

    assert (2, False, 4) == (code, out.exists(), said.count(": mistake: "))


def test_settings_that_are_there_stay(folder: Path) -> None:
    """Unless --force says otherwise."""
    out = folder / "envizzy.toml"
    out.write_text("# mine\n")

    assert 2 == run(str(folder), "--out", str(out))[0]
    assert "# mine\n" == out.read_text()
    assert 0 == run(str(folder), "--out", str(out), "--force")[0]


def test_services_take_the_files_as_they_are(folder: Path) -> None:
    """Behind settings of one's own and flags; the filter beside acnvm.conf counts."""
    other = folder / "other.conf"
    other.write_text("{}")
    own = folder / "own.toml"
    own.write_text("[subscribers.acnvm]\nflow_port = 514\n")
    base, notes = base_of(folder / "acnvm.conf", None)
    loaded = read(own, {"kafka.bootstrap_servers": "k:1"}, base)

    assert [] == notes
    assert folder / "acnvmfilters.conf" == loaded.settings.streams.filter_policy
    assert f"file {folder / 'acnvm.conf'}:6" == loaded.origin("ingest.listen")
    assert 514 == loaded.settings.subscribers["acnvm"].flow_port  # type: ignore[union-attr] # syslog
    assert "k:1" == loaded.settings.kafka.bootstrap_servers
    base, _ = base_of(folder / "acnvm.conf", other)
    assert str(other) == base["streams.filter_policy"][0]
    assert ({}, []) == base_of(None, None)


def test_a_kafka_exporter_of_another_cluster_is_copied_to(tmp_path: Path) -> None:
    """Whose topics have its names; with brokers of one's own the names stay here."""
    conf = tmp_path / "acnvm.conf"
    conf.write_text(KAFKA)
    own = tmp_path / "own.toml"
    own.write_text('[kafka]\nbootstrap_servers = "own:9092"\n')
    for settings in (
        load_with(None, {"kafka.bootstrap_servers": "own:9092"}, conf).settings,
        load_with(own, {}, conf).settings,
    ):
        assert "own:9092" == settings.kafka.bootstrap_servers
        assert "flow" == settings.topics.name("flow")
        copy = settings.subscribers["acnvm"]
        assert isinstance(copy, KafkaTargetSettings)
        assert copy.kafka is not None
        assert ("kafka1:9092", "nvm-flow") == (copy.kafka.bootstrap_servers, copy.target("flow"))
    same = load_with(None, {"kafka.bootstrap_servers": "kafka1:9092"}, conf).settings
    assert ("nvm-flow", {}) == (same.topics.name("flow"), same.subscribers)


@pytest.mark.parametrize(
    "service",
    [
        ("ingest",),
        ("streams",),
        ("subscribe", "acnvm"),
        ("topics", "create"),
        ("topics", "show"),
        ("tail", "flow"),
        ("config", "check"),
        ("config", "show"),
    ],
)
def test_a_service_does_not_start_from_a_broken_file(
    tmp_path: Path, service: tuple[str, ...]
) -> None:
    """Each that takes the flag."""
    conf = tmp_path / "acnvm.conf"
    conf.write_text(DTLS_STEP)
    done = CliRunner().invoke(app, [*service, "--acnvm-conf", str(conf)])

    assert isinstance(done.exception, SettingsError)
    assert "10:47: mistake: found ','" in str(done.exception)


def test_services_do_not_pretend(tmp_path: Path) -> None:
    """A mistake, or DTLS: a line each, and no start."""
    conf = tmp_path / "acnvm.conf"
    conf.write_text(NESTED.replace("false", "true", 1))
    with pytest.raises(SettingsError, match="does not speak DTLS yet"):
        base_of(conf, None)
    conf.write_text(DTLS_STEP)
    with pytest.raises(SettingsError) as caught:
        base_of(conf, None)

    assert 4 == len(caught.value.lines)
