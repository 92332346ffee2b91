"""The live table of ``envizzy tail``."""

from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson
from rich.console import Console
from rich.live import Live
from rich.table import Table

_KEPT = 30
_WIDEST = 26
"""Characters of a cell; the rest is in ``--json``."""

_FRAME = 3
"""Characters that a column takes beside its cells."""


class Column(NamedTuple):
    """One column.

    Attributes:
        heading: What stands above it.
        keys: Of the records, the first that one has counts.
    """

    heading: str
    keys: tuple[str, ...]


def _named(*keys: str) -> tuple[Column, ...]:
    return tuple(Column(key, (key,)) for key in keys)


COLUMNS: tuple[Column, ...] = (
    *_named("reason", "detail", "exporter", "liuid", "pn"),
    *_named("sampler_address", "minute", "proto"),
    Column("source", ("sa", "sa6", "src_addr")),
    Column("destination", ("da", "da6", "dst_addr")),
    Column("port", ("dp", "dst_port")),
    *_named("dh", "ibc", "obc", "bytes", "packets", "vsn", "osn", "osv", "in", "ist", "SSID"),
    *_named("protocols", "datagrams", "records", "missing"),
)
"""What is shown of a record, if it has it, in the order of what matters where room is short."""


class TailView:
    """The last records of a topic, newest at the bottom."""

    def __init__(self, name: str, console: Console | None = None) -> None:
        """Prepare.

        Args:
            name: Of the topic.
            console: To draw on; a test's own.
        """
        self._name = name
        self._seen = 0
        self._records: deque[Mapping[str, Any]] = deque(maxlen=_KEPT)
        self._console = console or Console()
        self._live = Live(console=self._console, get_renderable=self._render, refresh_per_second=4)

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
        rows = [
            _Row(f"{each['partition']}:{each['offset']}", each["value"]) for each in self._records
        ]
        at = max((len(row.at) for row in rows), default=0)
        shown, left = _that_fit(rows, self._console.width - at - _FRAME - 1)
        table = Table(
            title=f"{self._name}: {self._seen} records",
            title_justify="left",
            caption=f"no room for {', '.join(left)}: --json" if left else None,
            caption_justify="left",
        )
        table.add_column("at", no_wrap=True, min_width=at)
        for column in shown or [Column("value", ())]:
            table.add_column(column.heading, no_wrap=True, max_width=_WIDEST if shown else None)
        for row in rows:
            if shown and isinstance(row.value, dict):
                table.add_row(row.at, *(row.cell(column) for column in shown))
            else:
                table.add_row(row.at, _text(row.value))
        return table


class _Row(NamedTuple):
    at: str
    value: Any

    def cell(self, column: Column) -> str:
        """What stands in a column; empty where the record has none of its keys."""
        if not isinstance(self.value, dict):
            return ""
        return next((_text(self.value[key]) for key in column.keys if key in self.value), "")


def _that_fit(rows: Sequence[_Row], width: int) -> tuple[list[Column], list[str]]:
    """The columns that have something and room, and the headings of those without room."""
    shown: list[Column] = []
    left: list[str] = []
    for column in COLUMNS:
        longest = max((len(row.cell(column)) for row in rows), default=0)
        if not longest:
            continue
        needs = min(max(longest, len(column.heading)), _WIDEST) + _FRAME
        if needs > width and shown:
            left.append(column.heading)
            continue
        shown.append(column)
        width -= needs
    return shown, left


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
