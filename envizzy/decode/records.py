"""``decode --records``: the records as they stand on the topics, by the streams' own pipeline.

The datagrams go through the same ``step`` and the same state as behind Kafka, the fleet's layouts
included, so what is printed is what a subscriber would read. All is taken as UDP: withdrawals in
IPFIX files do not count here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from envizzy.captures import Captured
from schemas.datagram import Coordinates, Datagram, Transport
from streams.agents.context import DEFAULT_NETFLOW, make_context
from streams.agents.rendering import meta_fields
from streams.interpret.render import render
from streams.pipeline.advance import advance
from streams.pipeline.context import Context
from streams.pipeline.counts import Count
from streams.pipeline.model import Outcome, Record
from streams.pipeline.step import step
from streams.settings import NetflowSettings, StreamsSettings
from streams.state.layouts import Fleet
from streams.state.partition import PartitionState

_NO_ADDRESS = bytes(16)
"""Exporter of what comes from a file that has none; printed as ``::``."""

_INCARNATION = "00000000"

_MOST_TURNS = 10_000
"""Turns that parked Sets get at the end; each turn tries some of them on the fleet's layouts."""


class Replay:
    """Feeds datagrams to the pipeline as one partition of ``raw`` would."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = PartitionState(context.state_limits)
        self._fleet = Fleet(limits=context.state_limits)
        self._now_ns = 0
        self._number = 0
        self.filtered = 0
        self.dead_letters: Counter[str] = Counter()

    def feed(self, captured: Captured) -> list[Record]:
        """The records that one datagram lets out."""
        self._now_ns = max(self._now_ns, captured.time_ns)
        datagram = Datagram(
            captured.time_ns,
            captured.exporter or _NO_ADDRESS,
            captured.port,
            captured.local_port,
            Transport.UDP,
            None,
            captured.payload,
        )
        prefix = Coordinates(_INCARNATION, 0, self._number, 0).prefix()
        self._number += 1
        passed = advance(self._state, self._fleet, self._now_ns, self._context)
        records = self._take(passed)
        outcome = step(datagram, prefix, self._state, self._fleet, self._now_ns, self._context)
        return records + self._take(outcome)

    def finish(self) -> list[Record]:
        """What parked Sets still give once every layout is known."""
        records: list[Record] = []
        for _ in range(_MOST_TURNS):
            outcome = advance(self._state, self._fleet, self._now_ns, self._context)
            records += self._take(outcome)
            if not (outcome.records or outcome.changes or outcome.notes):
                break
        return records

    def parked(self) -> int:
        """How many Sets wait for a Template that has not come."""
        return sum(1 for _ in self._state.parked_keys())

    def _take(self, outcome: Outcome) -> list[Record]:
        self._state.apply(outcome.changes, outcome.notes)
        for layout in outcome.layouts:
            self._fleet = self._fleet.with_layout(layout.value)
        self.filtered += outcome.counts.get(Count.FILTERED_RECORDS, 0)
        self.dead_letters.update(str(letter.reason) for letter in outcome.dead_letters)
        return list(outcome.records)


def record_lines(
    captured: Iterable[Captured],
    site_files: tuple[Path, ...],
    *,
    as_json: bool,
    settings: StreamsSettings | None = None,
    netflow: NetflowSettings = DEFAULT_NETFLOW,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[bytes]:
    """The values of the records, a line each.

    Args:
        captured: In order.
        site_files: Elements and field keys of a site's own.
        as_json: Just the value; else its kind and key stand before it.
        settings: Of the deployment: filter, time zone, form of values; None: the defaults.
        netflow: Of the deployment, for router flows.
        note: Is told at the end what did not become a record.
    """
    streams = settings or StreamsSettings()
    replay = Replay(make_context(streams, site_files, netflow))
    for datagram in captured:
        for record in replay.feed(datagram):
            yield _line(record, streams, as_json=as_json)
    for record in replay.finish():
        yield _line(record, streams, as_json=as_json)
    if replay.filtered:
        note(f"{replay.filtered} filtered, as the policy says")
    for reason, count in sorted(replay.dead_letters.items()):
        note(f"{count} to dead-letter: {reason}")
    if replay.parked():
        note(f"{replay.parked()} Sets without a Template")


def _line(record: Record, streams: StreamsSettings, *, as_json: bool) -> bytes:
    meta = meta_fields(record) if streams.meta == "fields" else None
    value = render(record.value, streams.json_values, streams.big_numbers, meta)
    if as_json:
        return value
    key = record.key.decode() if record.key else "-"
    return f"{record.kind:9} {key}  ".encode() + value
