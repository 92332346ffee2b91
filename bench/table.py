"""The rows that all measurements give, and the table that they make."""

import json
import os
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

MARK = "row "
"""Begins a line of a part's output that is a row for the table."""

WIDTH = 118
"""Columns of the table where no terminal says how many there are."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        part: Of what.
        what: Is measured.
        value: The figure.
        unit: Of it.
        beside: The same of something simpler that ran beside it, for it moves with the machine's
            load as the figure does; None where nothing is comparable.
        baseline: What that is.
        aim: Of the design; None where it has none.
    """

    part: str
    what: str
    value: float
    unit: str
    beside: float | None = None
    baseline: str = ""
    aim: float | None = None


def emit(rows: Iterable[Row]) -> None:
    """Print rows for ``__main__``, which collects them."""
    for row in rows:
        print(MARK + json.dumps(asdict(row)), flush=True)


def collect(line: str) -> Row | None:
    """The row in a line; None where it has none."""
    return Row(**json.loads(line.removeprefix(MARK))) if line.startswith(MARK) else None


def show(rows: Iterable[Row]) -> None:
    """Print the table and what it was measured on."""
    table = Table(title="envizzy: what a CPU does", title_justify="left", caption=_circumstances())
    for name in ("part", "what", "figure", "unit", "beside it", "ratio", "aim"):
        right = name in ("figure", "ratio", "aim")
        table.add_column(name, justify="right" if right else "left", no_wrap=right)
    before = ""
    for row in rows:
        if before and row.part != before:
            table.add_section()
        table.add_row(
            "" if row.part == before else row.part,
            row.what,
            _number(row.value),
            row.unit,
            "" if row.beside is None else f"{_number(row.beside)} {row.baseline}",
            "" if not row.beside else f"{row.value / row.beside:.2f}",
            "" if row.aim is None else _number(row.aim),
        )
        before = row.part
    console = Console()
    (console if console.is_terminal else Console(width=WIDTH)).print(table)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


def _circumstances() -> str:
    """The interpreter counts for a third, others on the machine for half."""
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    profiled = "with" if "--enable-optimizations" in options else "WITHOUT"
    return (
        f"Python {sys.version.split()[0]} built {profiled} profile-guided optimisation; "
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}.\n"
        "CPU-seconds are user and system time of the whole process, all threads. Others on the "
        "machine slow it down\n(caches, clock): compare ratios, or figures of one run."
    )
