"""The work on one event: each datagram by itself, guarded; then sent, then remembered."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from schemas import raw_batch
from schemas.datagram import Coordinates, Datagram
from schemas.errors import SchemaError
from service.logs import Repeats, logger
from streams.agents import letters
from streams.agents.exporters import ExporterRecords
from streams.agents.flights import Flight
from streams.agents.making import Maker, maker
from streams.agents.publisher import Arguments, Publisher
from streams.agents.rendering import Renderer
from streams.agents.stop import stop_process
from streams.filtering import Policy
from streams.metrics import StreamsMetrics
from streams.pipeline.context import Context
from streams.pipeline.model import DeadLetter, Outcome, Reason
from streams.pipeline.steady import Run
from streams.state.layouts import Fleet
from streams.state.model import PARKED, Change, Forgotten
from streams.state.partition import PartitionState

Step = Callable[[Datagram, str, PartitionState, Fleet, int, Context], Outcome]
ReadRun = Callable[
    [Sequence[Datagram], int, str, PartitionState, Context, Maker], Run[Arguments | None]
]
Advance = Callable[[PartitionState, Fleet, int, Context], Outcome]

HEADER_OCTETS = 512
"""Room for key and headers beside the value."""


class Fleets(Protocol):
    """Whoever knows the newest layouts."""

    fleet: Fleet


class Decoder:
    """Turns events into records; owns no state but the count of failures in a row."""

    def __init__(
        self,
        read_run: ReadRun,
        step: Step,
        advance: Advance,
        context: Context,
        fleets: Fleets,
        states: Mapping[int, PartitionState],
        publisher: Publisher,
        renderer: Renderer,
        metrics: StreamsMetrics,
        incarnation: str,
        failures_in_a_row: int,
        message_octets: int,
        exporters: ExporterRecords,
    ) -> None:
        """Take what it needs.

        Args:
            read_run: ``streams.pipeline.read_run``.
            step: ``streams.pipeline.step``.
            advance: ``streams.pipeline.advance``.
            context: Of both.
            fleets: The layouts reader.
            states: By partition.
            publisher: Sends.
            renderer: A record to its value, cut if it must be.
            metrics: Counted into.
            incarnation: Of ``raw``, for record ids.
            failures_in_a_row: After so many the worker stops.
            message_octets: Largest record.
            exporters: Told of every datagram.
        """
        self._read_run = read_run
        self._step = step
        self._advance = advance
        self._context = context
        self._fleets = fleets
        self._states = states
        self._publisher = publisher
        self._renderer = renderer
        self._metrics = metrics
        self._incarnation = incarnation
        self._failures_in_a_row = failures_in_a_row
        self._value_octets = message_octets - HEADER_OCTETS
        self._exporters = exporters
        self._failures = 0
        self._log = logger("streams.decode")
        self._repeats = Repeats(10.0)

    def take_policy(self, policy: Policy) -> None:
        """Filter by another policy from the next event on.

        Called by the event loop, and so never within ``work``.
        """
        self._context = self._context.with_policy(policy)

    def work(self, flight: Flight, value: bytes | None) -> None:
        """Do all that follows from one event.

        Args:
            flight: Of the event; what is sent is put on its account.
            value: A ``RawBatch``.
        """
        try:
            batch = raw_batch.decode(value or b"")
        except SchemaError as error:
            self._metrics.counter("streams_unreadable_events_total").inc()
            self._publisher.bury(flight, letters.of_event(str(error), 0))
            return
        state, now_ns = self._states[flight.partition], batch.sealed_at_ns
        flight.received_at_ns = batch.datagrams[0].received_at_ns if batch.datagrams else 0
        at = Coordinates(self._incarnation, flight.partition, flight.offset, 0).prefix()[:-4]
        changes: dict[tuple[object, ...], Change] = {}
        counts: dict[str, int] = {}
        step, context, fleet = self._step, self._context, self._fleets.fleet
        observe = self._exporters.observe
        index, size = 0, len(batch.datagrams)
        while (index := self._run(flight, state, batch.datagrams, index, at, counts)) < size:
            datagram, prefix = batch.datagrams[index], f"{at}{index:04x}"
            index += 1
            try:
                outcome = step(datagram, prefix, state, fleet, now_ns, context)
                self._follow(flight, state, outcome, prefix, changes, counts)
                self._failures = 0
                observe(flight, state, datagram, outcome)
            except Exception as error:  # noqa: BLE001 - a defect takes one datagram, not the event
                self._failed(flight, datagram, prefix, error)
        try:
            outcome = self._advance(state, fleet, now_ns, context)
            behind = f"{at}{len(batch.datagrams):04x}"
            self._follow(flight, state, outcome, behind, changes, counts)
        except Exception as error:  # noqa: BLE001 - what is due stays due; the next event tries again
            letter = letters.of_event(f"advance: {error!r}", now_ns)
            self._account(flight, letter, error)
        self._exporters.publish(flight, state, now_ns)
        self._remember(flight, state, changes)
        self._metrics.count(counts)
        if state.unreadable:
            self._metrics.counter("streams_state_ill_formed_total").inc(state.unreadable)
            state.unreadable = 0

    def _run(
        self,
        flight: Flight,
        state: PartitionState,
        datagrams: Sequence[Datagram],
        begin: int,
        at: str,
        counts: dict[str, int],
    ) -> int:
        """Do the datagrams that need no more than to be read.

        Returns:
            Index of the first one that needs ``step``. That is the next one, too, where the run
            has a defect: ``step`` finds out which datagram it is.
        """
        too_large: list[DeadLetter] = []
        try:
            make = maker(flight, self._publisher.topic, self._renderer, too_large)
            run = self._read_run(datagrams, begin, at, state, self._context, make)
        except Exception as error:  # noqa: BLE001 - nothing was sent or applied: one by one now
            self._repeats.warning(self._log, "a defect of ours in a run", error=repr(error))
            return begin
        if run.end > begin:
            state.number(run.numberings)
            self._send(flight, run.records, too_large)
            _add(counts, run.counts)
            self._failures = 0
        return run.end

    def _send(
        self, flight: Flight, made: Sequence[Arguments | None], letters: Iterable[DeadLetter]
    ) -> None:
        """Send what a ``maker`` made, and letters."""
        sendable = [each for each in made if each is not None]
        flight.octets += sum([len(each[1]) for each in sendable])
        self._publisher.send_all(flight, sendable)
        for letter in letters:
            self._publisher.bury(flight, letter)

    def _follow(
        self,
        flight: Flight,
        state: PartitionState,
        outcome: Outcome,
        prefix: str,
        changes: dict[tuple[object, ...], Change],
        counts: dict[str, int],
    ) -> None:
        """Send what an outcome says and take over its changes.

        All that may raise for a defect comes before the first of it is sent or applied. ``prefix``
        says where in ``raw`` the work stands: by it what was parked is released.
        """
        too_large: list[DeadLetter] = []
        make = maker(flight, self._publisher.topic, self._renderer, too_large, prefix)
        made = [make(*record) for record in outcome.records]
        if outcome.changes or outcome.notes:
            state.apply(outcome.changes, outcome.notes)
            for change in outcome.changes:
                changes[change.key] = change
        self._send(flight, made, (*too_large, *outcome.dead_letters))
        for layout in outcome.layouts:
            self._publisher.layout(flight, layout)
        _add(counts, outcome.counts)

    def _remember(
        self,
        flight: Flight,
        state: PartitionState,
        changes: dict[tuple[object, ...], Change],
    ) -> None:
        """Write the state: one record for each key that changed in this event.

        It is written when all that this event and those before it gave is confirmed, and not
        before: other partitions of Kafka may be ahead, and whoever goes on from a state whose
        records are not there decodes what was parked at another place, or never. The ends of what
        was parked come first: where its Template is known, it is over.
        """
        topic, partition = self._publisher.topic["state"], flight.partition
        records: list[Arguments] = []
        for change in sorted(changes.values(), key=_is_no_end):
            key, value = state.encode(change, flight.offset)
            if value is not None and len(key) + len(value) > self._value_octets:
                detail = f"state of {len(value)} octets is not written: {change.key!r}"
                self._publisher.bury(
                    flight, letters.of_event(detail, 0)._replace(reason=Reason.LIMIT)
                )
                continue
            flight.octets += len(value or b"")
            records.append((topic, value, key, partition, flight.report, None, 0, []))
        if records:
            flight.afterwards = partial(self._publisher.send_all, flight, records)
        if changes:
            self._metrics.counter("streams_state_records_total").inc(len(changes))

    def _failed(self, flight: Flight, datagram: Datagram, prefix: str, error: Exception) -> None:
        letter = DeadLetter(
            Reason.INTERNAL,
            prefix,
            datagram.exporter,
            datagram.port,
            datagram.received_at_ns,
            0,
            datagram.payload,
            repr(error),
        )
        self._account(flight, letter, error)

    def _account(self, flight: Flight, letter: DeadLetter, error: Exception) -> None:
        self._failures += 1
        if self._repeats.due("internal") is not None:
            self._log.error(
                "a defect of ours: the datagram is a dead letter",
                record_id=letter.record_id,
                in_a_row=self._failures,
                exc_info=error,
            )
        if self._failures >= self._failures_in_a_row:
            stop_process("too many datagrams failed one after the other", failures=self._failures)
        self._publisher.bury(flight, letter)


def _is_no_end(change: Change) -> bool:
    return change.key[1] != PARKED or not isinstance(change.value, Forgotten)


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, number in more.items():
        counts[name] = counts.get(name, 0) + number
