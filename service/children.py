"""Forked processes that run one function and never return into their parent's code."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection

from service.exits import Exit
from service.logs import Logger


def fork(
    prepare: Callable[[], None],
    work: Callable[[], int],
    log: Logger,
    hold: Collection[signal.Signals] = (),
) -> int:
    """Run a function in a process of its own; the caller must have no threads.

    Args:
        prepare: Called first in it, with ``hold`` held back.
        work: Its result is the exit code; what it raises is logged and gives 70.
        log: For that.
        hold: Signals that are either the parent's or the child's, never lost between both.

    Returns:
        The id of the process, in the parent only.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, hold)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid
    code: int = Exit.INTERNAL
    try:
        prepare()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        code = work()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else Exit.INTERNAL
    except BaseException:  # noqa: BLE001 - a child must not return into its parent's code
        failed = traceback.format_exc()  # one key-value pair; exc_info is for the text form only
        log.error("a process failed", traceback=failed)  # noqa: TRY400
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def run_apart(work: Callable[[], int], log: Logger) -> int:
    """Run a function in a process of its own, and wait for it.

    For what would start threads in a process that forks later.

    Returns:
        Its exit code, negative for a signal.
    """
    pid = fork(lambda: None, work, log)
    try:
        _, status = os.waitpid(pid, 0)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    return os.waitstatus_to_exitcode(status)
