"""Takes events, has them delivered, buries what is refused, and says what is done."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from schemas.subscriber import (
    Event,
    MisconfiguredError,
    Outcome,
    Subscriber,
    UnavailableError,
    refused,
)
from service.logs import Repeats, logger
from streams.subscribers.batch import Batch, Place, pause
from streams.subscribers.metrics import Counters
from streams.subscribers.settings import SubscriberSettings
from streams.subscribers.stop import Stop

DEFECTS_IN_A_ROW = 100
"""Records at which a subscriber's program may fail one after the other, before the process ends: a
bad deployment must not move the whole stream into dead letters."""

_MS = 1000.0


class EventSource(Protocol):
    """Where events come from: ``source.Source``, or a test's own."""

    def take(self, number: int, seconds: float) -> list[Event]:
        """The next events."""
        ...

    def idle(self, seconds: float, stopped: Callable[[], bool]) -> None:
        """Let time pass without events."""
        ...

    def owns(self, place: Place) -> bool:
        """Whether a partition is still ours."""
        ...

    def done(self, offsets: "dict[Place, int]") -> None:
        """All below is done."""
        ...

    def close(self) -> None:
        """Commit and leave."""
        ...


class LetterBox(Protocol):
    """Where dead letters go: ``letters.Letters``, or a test's own."""

    def bury(self, event: Event, answer: str) -> None:
        """Hand one over."""
        ...

    def flush(self) -> None:
        """Wait until all are safe."""
        ...


class DefectError(RuntimeError):
    """The subscriber's program is at fault again and again, or breaks the contract."""


