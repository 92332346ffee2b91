"""The loader of settings: cases by file, then the order of sources."""

import tomllib
from pathlib import Path

import pytest

from envizzy.config import Settings
from service.settings import SettingsError, load, rows

CASES = sorted((Path(__file__).parent / "settings").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A settings file gives the settings, the origins or the error lines that stand beside it."""
    expected = tomllib.loads((case / "expected.toml").read_text())
    monkeypatch.chdir(case)
    try:
        loaded = load(Settings, Path("in.toml"), {}, {})
    except SettingsError as error:
        for wanted, line in zip(expected["errors"], error.lines, strict=True):
            assert line.startswith(wanted)  # a long value may follow
        return
    assert "errors" not in expected
    found = {row.key: row for row in rows(loaded)}
    assert expected["settings"] == {key: found[key].value for key in expected["settings"]}
    assert expected["origins"] == {key: found[key].origin for key in expected["origins"]}


def test_flags_override_environment_overrides_file(tmp_path: Path) -> None:
    """The last source wins, and the origin says which it was."""
    file = tmp_path / "envizzy.toml"
    file.write_text('[topics]\nprefix = "a."\nraw_partitions = 1\nrecord_partitions = 1\n')
    env = {"ENVIZZY_TOPICS__RAW_PARTITIONS": "2", "ENVIZZY_TOPICS__RECORD_PARTITIONS": "2"}
    loaded = load(Settings, file, env, {"topics.record_partitions": 3, "topics.prefix": None})

    topics = loaded.settings.topics
    assert ("a.", 2, 3) == (topics.prefix, topics.raw_partitions, topics.record_partitions)
    assert f"file {file}:2" == loaded.origin("topics.prefix")
    assert "env ENVIZZY_TOPICS__RAW_PARTITIONS" == loaded.origin("topics.raw_partitions")
    assert "flag" == loaded.origin("topics.record_partitions")


def test_single_underscores_in_the_environment_are_refused() -> None:
    """A setting that would silently not count; what an orchestrator sets is left alone."""
    env = {
        "ENVIZZY_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
        "ENVIZZY_INGEST_SERVICE_HOST": "10.0.0.1",
    }
    with pytest.raises(SettingsError) as caught:
        load(Settings, None, env, {})

    expected = (
        "environment: ENVIZZY_KAFKA_BOOTSTRAP_SERVERS is no setting; "
        "did you mean ENVIZZY_KAFKA__BOOTSTRAP_SERVERS?"
    )
    assert (expected,) == caught.value.lines


def test_lists_and_tables_in_the_environment() -> None:
    """Lists are separated by commas or JSON, tables are JSON."""
    env = {
        "ENVIZZY_INGEST__LISTEN": "127.0.0.1:1, [::1]:2",
        "ENVIZZY_INGEST__DENY": '["10.0.0.0/8"]',
        "ENVIZZY_KAFKA__EXTRA": '{"socket.nagle.disable": true}',
    }
    settings = load(Settings, None, env, {}).settings

    assert ("127.0.0.1:1", "[::1]:2") == settings.ingest.listen
    assert ("10.0.0.0/8",) == settings.ingest.deny
    assert {"socket.nagle.disable": True} == settings.kafka.extra


def test_unknown_variable_is_an_error_with_the_nearest_name() -> None:
    """A variable of ours that is no setting is refused; others of the prefix are not ours."""
    with pytest.raises(SettingsError) as caught:
        load(Settings, None, {"ENVIZZY_KAFKA__BOOTSTRAP_SERVER": "a:1", "ENVIZZY_CORPUS": "x"}, {})

    line = (
        "environment: ENVIZZY_KAFKA__BOOTSTRAP_SERVER is no setting; "
        "did you mean ENVIZZY_KAFKA__BOOTSTRAP_SERVERS?"
    )
    assert (line,) == caught.value.lines


def test_ill_formed_json_in_the_environment_is_one_line() -> None:
    """The variable is named, its content is not."""
    with pytest.raises(SettingsError, match=r"^environment: ENVIZZY_KAFKA__EXTRA is not JSON"):
        load(Settings, None, {"ENVIZZY_KAFKA__EXTRA": "{"}, {})


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load(Settings, tmp_path / "none.toml", {}, {})


def test_renamed_key_works_with_a_warning(tmp_path: Path) -> None:
    """The old name gives its value to the new one, unless that was given too."""
    file = tmp_path / "envizzy.toml"
    file.write_text("[topics]\npartitions = 7\n")
    renamed = {"topics.partitions": "topics.raw_partitions"}
    loaded = load(Settings, file, {}, {}, renamed)
    both = load(Settings, file, {}, {"topics.raw_partitions": 9}, renamed)

    assert (7, 9) == (loaded.settings.topics.raw_partitions, both.settings.topics.raw_partitions)
    assert "topics.partitions is now topics.raw_partitions" in loaded.warnings[0]
    assert f"file {file}:2" == loaded.origin("topics.raw_partitions")
