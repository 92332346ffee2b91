"""Logs as events with key-value pairs, ours and the libraries' alike: where to, from what level."""

import logging
import logging.handlers
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import structlog

from service.settings import LogSettings, SettingsError

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

Logger = structlog.stdlib.BoundLogger

CHATTY = ("faust", "mode", "aiokafka", "streams.agents.consumer")
"""Loggers of Faust and its kin, which tell each step at info and each fetch at debug: a level
less than ours. All of it: ``"aiokafka" = "debug"`` in ``logs.levels``."""


LIBRDKAFKA: Final = logging.getLogger("librdkafka")
"""For ``"logger"`` in the configuration of a client that is polled: what librdkafka has to say is
told with the other logs then, and not beside them on standard error in a form of its own."""


def configure(
    settings: LogSettings,
    stream: TextIO | None = None,
    *,
    service: str = "envizzy",
    process: int | None = None,
) -> None:
    """Set up logging for the whole process; called by what starts a service, again in each child.

    Args:
        settings: Level, form, files.
        stream: In place of standard error.
        service: Names the file, where there is a folder for them.
        process: Number of a process under a supervisor: it has a file of its own, since two that
            rotate one file lose lines, and the level that the supervisor has now.

    Raises:
        SettingsError: A log file cannot be written.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if process is not None:
        shared.append(_numbered(process))
    if settings.format == "json":
        shared.append(structlog.processors.dict_tracebacks)
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
    handlers: list[logging.Handler] = [logging.StreamHandler(stream)]
    if settings.folder is not None:
        handlers[0].setLevel(logging.ERROR)
        name = service if process is None else f"{service}-{process}"
        handlers.append(_file(settings, settings.folder / f"{name}.log"))
    for handler, colors in zip(handlers, (stream.isatty(), False), strict=False):
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=shared,
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _renderer(settings, colors=colors),
                ],
            )
        )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        if isinstance(old, logging.FileHandler):
            old.close()
    for handler in handlers:
        root.addHandler(handler)
    if process is None:
        set_levels(settings)


def set_levels(settings: LogSettings, level: str | None = None) -> None:
    """Let through what the settings say; this may change while a service runs.

    Args:
        settings: ``level`` and ``levels``.
        level: In place of ``settings.level``.
    """
    level = level or settings.level
    logging.getLogger().setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.INFO if level == "debug" else logging.WARNING)
    for name, other in settings.levels.items():
        logging.getLogger(name).setLevel(other.upper())


def _numbered(process: int) -> "Processor":
    """Say in each line which process it is."""

    def add(_: object, __: str, event: "EventDict") -> "EventDict":
        event["process"] = process
        return event

    return add


def _file(settings: LogSettings, path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(mode=0o750, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise SettingsError([f"logs.folder: {path}: {error.strerror}"]) from error
    if not settings.rotate_octets:
        return logging.handlers.WatchedFileHandler(path, encoding="utf-8", delay=True)
    return logging.handlers.RotatingFileHandler(
        path,
        maxBytes=settings.rotate_octets,
        backupCount=settings.keep_files,
        encoding="utf-8",
        delay=True,
    )


def _renderer(settings: LogSettings, *, colors: bool) -> "Processor":
    if settings.format == "json":
        return structlog.processors.JSONRenderer(sort_keys=False)
    return structlog.dev.ConsoleRenderer(
        colors=colors,
        pad_event_to=0,
        pad_level=False,
        exception_formatter=structlog.dev.plain_traceback,
    )


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
