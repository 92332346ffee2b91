"""The live table's section of exporters: what each router sends, and what it lacks."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from envizzy.lab.numbers import number, with_unit

_KEPT_EXPORTERS = 10_000
"""Beyond it the one that was silent longest is forgotten."""

_NAMES = {"NETFLOW_V5": "v5", "NETFLOW_V9": "v9", "NETFLOW_V1": "v1", "NETFLOW_V7": "v7"}


@dataclass(slots=True)
class _Exporter:
    """One router as its records show it."""

    protocol: str = ""
    flows: int = 0
    octets: int = 0
    sampling: object = None
    lacks: set[str] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Exporters:
    """Totals by exporter, from records of ``netflow``."""

    _all: OrderedDict[str, _Exporter] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def add(self, flow: Mapping[str, Any]) -> None:
        """One router flow record."""
        address = str(flow.get("sampler_address") or "?")
        found = self._all.pop(address, None) or _Exporter()
        self._all[address] = found
        if len(self._all) > _KEPT_EXPORTERS:
            self._all.popitem(last=False)
        kind = str(flow.get("type") or "?")
        found.protocol = _NAMES.get(kind, kind)
        found.flows += 1
        found.octets += number(flow.get("bytes"))
        found.sampling = flow.get("sampling_rate") or found.sampling
        found.lacks.update(flow.get("missing") or ())
        found.flags.update(flow.get("flags") or ())

    def table(self, rows: int) -> Table:
        """Those with most flows.

        Args:
            rows: At most so many.
        """
        table = Table(expand=True, box=None)
        table.add_column("exporters", no_wrap=True)
        table.add_column("sends", no_wrap=True)
        table.add_column("flows", justify="right", no_wrap=True)
        table.add_column("octets", justify="right", no_wrap=True)
        table.add_column("sampled", justify="right", no_wrap=True)
        table.add_column("lacks, flags", no_wrap=True, ratio=1)
        ordered = sorted(self._all.items(), key=lambda item: (-item[1].flows, item[0]))
        for address, found in ordered[:rows]:
            sampled = f"1:{found.sampling}" if found.sampling else "-"
            table.add_row(
                *(address, found.protocol, f"{found.flows:,}", with_unit(found.octets), sampled),
                ", ".join((*sorted(found.lacks), *sorted(found.flags))) or "-",
            )
        return table
