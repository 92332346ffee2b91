"""The collector's own files: what they become, and what is said of their mistakes."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from envizzy.acnvm import AcnvmFiles, Imported, Said, find_files, read_files
from envizzy.acnvm.keys import KEYS
from envizzy.acnvm.toml_text import toml_text, tree_of
from schemas.field_keys import load_field_keys

KEYS_OF_FLOWS = load_field_keys()

FLAT = """{
  "syslog_server_ip": "192.0.2.113",
  "syslog_flowdata_server_port": 20519,
  "syslog_sysdata_server_port": 20520,
  "syslog_intdata_server_port": 20521,
  "netflow_collector_port": 2055
}"""

NESTED = """{
  "netflow_collector_port": 2055,
  "security": {
    "dtls_enabled": false,
    "server_certificate": "/opt/acnvm/certs/public.pem",
    "server_pkey": "/opt/acnvm/certs/private.pem"
  },
  "multiprocess": {"enabled": true, "numProcesses": 4},
  "exporter": {
    "type": "syslog",
    "syslog_server": "siem.example.com",
    "flow_port": 20519,
    "endpoint_port": 20520,
    "interface_port": 20521
  }
}"""

KAFKA = """{
  "netflow_collector_port": 2055,
  "exporter": {
    "type": "kafka",
    "bootstrap_server": "kafka1:9092",
    "flow_port": "nvm-flow",
    "endpoint_port": "nvm-endpoint",
    "interface_port": "interface"
  }
}"""

DTLS_STEP = """"netflow_collector_port": 2055,
"syslog_server_ip": "192.0.2.113",
"syslog_flowdata_server_port": 20519,
"syslog_sysdata_server_port": 20520,
"syslog_intdata_server_port": 20521,
"security":
{
  "dtls_enabled": true,
  "server_certificate": "/opt/acnvm/certs/public.pem",
  "server_pkey": "opt/acnvm/certs/private.pem",
}
"""
"""As the manual prints its DTLS step: no outer braces, a comma too many, a path without slash."""

ANGRY_BIRDS = '{"rules": {"include": [{"pname": “com.rovio.angrybirds”, "dp": 443], "exclude": []}'
"""As the manual's third example: its key, quotes of a word processor, brackets missing."""


def read(folder: Path, kafka: str | None = None, **texts: str) -> Imported:
    """What files with these texts become: conf, filters, log, diag."""
    names = {
        "conf": "acnvm.conf",
        "filters": "acnvmfilters.conf",
        "log": "acnvmlog.conf",
        "diag": "acnvmcolldiagconf.json",
    }
    for kind, text in texts.items():
        (folder / names[kind]).write_text(text)
    return read_files(find_files([folder]), KEYS_OF_FLOWS, kafka)


def said(imported: Imported, kind: Said) -> list[str]:
    """The notes of a kind: line:column, text."""
    return [f"{n.place.line}:{n.place.column} {n.text}" for n in imported.of(kind)]


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


