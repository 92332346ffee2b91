"""Metrics of several processes behind one address, by prometheus-client's multiprocess mode.

The values stand in small files that the processes map into memory and the parent adds up at each
scrape. The files go by the number of the process and not by its id: whoever takes the place of a
dead process goes on where that one stopped, so a counter never falls.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where the library looks for the folder."""


class SharedMetrics:
    """A folder of the processes' values.

    Attributes:
        registry: Of the parent: all processes' metrics, counters and histograms added up, gauges
            as ``Metric.across`` says.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.registry = CollectorRegistry()
        MultiProcessCollector(self.registry, str(folder))  # type: ignore[no-untyped-call]

    def enter(self, index: int) -> None:
        """Let what this process counts from now on stand in the folder; before the first metric.

        Args:
            index: Of the process.
        """
        os.environ[_VARIABLE] = str(self._folder)
        values.ValueClass = values.MultiProcessValue(lambda: index)  # type: ignore[no-untyped-call]

    def leave(self, index: int) -> None:
        """Forget what a dead process had in its gauges; its counters stay."""
        mark_process_dead(index, str(self._folder))  # type: ignore[no-untyped-call]


@contextmanager
def shared_metrics() -> Iterator[SharedMetrics]:
    """Make the folder; it goes in the end."""
    folder = Path(tempfile.mkdtemp(prefix="envizzy-metrics-"))
    owner = os.getpid()
    try:
        yield SharedMetrics(folder)
    finally:
        if os.getpid() == owner:  # not in a child that was forked meanwhile
            shutil.rmtree(folder, ignore_errors=True)
