"""Logs as events with key-value pairs."""

import io
import logging

import orjson
import pytest

from service.logs import Repeats, configure, logger
from service.settings import LogSettings


@pytest.fixture(autouse=True)
def _restore_root() -> object:
    """Leave the root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


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