@pytest.mark.parametrize(
    ("conf", "mistake"),
    [
        (
            FLAT.replace("2055\n", "2055,\n"),
            "6:33 found ',' before '}', expected no comma behind the last entry",
        ),
        (
            '{"netflow_colector_port": 2055}',
            (
                '1:2 "netflow_colector_port" is no key of acnvm.conf; did you mean '
                '"netflow_collector_port"?'
            ),
        ),
        (
            '{"dtls_enabled": true}',
            (
                '1:2 "dtls_enabled" is no key of acnvm.conf; did you mean "dtls_enabled" within '
                '"security"?'
            ),
        ),
        (
            '{"exporter": {"type": "syslog", "netflow_collector_port": 1}}',
            (
                '1:33 "exporter.netflow_collector_port" is no key of acnvm.conf; did you mean '
                '"netflow_collector_port" at the outermost level?'
            ),
        ),
        (
            '{"exporter": {"type": "syslog", "syslogserver": "x"}}',
            (
                '1:33 "exporter.syslogserver" is no key of acnvm.conf; did you mean '
                '"exporter.syslog_server"?'
            ),
        ),
        (
            '{"netflow_collector_port": 70000}',
            '1:28 "netflow_collector_port": found 70000, expected a port number from 1 to 65535',
        ),
        (
            '{"netflow_collector_port": "http"}',
            '1:28 "netflow_collector_port": found "http", expected a port number from 1 to 65535',
        ),
        (
            '{"security": true}',
            '1:14 "security": found true, expected an object: { ... }',
        ),
        (
            '{"multiprocess": {"enabled": 1}}',
            '1:30 "multiprocess.enabled": found 1, expected true or false',
        ),
        (
            '{"multiprocess": {"enabled": true, "numProcesses": 0}}',
            '1:52 "multiprocess.numProcesses": found 0, expected a whole number from 1',
        ),
        (
            '{"exporter": {"type": "udp"}}',
            '1:15 "exporter.type": found "udp", expected one of syslog, kafka, plugin',
        ),
        (
            '{"exporter": {}}',
            '1:2 "exporter.type" is missing; expected one of syslog, kafka, plugin',
        ),
        (
            '{"exporter": {"type": "syslog", "flow_port": "flow"}}',
            '1:33 "exporter.flow_port": found "flow", expected a port number from 1 to 65535',
        ),
        (
            '{"exporter": {"type": "kafka", "flow_port": 20519}}',
            '1:32 "exporter.flow_port": found 20519, expected the name of a topic',
        ),
        (
            '{"exporter": {"type": "kafka", "bootstrap_server": "a b"}}',
            '1:32 "exporter.bootstrap_server": found "a b", expected HOST:PORT',
        ),
        (
            '{"syslog_server_ip": ""}',
            '1:22 "syslog_server_ip": found "", expected a text in double quotes',
        ),
        ("[]", "1:1 found a list, expected an object"),
        ("", "1:1 found an empty file, expected an object: { ... }"),
        (
            '{"netflow_collector_port": 1, "netflow_collector_port": 2}',
            '1:31 found the key "netflow_collector_port" for the second time, expected each',
        ),
    ],
)
def test_a_mistake_leads_to_the_right_form(tmp_path: Path, conf: str, mistake: str) -> None:
    """Line, column, what was found, what is expected."""
    assert any(each.startswith(mistake) for each in said(read(tmp_path, conf=conf), Said.MISTAKE))


@pytest.mark.parametrize(
    ("conf", "notice"),
    [
        (
            '{"netflow_collector_port": "2055"}',
            '1:28 "netflow_collector_port": "2055" is given as text; 2055 is right',
        ),
        (
            '{"multiprocess": {"enabled": "True"}}',
            '1:30 "multiprocess.enabled": "True" is given as text; true is right',
        ),
        (
            '{"exporter": {"syslog_server": "x"}}',
            '1:15 "exporter.type" is missing: taken for "syslog" by "exporter.syslog_server"',
        ),
        (
            '{"exporter": {"bootstrap_server": "x:1"}}',
            '1:15 "exporter.type" is missing: taken for "kafka" by "exporter.bootstrap_server"',
        ),
        (
            '{"multiprocess": {"enabled": false, "numProcesses": 3}}',
            '1:37 "multiprocess.numProcesses" is passed over: multiprocess is not enabled',
        ),
        (
            "{}",
            "1:1 no exporter: records stand on the topics flow, endpoint and interface of Kafka",
        ),
        (
            '{"syslog_server_ip": "x"}',
            (
                '1:2 "exporter.flow_port" is not given: subscribers.acnvm.flow_port = 20519, the '
                "original's default"
            ),
        ),
    ],
)
def test_what_is_worth_knowing(tmp_path: Path, conf: str, notice: str) -> None:
    """Nothing is decided in silence."""
    imported = read(tmp_path, conf=conf)

    assert [] == said(imported, Said.MISTAKE)
    assert notice in said(imported, Said.NOTICE)


LOG = """# log4cplus
log4cplus.rootLogger=DEBUG, STDOUT, NvmFileAppender
log4cplus.appender.STDOUT=log4cplus::ConsoleAppender
log4cplus.appender.STDOUT.layout=log4cplus::PatternLayout
log4cplus.appender.NvmFileAppender=log4cplus::RollingFileAppender
log4cplus.appender.NvmFileAppender.File=/opt/acnvm/log/acnvm.log
log4cplus.appender.NvmFileAppender.MaxFileSize=10MB
log4cplus.appender.NvmFileAppender.MaxBackupIndex=7
log4cplus.logger.netflow=TRACE
"""


