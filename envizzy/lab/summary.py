"""The lab's last word: one JSON object for programs, a table for people."""

from collections.abc import Mapping
from typing import NamedTuple

from rich.console import Console
from rich.table import Table


class Summary(NamedTuple):
    """What ``envizzy lab --json`` prints.

    Attributes:
        datagrams_sent: By the generator, or of the capture.
        datagrams_received: By ingest.
        records_sent: By the generator; of a capture: those that came out or wait.
        endpoint_published: Distinct records on the topic.
        interface_published: Distinct records on the topic.
        flow_published: Distinct records on the topic.
        repeated: Records beyond the first of the same identity.
        filtered: Left out as the filter policy wants it.
        parked: Waiting for their Template at the end.
        dead_lettered: In the dead letters.
        lost: None of all these; of a capture: datagrams.
        latency_ms_p50: Socket to topic, parked ones apart; None where nothing was published.
        latency_ms_p99: The same.
        netflow_published: Distinct router flows on the topic; None where no routers were asked for.
        netflow_1m_published: Totals on the topic, the last revision of each; None as before.
        netflow_1m_wrong: Flow keys whose totals do not add up to what was sent; None as before.
    """

    datagrams_sent: int
    datagrams_received: int
    records_sent: int
    endpoint_published: int
    interface_published: int
    flow_published: int
    repeated: int
    filtered: int
    parked: int
    dead_lettered: int
    lost: int
    latency_ms_p50: float | None
    latency_ms_p99: float | None
    netflow_published: int | None = None
    netflow_1m_published: int | None = None
    netflow_1m_wrong: int | None = None

    def as_dict(self) -> Mapping[str, int | float | None]:
        """In the order that is documented; what routers add only where there are some."""
        return {
            name: value
            for name, value in self._asdict().items()
            if value is not None or not name.startswith("netflow")
        }


def print_summary(summary: Summary, examples: tuple[str, ...], console: Console) -> None:
    """For people."""
    table = Table(title="envizzy lab", title_justify="left", show_header=False)
    for name, value in summary.as_dict().items():
        table.add_row(name.replace("_", " "), "-" if value is None else f"{value:,}")
    console.print(table)
    for line in examples:
        console.print(line, style="red", markup=False)