class Runner:
    """One subscriber at work, in one thread.

    Attributes:
        failing_since: ``clock`` of the first of the failures in a row; None where all is well.
        trouble: What the destination said last; empty where all is well.
    """

    def __init__(
        self,
        name: str,
        settings: SubscriberSettings,
        subscriber: Subscriber,
        source: EventSource,
        letters: LetterBox,
        counters: Counters,
        stop: Stop,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what it needs.

        Args:
            name: As in ``[subscribers.NAME]``.
            settings: Of the subscriber.
            subscriber: What delivers; closed at the end.
            source: Closed at the end.
            letters: Where refused records go.
            counters: Counted into.
            stop: Asks for the end.
            clock: Seconds since 1970-01-01T00:00:00Z.
        """
        self.name = name
        self.failing_since: float | None = None
        self.trouble = ""
        self._settings = settings
        self._subscriber = subscriber
        self._source = source
        self._letters = letters
        self._counters = counters
        self._stop = stop
        self._clock = clock
        self._delivering_since: float | None = None
        self._failures = 0
        self._refusals = 0
        self._defects = 0
        self._log = logger("streams.subscribers").bind(subscriber=name)
        self._repeats = Repeats(60.0)

    def delivering_seconds(self) -> float:
        """How long the delivery in work has been taking; may be called from other threads."""
        since = self._delivering_since
        return 0.0 if since is None else self._clock() - since

    def run(self) -> None:
        """Deliver until it is to stop.

        Raises:
            MisconfiguredError: Nothing can ever be delivered.
            DefectError: A fault of the program.
            LetterError: A dead letter cannot be sent (likewise ``SourceError``: a restart helps).
        """
        try:
            while not self._stop.requested:
                self.turn()
        finally:
            self._subscriber.close()
            self._source.close()

    def turn(self) -> None:
        """Take some events, if there are any, and see them through."""
        settings = self._settings
        events = self._source.take(settings.batch_records, settings.batch_wait_ms / _MS)
        if not events:
            self._tick()
            return
        self._counters.add("records", len(events))
        batch = Batch(events)
        while batch.pending and not self._stop.requested:
            again = self._attempt(batch)
            self._source.done(dict(batch.offsets()))
            if again is not None and batch.pending:
                self._source.idle(again, lambda: self._stop.requested)
                self._counters.add("moved_records", batch.keep(self._source.owns))
        if not batch.pending:
            oldest = min(event.timestamp_ms for event in events)
            self._counters.latency(self._clock() - oldest / _MS)

    def _tick(self) -> None:
        try:
            self._subscriber.tick()
        except OSError as error:
            self._repeats.warning(self._log, "trouble while idle", error=str(error))

    def _attempt(self, batch: Batch) -> float | None:
        """Deliver what is pending once; seconds to wait where something is to be given again."""
        asked: float | None = None
        self._delivering_since = self._clock()
        try:
            outcomes = self._outcomes(batch.pending)
        except (UnavailableError, OSError) as error:
            answer = str(error) or type(error).__name__
            if isinstance(error, UnavailableError):
                asked = error.after_seconds
        else:
            settled = self._settle(batch, outcomes)
            answer = settled
            if not answer:
                self._well()
                return None
        finally:
            self._delivering_since = None
        return self._failed(answer, len(batch.pending), asked)

    def _settle(self, batch: Batch, outcomes: Sequence[Outcome]) -> str:
        """Book the outcomes; the answer of what is to be given again."""
        try:
            settled = batch.settle(outcomes)
        except ValueError as error:
            raise DefectError(f"subscriber {self.name}: {error}") from error
        if settled.delivered:
            self._counters.add("delivered_records", settled.delivered)
            self._failures = self._refusals = 0
        if settled.refused:
            self._bury(settled.refused)
        return settled.answer

    def _bury(self, refusals: list[tuple[Event, str]]) -> None:
        self._refusals += len(refusals)
        event, answer = refusals[0]
        if self._refusals > self._settings.refusals_in_a_row:
            raise MisconfiguredError(
                f"{self._refusals} records refused one after the other, the last: {answer}; see "
                f"to it, or raise subscribers.{self.name}.refusals_in_a_row"
            )
        for each, said in refusals:
            self._letters.bury(each, said)
        self._letters.flush()
        self._counters.add("refused_records", len(refusals))
        self._repeats.warning(
            self._log,
            "records refused: they are dead letters",
            records=len(refusals),
            topic=event.source,
            partition=event.partition,
            offset=event.offset,
            answer=answer,
        )

    def _failed(self, answer: str, pending: int, asked: float | None) -> float:
        self._failures += 1
        self._counters.add("failures")
        self._counters.add("retried_records", pending)
        self.trouble = answer
        now = self._clock()
        if self.failing_since is None:
            self.failing_since = now
        self._counters.set("failing_seconds", now - self.failing_since)
        settings = self._settings
        seconds = pause(self._failures, settings.retry_seconds, settings.max_retry_seconds)
        if asked is not None:
            seconds = min(max(asked, seconds), settings.max_retry_seconds)
        if not self._stop.requested:
            self._repeats.warning(
                self._log, "not delivered: tried again", answer=answer, seconds=seconds
            )
        return seconds

    def _well(self) -> None:
        if self.failing_since is not None:
            seconds = round(self._clock() - self.failing_since, 1)
            self._log.info("delivers again", after_seconds=seconds)
            self._counters.set("failing_seconds", 0)
        self.failing_since, self.trouble, self._failures = None, "", 0

    def _outcomes(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Deliver; where the program itself fails, one by one, so that one record blocks none."""
        try:
            return self._subscriber.deliver(events)
        except (UnavailableError, OSError, MisconfiguredError):
            raise
        except Exception:  # noqa: BLE001 - logged here, counted and judged for each event alone
            self._log.exception("defect in a subscriber: its events go one by one")
        return [self._alone(event) for event in events]

    def _alone(self, event: Event) -> Outcome:
        try:
            outcomes = self._subscriber.deliver([event])
        except (UnavailableError, OSError, MisconfiguredError):
            raise
        except Exception as error:
            self._defects += 1
            self._counters.add("defects")
            if self._defects >= DEFECTS_IN_A_ROW:
                raise DefectError(f"subscriber {self.name}: {error!r}") from error
            return refused(f"defect: {error!r}")
        self._defects = 0
        if len(outcomes) != 1:
            raise DefectError(f"subscriber {self.name}: {len(outcomes)} outcomes for one event")
        return outcomes[0]
