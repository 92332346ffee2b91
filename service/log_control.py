"""Log levels that change while a service runs, by signals.

``SIGUSR1``: one step more (error, warning, info, debug). ``SIGUSR2``: as the settings say.
``SIGHUP``: the settings are read again; broken ones are refused with a message, the old ones stay.
"""

import logging
import signal
from collections.abc import Callable
from typing import get_args

from service.logs import logger, set_levels
from service.settings import LogSettings, SettingsError
from service.settings.sections import LogLevel
from service.signals import on_signal

_LEVELS: tuple[str, ...] = get_args(LogLevel)


class LogControl:
    """What the signals do.

    Args of the constructor:
        settings: As they are in effect.
        read: Reads them anew; raises ``SettingsError``.
    """

    def __init__(self, settings: LogSettings, read: Callable[[], LogSettings]) -> None:
        self._settings = settings
        self._read = read
        self._log = logger("service.logs")

    def more(self) -> None:
        """One level more."""
        now = logging.getLevelName(logging.getLogger().level).lower()
        place = _LEVELS.index(now) if now in _LEVELS else 1
        self._set(_LEVELS[max(0, place - 1)])

    def reset(self) -> None:
        """As the settings say."""
        self._set(self._settings.level)

    def reread(self) -> None:
        """Read the settings again."""
        try:
            self._settings = self._read()
        except SettingsError as error:
            for line in error.lines:
                self._log.error("settings not taken over, the old ones stay", error=line)
            return
        self.reset()

    def _set(self, level: str) -> None:
        before = logging.getLogger().level
        set_levels(self._settings, level)
        same = logging.getLogger().level == before
        # At warning, so that most settings let it through: who changes a level looks for it.
        self._log.warning("the log level stays" if same else "the log level changes", to=level)


def follow_signals(settings: LogSettings, read: Callable[[], LogSettings]) -> None:
    """Let the signals change the levels of this process and of those that it forks.

    Args:
        settings: As they are in effect.
        read: Reads them anew; raises ``SettingsError``.
    """
    control = LogControl(settings, read)
    on_signal(signal.SIGUSR1, control.more)
    on_signal(signal.SIGUSR2, control.reset)
    on_signal(signal.SIGHUP, control.reread)
