"""The collector's own files: what they become."""

import tomllib
from pathlib import Path
from typing import Any

from envizzy.acnvm import AcnvmFiles, Said, find_files, read_files
from envizzy.acnvm.keys import KEYS
from envizzy.acnvm.toml_text import toml_text, tree_of
from tests.envizzy.acnvm_files import (
    ANGRY_BIRDS,
    DTLS_STEP,
    FLAT,
    KAFKA,
    KEYS_OF_FLOWS,
    LOG,
    NESTED,
    read,
    said,
)


def test_the_flat_form(tmp_path: Path) -> None:
    """The legacy keys are a syslog subscriber on three ports."""
    imported = read(tmp_path, conf=FLAT)

    assert {
        "ingest.listen": ["0.0.0.0:2055", "[::]:2055"],
        "subscribers.acnvm.type": "syslog",
        "subscribers.acnvm.host": "192.0.2.113",
        "subscribers.acnvm.flow_port": 20519,
        "subscribers.acnvm.endpoint_port": 20520,
        "subscribers.acnvm.interface_port": 20521,
    } == imported.settings
    assert ([], []) == (imported.of(Said.MISTAKE), imported.of(Said.MISSING))
    assert '2:3 "syslog_server_ip" is subscribers.acnvm.host = 192.0.2.113' in said(
        imported, Said.BECAME
    )


def test_the_nested_form(tmp_path: Path) -> None:
    """Exporter, security and multiprocess."""
    imported = read(tmp_path, conf=NESTED)

    assert "siem.example.com" == imported.settings["subscribers.acnvm.host"]
    assert 4 == imported.settings["streams.processes"]
    assert [
        '5:5 "security.server_certificate" is not used: envizzy does not speak DTLS yet',
        '6:5 "security.server_pkey" is not used: envizzy does not speak DTLS yet',
    ] == said(imported, Said.MISSING)
    assert not imported.blocked


def test_every_key_of_the_manual_is_answered(tmp_path: Path) -> None:
    """None is passed over in silence."""
    confs = (NESTED, KAFKA, FLAT, '{"multiprocess": {"enabled": true}}')
    notes = [note.text for conf in confs for note in read(tmp_path, conf=conf).notes]
    notes += [note.text for note in read(tmp_path, conf=NESTED.replace("false", "true", 1)).notes]
    text = " ".join(notes)

    plain = [key for key, known in KEYS.items() if known.form != "table"]
    # the type has a sentence of its own for each of its values
    assert ["exporter.type"] == [key for key in plain if f'"{key}"' not in text]


def test_nested_settings_go_before_flat_ones(tmp_path: Path) -> None:
    """Both in one file, as the manual shows: with a notice for each that is passed over."""
    both = FLAT[:-2] + ',\n  "exporter": {"type": "syslog", "syslog_server": "new.example.com"}\n}'
    imported = read(tmp_path, conf=both)

    assert "new.example.com" == imported.settings["subscribers.acnvm.host"]
    assert 20519 == imported.settings["subscribers.acnvm.flow_port"]
    assert [
        '2:3 "syslog_server_ip" is passed over: "exporter.syslog_server" in line 7 goes before it'
    ] == said(imported, Said.NOTICE)


def test_an_exporter_to_kafka_renames_the_topics(tmp_path: Path) -> None:
    """On the same cluster no copy is needed."""
    imported = read(tmp_path, conf=KAFKA)

    assert {
        "ingest.listen": ["0.0.0.0:2055", "[::]:2055"],
        "kafka.bootstrap_servers": "kafka1:9092",
        "topics.names.flow": "nvm-flow",
        "topics.names.endpoint": "nvm-endpoint",
        "topics.names.interface": "interface",
    } == imported.settings


def test_an_exporter_to_another_kafka_is_a_subscriber(tmp_path: Path) -> None:
    """Where envizzy's own cluster is another one."""
    imported = read(tmp_path, conf=KAFKA, kafka="own:9092")

    assert "own:9092" == imported.settings["kafka.bootstrap_servers"]
    assert "kafka1:9092" == imported.settings["subscribers.acnvm.kafka.bootstrap_servers"]
    assert "nvm-flow" == imported.settings["subscribers.acnvm.names.flow"]
    assert "topics.names.flow" not in imported.settings


def test_flat_keys_beside_another_exporter_are_passed_over(tmp_path: Path) -> None:
    """Kafka is where records go; the legacy keys are left from before."""
    conf = KAFKA.replace('"netflow', '"syslog_server_ip": "192.0.2.1",\n  "netflow')
    imported = read(tmp_path, conf=conf)

    assert [
        '2:3 "syslog_server_ip" is passed over: the exporter of type "kafka" goes before it'
    ] == said(imported, Said.NOTICE)[:1]
    assert "subscribers.acnvm.type" not in imported.settings


