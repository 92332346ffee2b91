"""How a worker ends when it must not go on."""

import logging
import os
import sys
from typing import NoReturn

from service.exits import Exit
from service.logs import logger


class StartError(Exception):
    """The worker cannot begin; the message is one line that says what and how to mend it."""


def stop_process(reason: str, **values: object) -> NoReturn:
    """End at once with exit code 70: nothing more is acknowledged.

    What was not acknowledged is done again after the restart. A stop in good order would give
    Faust the time to commit, which is what must not happen here.

    Args:
        reason: The event, for the log.
        values: What it concerns; no payloads.
    """
    logger("streams").error(reason, **values, exit_code=int(Exit.INTERNAL))
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(Exit.INTERNAL)
