"""The live table: who talks, with what, to whom, how fast, how late."""

from collections import Counter, OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from envizzy.lab.exporters_view import Exporters
from envizzy.lab.numbers import number, with_unit

_ROWS = 8
_FEW_ROWS = 5
_FEWEST_ROWS = 4
"""Where a low terminal has exporters to show, too."""

_WIDE = 110
"""Columns from which on three tables have room for names and octets."""

_HIGH = 28
"""Lines from which on all rows fit below the figures."""

_OCTETS_WIDTH = 7
"""Of ``999.9 k``: a number that is cut says something else."""

_KEPT_FLOWS = 50_000
"""Flows whose totals are remembered: reports are cumulative, only what is new is added."""

_KEPT_NAMES = 20_000
"""Users, programs or destinations; beyond it the rarest are forgotten."""


@dataclass(slots=True)
class Talk:
    """Flows and octets by user, program and destination, from flow records."""

    users: Counter[str] = field(default_factory=Counter)
    programs: Counter[str] = field(default_factory=Counter)
    destinations: Counter[str] = field(default_factory=Counter)
    octets: Counter[tuple[str, str]] = field(default_factory=Counter)
    recent: deque[tuple[str, str, str, str]] = field(default_factory=lambda: deque(maxlen=_ROWS))
    _totals: OrderedDict[tuple[Any, ...], int] = field(default_factory=OrderedDict)

    def add(self, flow: Mapping[str, Any]) -> None:
        """One flow record; the counters of a flow's reports are cumulative and never added up."""
        user = str(flow.get("liuid") or "(nobody)")
        program = str(flow.get("pn") or "(unknown)")
        target = flow.get("da") or flow.get("da6") or "?"
        host = flow.get("dh")
        where = str(target if host in {None, "", "Unknown", "-"} else host)
        total = number(flow.get("ibc")) + number(flow.get("obc"))
        name = (flow.get("udid"), flow.get("pr"), flow.get("sp"), flow.get("fss"), target)
        before = self._totals.pop(name, None)
        self._totals[name] = total
        if len(self._totals) > _KEPT_FLOWS:
            self._totals.popitem(last=False)
        more = max(0, total - (before or 0))
        for what, counter, key in (
            ("user", self.users, user),
            ("program", self.programs, program),
            ("destination", self.destinations, where),
        ):
            counter[key] += before is None
            self.octets[what, key] += more
            if len(counter) > _KEPT_NAMES:
                _thin(counter)
        port = f"{where}:{flow.get('dp', '?')}"
        self.recent.append((user, program, port, with_unit(total)))


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands above the table.

    Attributes:
        title: What runs.
        pairs: Name and value, in order.
    """

    title: str
    pairs: tuple[tuple[str, str], ...]


def render(
    figures: Figures,
    talk: Talk,
    exporters: Exporters | None = None,
    *,
    width: int = _WIDE,
    height: int = _HIGH,
) -> RenderableType:
    """The whole screen.

    Args:
        figures: What stands above the tables.
        talk: What stands in them.
        exporters: Routers; None, or none yet: no section for them.
        width: Of the terminal; names come before octets where it is narrow.
        height: Of the terminal; a low one has fewer rows, so that nothing is cut off below.
    """
    wide = width >= _WIDE
    few = _FEWEST_ROWS if exporters else _FEW_ROWS
    rows = few if height < _HIGH + (_FEW_ROWS if exporters else 0) else _ROWS
    across = 4 if wide else 2
    top = Table.grid(padding=(0, 3))
    for _ in range(across):
        top.add_column(no_wrap=True)
    cells = [Text.assemble((f"{name} ", "dim"), (value, "bold")) for name, value in figures.pairs]
    for start in range(0, len(cells), across):
        top.add_row(*cells[start : start + across])
    tables = Table.grid(expand=True, padding=(0, 1))
    for _ in range(3):
        tables.add_column(ratio=1)
    octets = talk.octets if wide else None
    tables.add_row(
        _ranking("users", "user", talk.users, octets, rows),
        _ranking("programs", "program", talk.programs, octets, rows),
        _ranking("destinations", "destination", talk.destinations, octets, rows),
    )
    recent = Table(expand=True, title="last flows", title_justify="left", box=None)
    for heading, ratio in (("user", 3), ("program", 2), ("to", 4)):
        recent.add_column(heading, no_wrap=True, ratio=ratio)
    recent.add_column("octets", no_wrap=True, justify="right", width=_OCTETS_WIDTH)
    for row in list(talk.recent)[-rows:]:
        recent.add_row(*row)
    panel = Panel(top, title=figures.title, title_align="left")
    if not exporters:
        return Group(panel, tables, recent)
    return Group(panel, exporters.table(rows), tables, recent)


def _ranking(
    title: str,
    what: str,
    counter: Counter[str],
    octets: Counter[tuple[str, str]] | None,
    rows: int,
) -> Table:
    """The names with most flows; octets only where there is room for them."""
    table = Table(expand=True, box=None, pad_edge=octets is not None)
    table.add_column(title, no_wrap=True, ratio=1)
    table.add_column("flows", justify="right")
    if octets is not None:
        table.add_column("octets", justify="right")
    for name, flows in counter.most_common(rows):
        more = () if octets is None else (with_unit(octets[what, name]),)
        table.add_row(name, str(flows), *more)
    return table


def _thin(counter: Counter[str]) -> None:
    for name, _ in counter.most_common()[_KEPT_NAMES // 2 :]:
        del counter[name]