def test_dtls_is_not_pretended(tmp_path: Path) -> None:
    """It blocks the import: clients would not be heard."""
    imported = read(tmp_path, conf=NESTED.replace("false", "true", 1))

    (note,) = imported.blocked
    assert (4, 5) == note.place
    assert '"security.dtls_enabled" is true: the collector speaks DTLS only' in note.text


def test_a_native_plugin_is_not_pretended(tmp_path: Path) -> None:
    """Its library is of the original."""
    imported = read(tmp_path, conf='{"exporter": {"type": "plugin"}}')

    assert ["1:15"] == [f"{n.place.line}:{n.place.column}" for n in imported.blocked]


def test_the_manuals_dtls_step(tmp_path: Path) -> None:
    """Each of its mistakes is named with the right form; the values are read all the same."""
    imported = read(tmp_path, conf=DTLS_STEP)

    assert [
        "1:1 found \"netflow_collector_port\", expected '{' before the first key",
        "10:47 found ',' before '}', expected no comma behind the last entry",
        "12:1 found the end of the file, expected '}' for the '{' in line 1, column 1",
        (
            '10:18 "security.server_pkey": found "opt/acnvm/certs/private.pem", '
            'expected an absolute path: "/opt/acnvm/certs/private.pem"'
        ),
    ] == said(imported, Said.MISTAKE)
    assert "192.0.2.113" == imported.settings["subscribers.acnvm.host"]


def test_the_manuals_third_filter(tmp_path: Path) -> None:
    """Quotes, brackets and the key: each with what is right."""
    imported = read(tmp_path, filters=ANGRY_BIRDS)

    assert [
        '1:34 found the quote “, expected double quotes: "com.rovio.angrybirds"',
        "1:67 found ']', expected '}' for the '{' in line 1, column 24",
        "1:84 found the end of the file, expected '}' for the '{' in line 1, column 1",
    ] == said(imported, Said.MISTAKE)
    assert any("pname: read as pn" in text for text in said(imported, Said.NOTICE))
    assert [] == said(imported, Said.BECAME)


def test_a_filter_is_taken_as_it_stands(tmp_path: Path) -> None:
    """By its absolute path; what is worth knowing of it is said."""
    imported = read(tmp_path, filters='{"rules": {"exclude": [{"dp": "53"}, {"luat": 2}]}}')

    assert {"streams.filter_policy": str(tmp_path / "acnvmfilters.conf")} == imported.settings
    assert ["1:25", "1:39"] == [each.split()[0] for each in said(imported, Said.NOTICE)]


def test_the_diagnostics_configuration_is_left_aside(tmp_path: Path) -> None:
    """It has no public form."""
    imported = read(tmp_path, diag="{}")

    assert ({}, 1) == (imported.settings, len(imported.notes))
    assert "left aside: its form is not public" in imported.notes[0].text


def test_files_are_told_by_their_names(tmp_path: Path) -> None:
    """A folder, single files, and what is none of them."""
    for name in ("acnvm.conf", "acnvmlog.conf", "README"):
        (tmp_path / name).write_text("{}")
    one, log = tmp_path / "acnvm.conf", tmp_path / "acnvmlog.conf"

    assert AcnvmFiles(one, None, log, None, ()) == find_files([tmp_path])
    assert AcnvmFiles(one, others=(tmp_path / "README",)) == find_files([one, tmp_path / "README"])
    assert (tmp_path / "none",) == find_files([tmp_path / "none"]).others
    (tmp_path / "empty").mkdir()
    assert (tmp_path / "empty",) == find_files([tmp_path / "empty"]).others


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    """Not there, or not UTF-8."""
    imported = read_files(AcnvmFiles(conf=tmp_path / "acnvm.conf"), KEYS_OF_FLOWS)
    assert ["1:1 cannot be read: No such file or directory"] == said(imported, Said.MISTAKE)
    (tmp_path / "acnvm.conf").write_bytes(b'{"\xff"')
    imported = read_files(AcnvmFiles(conf=tmp_path / "acnvm.conf"), KEYS_OF_FLOWS)
    assert ["1:1 not UTF-8 at octet 2"] == said(imported, Said.MISTAKE)


def test_the_settings_file_says_where_each_line_comes_from(tmp_path: Path) -> None:
    """TOML that reads back as the settings; what is missing stands there as a comment."""
    imported = read(tmp_path, conf=NESTED, log=LOG)
    text = toml_text(imported)
    tree: dict[str, Any] = tomllib.loads(text)

    assert tree_of(imported.settings) == tree
    assert f'host = "siem.example.com"  # {tmp_path / "acnvm.conf"}:11' in text
    assert "# without equivalent: " in text
    assert "\n\n\n" not in toml_text(read(tmp_path, conf='{"netflow_collector_port": 2055}'))
