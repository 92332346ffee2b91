"""Logs as events with key-value pairs."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from service.log_control import LogControl
from service.logs import CHATTY, Repeats, configure, logger
from service.settings import LogSettings, SettingsError


@pytest.fixture(autouse=True)
def _restore_loggers() -> Iterator[None]:
    """Leave the loggers as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.close()
    root.handlers[:], root.level = handlers, level
    for name in (*CHATTY, "streams.lag"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_json_line_holds_event_and_values() -> None:
    """One JSON object a line."""
    stream = io.StringIO()
    configure(LogSettings(format="json"), stream)
    logger("ingest").info("dropped", reason="queue_full", datagrams=3)

    line = orjson.loads(stream.getvalue())
    assert "dropped" == line["event"]
    assert ("ingest", "info", "queue_full", 3) == tuple(
        line[key] for key in ("logger", "level", "reason", "datagrams")
    )


def test_libraries_log_in_the_same_form() -> None:
    """What goes through the standard library's logging is a line of the same kind."""
    stream = io.StringIO()
    configure(LogSettings(format="json"), stream)
    logging.getLogger("aiokafka").warning("broker %s", "gone")

    line = orjson.loads(stream.getvalue())
    assert ("broker gone", "aiokafka", "warning") == (line["event"], line["logger"], line["level"])


def test_level_holds_back_what_is_below() -> None:
    """Nothing under the level is written."""
    stream = io.StringIO()
    configure(LogSettings(level="warning"), stream)
    logger("ingest").info("a")
    logger("ingest").warning("b", x=1)

    assert "b" in stream.getvalue()
    assert 1 == len(stream.getvalue().splitlines())


def test_repeated_event_is_let_through_once_an_interval() -> None:
    """The next one that comes through says how many were held back."""
    now = [0.0]
    repeats = Repeats(60, clock=lambda: now[0])

    assert 0 == repeats.due("a")
    assert (None, None) == (repeats.due("a"), repeats.due("a"))
    assert 0 == repeats.due("b")
    now[0] = 61.0
    assert 2 == repeats.due("a")
    now[0] = 130.0
    assert 0 == repeats.due("a")


def test_a_folder_takes_a_file_for_each_service_and_process(tmp_path: Path) -> None:
    """Errors still go to standard error; each line of a process says which one it is."""
    stream = io.StringIO()
    settings = LogSettings(format="json", folder=tmp_path)
    configure(settings, stream, service="ingest")
    logger("a").info("begins")
    logger("a").error("broken")
    configure(settings, stream, service="ingest", process=1)
    logger("a").info("works")

    assert ["ingest-1.log", "ingest.log"] == sorted(file.name for file in tmp_path.iterdir())
    lines = [orjson.loads(line) for line in (tmp_path / "ingest.log").read_text().splitlines()]
    assert ["begins", "broken"] == [line["event"] for line in lines]
    assert 1 == orjson.loads((tmp_path / "ingest-1.log").read_text())["process"]
    assert ["broken"] == [orjson.loads(line)["event"] for line in stream.getvalue().splitlines()]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """It is made where it is missing; a file in its place is a mistake of the settings."""
    configure(LogSettings(folder=tmp_path / "new"), io.StringIO(), service="x")
    assert (tmp_path / "new" / "x.log").is_file()
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match=r"logs\.folder: .*/file/x\.log: "):
        configure(LogSettings(folder=tmp_path / "file"), io.StringIO(), service="x")


def test_a_log_file_is_rotated_by_size_and_number(tmp_path: Path) -> None:
    """Not more than so many files are kept, none larger than allowed, nothing in between lost."""
    settings = LogSettings(format="json", folder=tmp_path, rotate_octets=2000, keep_files=2)
    configure(settings, io.StringIO(), service="x")
    for number in range(100):
        logger("a").info("event", number=number)

    files = [tmp_path / name for name in ("x.log.2", "x.log.1", "x.log")]
    assert sorted(files) == sorted(tmp_path.iterdir())
    assert all(file.stat().st_size <= 2000 for file in files)
    numbers = [
        orjson.loads(line)["number"] for file in files for line in file.read_text().splitlines()
    ]
    assert list(range(numbers[0], 100)) == numbers


def test_a_file_that_logrotate_moved_is_opened_anew(tmp_path: Path) -> None:
    """With ``rotate_octets = 0``: nothing has to be told to the service."""
    configure(LogSettings(folder=tmp_path, rotate_octets=0), io.StringIO(), service="x")
    logger("a").info("before")
    (tmp_path / "x.log").rename(tmp_path / "x.log.old")
    logger("a").info("after")

    assert "before" in (tmp_path / "x.log.old").read_text()
    assert "after" in (tmp_path / "x.log").read_text()


def test_single_loggers_have_levels_of_their_own() -> None:
    """Above or below the general one."""
    stream = io.StringIO()
    configure(LogSettings(level="warning", levels={"streams.lag": "debug"}), stream)
    logger("streams.lag").debug("close look")
    logger("streams.state").info("not this")
    configure(LogSettings(levels={"streams.lag": "error"}), stream)
    logger("streams.lag").warning("nor this")

    (line,) = stream.getvalue().splitlines()
    assert "close look" in line


def test_levels_change_at_run_time() -> None:
    """More by steps, back, and anew from the settings; broken settings change nothing."""
    stream = io.StringIO()
    read: list[LogSettings | SettingsError] = [
        LogSettings(level="error"),
        SettingsError(["e.toml:3: x"]),
    ]

    def reread() -> LogSettings:
        found = read.pop(0)
        if isinstance(found, SettingsError):
            raise found
        return found

    settings = LogSettings(level="warning")
    configure(settings, stream)
    control = LogControl(settings, reread)
    levels = []
    for step in (
        control.more,
        control.more,
        control.more,
        control.reset,
        control.reread,
        control.reread,
    ):
        step()
        levels.append(logging.getLevelName(logging.getLogger().level))

    assert ["INFO", "DEBUG", "DEBUG", "WARNING", "ERROR", "ERROR"] == levels
    assert "e.toml:3: x" in stream.getvalue()
    assert 1 == stream.getvalue().count("the log level stays")
