"""The collector's own files: what is said of their mistakes, and their log configuration."""

from pathlib import Path

import pytest

from envizzy.acnvm import Said
from tests.envizzy.acnvm_files import FLAT, LOG, read, said


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
            '{"exporter": {"type": "plugin", "lib": "x.so"}}',
            '1:33 "exporter.lib" is no key of acnvm.conf; there are in "exporter": type, syslog_se',
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
