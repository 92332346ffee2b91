"""The live table of ``envizzy tail``."""

from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import orjson
from rich.live import Live
from rich.table import Table

_KEPT = 30
_COLUMNS = (
    *("reason", "detail", "exporter", "liuid", "pn", "sa", "sa6", "da", "da6", "dp", "dh"),
    *("ibc", "obc", "vsn", "osn", "osv", "in", "ist", "SSID"),
)
"""What is shown of a record, if it has it; the rest is in ``--json``."""


class TailView:
    """The last records of a topic, newest at the bottom."""

    def __init__(self, name: str) -> None:
        """Prepare.

        Args:
            name: Of the topic.
        """
        self._name = name
        self._seen = 0
        self._records: deque[Mapping[str, Any]] = deque(maxlen=_KEPT)
        self._live = Live(get_renderable=self._render, refresh_per_second=4)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state on the screen."""
        self._live.stop()

    def add(self, record: Mapping[str, Any]) -> None:
        """Show one more record (``printed.readable``)."""
        self._seen += 1
        self._records.append(record)

    def _render(self) -> Table:
        table = Table(title=f"{self._name}: {self._seen} records", title_justify="left")
        values = [each["value"] for each in self._records]
        dicts = [value for value in values if isinstance(value, dict)]
        columns = [key for key in _COLUMNS if any(key in value for value in dicts)]
        for heading in ("partition", "offset", *(columns or ["value"])):
            table.add_column(heading, no_wrap=True)
        for record in self._records:
            value = record["value"]
            if columns and isinstance(value, dict):
                cells = [_cell(value.get(key, "")) for key in columns]
            else:
                cells = [_cell(value), *[""] * (len(columns) - 1)]
            table.add_row(str(record["partition"]), str(record["offset"]), *cells)
        return table


def _cell(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