def test_the_log_configuration(tmp_path: Path) -> None:
    """Level, files, rotation; patterns and foreign loggers have no equivalent."""
    imported = read(tmp_path, log=LOG.replace("/opt/acnvm/log", str(tmp_path)))

    assert {
        "logs.level": "debug",
        "logs.folder": str(tmp_path),
        "logs.rotate_octets": 10 * 1024 * 1024,
        "logs.keep_files": 7,
    } == imported.settings
    assert ["9:1", "4:1"] == [f"{n.place.line}:{n.place.column}" for n in imported.of(Said.MISSING)]
    assert "3:1 appender STDOUT is standard error, where envizzy logs to in any case" in said(
        imported, Said.BECAME
    )


def test_a_folder_for_logs_that_is_not_there_is_not_set(tmp_path: Path) -> None:
    """A service would not start with it."""
    imported = read(tmp_path, log=LOG.replace("/opt/acnvm/log", "/nowhere/log"))

    assert "logs.folder" not in imported.settings
    assert "6:1 logs.folder is not set: /nowhere/log is not there; make it, and set it" in said(
        imported, Said.NOTICE
    )


@pytest.mark.parametrize(
    ("log", "kind", "text"),
    [
        (
            "log4cplus.rootLogger=LOUD\n",
            Said.MISTAKE,
            "1:1 log4cplus.rootLogger: found 'LOUD'",
        ),
        ("rootLogger\n", Said.MISTAKE, "1:1 found 'rootLogger', expected KEY=VALUE"),
        ("log4cplus.rootLogger=INFO, A\n", Said.MISTAKE, "names the appender A, which the file"),
        ("log4cplus.rootLogger=OFF\n", Said.NOTICE, "OFF: errors are logged all the same"),
        ("", Said.NOTICE, "no log4cplus.rootLogger: logs.level stays info"),
        (
            "log4cplus.rootLogger=INFO, B\nlog4cplus.appender.B=log4cplus::SysLogAppender\n",
            Said.MISSING,
            "2:1 appender B (SysLogAppender): logs go to standard error and to files only",
        ),
        (
            (
                "log4cplus.rootLogger=INFO, C\n"
                "log4cplus.appender.C=log4cplus::RollingFileAppender\n"
                "log4cplus.appender.C.MaxFileSize=big\n"
            ),
            Said.MISTAKE,
            "3:1 log4cplus.appender.C.MaxFileSize: found 'big', expected a size: 10MB",
        ),
        (
            (
                "log4cplus.rootLogger=INFO, D\n"
                "log4cplus.appender.D=log4cplus::DailyRollingFileAppender\n"
            ),
            Said.MISSING,
            "rotates by time; logs rotate by size",
        ),
        (
            (
                "log4cplus.rootLogger=INFO, E\nlog4cplus.appender.E=log4cplus::ConsoleAppender\n"
                "log4cplus.appender.F=log4cplus::ConsoleAppender\n"
            ),
            Said.NOTICE,
            "3:1 appender F is passed over: nothing names it",
        ),
        (
            "log4cplus.threadPoolSize=4\n",
            Said.MISSING,
            "log4cplus.threadPoolSize has no equivalent",
        ),
    ],
)
def test_lines_of_the_log_configuration(tmp_path: Path, log: str, kind: Said, text: str) -> None:
    """Each is answered."""
    assert any(text in each for each in said(read(tmp_path, log=log), kind))


@pytest.mark.parametrize(
    ("level", "ours"),
    [
        ("TRACE", "debug"),
        ("INFO", "info"),
        ("WARN", "warning"),
        ("FATAL", "error"),
        ("all", "debug"),
    ],
)
def test_levels(tmp_path: Path, level: str, ours: str) -> None:
    """Of log4cplus and of ours."""
    imported = read(tmp_path, log=f"log4cplus.rootLogger = {level}\n")

    assert ours == imported.settings["logs.level"]


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
