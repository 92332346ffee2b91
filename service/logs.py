"""Logs on standard error: events with key-value pairs, ours and the libraries' alike."""

import logging
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

import structlog

from service.settings import LogSettings

if TYPE_CHECKING:
    from structlog.typing import Processor

Logger = structlog.stdlib.BoundLogger


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Set up logging for the whole process; called once, by the command line.

    Args:
        settings: Level and form.
        stream: Where to; None means standard error.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: Processor
    if settings.format == "json":
        shared.append(structlog.processors.dict_tracebacks)
        renderer = structlog.processors.JSONRenderer(sort_keys=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=stream.isatty(),
            pad_event_to=0,
            pad_level=False,
            exception_formatter=structlog.dev.plain_traceback,
        )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=Logger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.level.upper())


def logger(name: str) -> Logger:
    """The logger of a room: ``logger("ingest.receive")``."""
    found: Logger = structlog.stdlib.get_logger(name)
    return found


class Repeats:
    """Lets a repeated event through once in an interval, and counts the others (conventions E7).

    Events are named by constants of the program, so their number is bounded.
    """

    def __init__(self, every_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every_seconds
        self._clock = clock
        self._last: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def due(self, event: str) -> int | None:
        """Whether an event may be logged now.

        Returns:
            How many were held back since the last one, or None if this one is to be held back too.
        """
        now = self._clock()
        last = self._last.get(event)
        if last is not None and now - last < self._every:
            self._held[event] = self._held.get(event, 0) + 1
            return None
        self._last[event] = now
        return self._held.pop(event, 0)

    def warning(self, log: Logger, event: str, **values: object) -> None:
        """Log a warning unless the same event was logged within the interval."""
        held = self.due(event)
        if held is not None:
            log.warning(event, **values, **({"repeated": held} if held else {}))
