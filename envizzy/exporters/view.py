"""Exporters for people: a table of all, and the verdicts."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from envizzy.exporters.check import Verdict, Weight

_MS_NS = 1_000_000
_SECOND_NS = 1_000_000_000


def print_table(
    records: Sequence[Mapping[str, Any]], verdicts: Sequence[Verdict], now_ns: int
) -> None:
    """All exporters, a row each."""
    table = Table("exporter", "sends", box=None, pad_edge=False)
    for heading in ("flows", "sampled", "longest", "seen ago"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", ratio=1)
    for record, verdict in zip(records, verdicts, strict=True):
        table.add_row(
            record["exporter"],
            " ".join(_short(each) for each in record["protocols"]),
            f"{record['records'].get('netflow_records', 0):,}",
            " ".join(f"1:{each:g}" for each in record["sampling_rates"]) or "-",
            f"{record['longest_duration_ms'] / 1000:.0f} s",
            f"{max(0, now_ns - record['last_seen_ns']) // _SECOND_NS} s",
            verdict.summary,
        )
    Console().print(table)


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """What is to be said of each, and the lines that put it right."""
    console = Console(highlight=False)
    for number, verdict in enumerate(verdicts):
        if number:
            console.print()
        state = "[green]complete[/green]" if verdict.complete else "[red]not complete[/red]"
        console.print(f"[bold]{verdict.exporter}[/bold] {state}")
        for finding in verdict.findings:
            mark = "-" if finding.weight is Weight.WRONG else "(note)"
            console.print(f"  {mark} {finding.text}", markup=False)
        if verdict.lines:
            console.print("  configuration (Cisco Flexible NetFlow; classic for v5), to be added:")
            for line in verdict.lines:
                console.print(f"    {line}", markup=False)


def _short(protocol: str) -> str:
    return protocol.removeprefix("NETFLOW_").replace("V", "v", 1)
