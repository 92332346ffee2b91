"""Exit codes of every command and service."""

from enum import IntEnum
from typing import NoReturn


class Exit(IntEnum):
    """What a process tells its supervisor when it ends."""

    OK = 0
    """Done, or stopped in good order by SIGTERM or Ctrl-C."""

    ERROR = 1
    """It cannot do its work: a port in use, no Kafka, a topic that does not fit, a loss found."""

    USAGE = 2
    """Wrong flags or settings, or an unreadable file: starting again changes nothing."""

    INTERNAL = 70
    """A fault that a restart cures; nothing undone was acknowledged (sysexits' EX_SOFTWARE)."""


def leave(*_: object) -> NoReturn:
    """End at once, in good order: a signal handler for while nothing is in work yet."""
    raise SystemExit(Exit.OK)
