"""How many processes a service may use on this host."""

import math
import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Linux: CPU time of this container in each period, microseconds, or ``max``."""


def available(quota: Path = _QUOTA) -> int:
    """Processors that this process may use: its affinity, and its container's share of them.

    Args:
        quota: The control group's file; what is not there or cannot be read sets no limit.
    """
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    try:
        share, period = quota.read_text(encoding="ascii").split()
        return max(1, min(processors, math.ceil(int(share) / int(period))))
    except (OSError, ValueError, ZeroDivisionError):
        return processors


def count_processes(setting: int | str, most: int, processors: int | None = None) -> int:
    """How many processes a setting means.

    Args:
        setting: A number, which stands as it is, or "auto": one for each processor.
        most: More than these "auto" does not start.
        processors: Of this host; None asks the system.
    """
    if isinstance(setting, int):
        return setting
    return max(1, min(most, processors or available()))
