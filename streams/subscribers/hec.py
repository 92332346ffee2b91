"""The ``splunk-hec`` subscriber: events to Splunk, delivered when they are indexed."""

from collections.abc import Sequence
from typing import Protocol

from schemas.subscriber import (
    DELIVERED,
    Context,
    Event,
    MisconfiguredError,
    Outcome,
    UnavailableError,
    refused,
    retry,
)
from streams.subscribers.hec_events import (
    Answer,
    HecEvents,
    Meaning,
    invalid_event,
    meaning,
    split,
)
from streams.subscribers.settings import SplunkHecSettings


class Client(Protocol):
    """Speaks to the collector: ``hec_client.HecClient``, or a test's own."""

    def events(self, body: bytes) -> Answer:
        """Post events."""
        ...

    def acknowledged(self, ids: list[int]) -> Answer:
        """Ask which requests are indexed."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class HecSubscriber:
    """Requests of many events; a bad one is found and set apart."""

    def __init__(
        self, settings: SplunkHecSettings, context: Context, events: HecEvents, client: Client
    ) -> None:
        """Take what it needs.

        Args:
            settings: ``[subscribers.NAME]``.
            context: Pause and counters.
            events: Writes events.
            client: Closed at the end.
        """
        self._settings = settings
        self._context = context
        self._events = events
        self._client = client

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Post events, and wait until they are indexed, where acknowledgement is used.

        Raises:
            UnavailableError: Splunk takes nothing now.
            MisconfiguredError: Token, index or acknowledgement do not fit.
        """
        call = _Call(events)
        for at, event in enumerate(events):
            self._write(call, at, event)
        try:
            self._post_all(call)
        except UnavailableError as error:
            if not call.acks and not call.taken:
                raise
            call.trouble = str(error)
        self._await_acks(call)
        return call.outcomes()

    def tick(self) -> None:
        """Nothing: all is answered when a call ends."""

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _write(self, call: "_Call", at: int, event: Event) -> None:
        if event.value is None:
            self._context.count("skipped_records")
            call.taken.add(at)
            return
        try:
            octets = self._events.write(event)
        except ValueError as error:
            call.refusals[at] = str(error)
            return
        call.bodies[at] = octets

    def _post_all(self, call: "_Call") -> None:
        """Post what has a body, in requests; those with a bad event again without it."""
        order = list(call.bodies)
        sizes = [len(call.bodies[at]) for at in order]
        parts = [[order[i] for i in each] for each in split(sizes, self._settings.request_octets)]
        parts.reverse()
        while parts:
            part = parts.pop()
            answer = self._client.events(b"\n".join(call.bodies[at] for at in part))
            match meaning(answer):
                case Meaning.TAKEN:
                    self._taken(call, part, answer)
                case Meaning.SETTINGS:
                    raise MisconfiguredError(self._mistake(answer))
                case Meaning.LATER:
                    said = f"{self._settings.url}: {answer.said()}"
                    raise UnavailableError(said, answer.retry_after)
                case Meaning.BAD_EVENT | Meaning.TOO_LARGE:
                    parts += reversed(self._without(call, part, answer))

    def _without(self, call: "_Call", part: list[int], answer: Answer) -> list[list[int]]:
        """What is to be posted again of a request with a bad event."""
        said = f"Splunk: {answer.said()}"
        if len(part) == 1:
            call.refusals[part[0]] = said
            return []
        number = invalid_event(answer, len(part))
        if number is None:
            # Splunk takes what stands before a bad event: a half may be repeated, none is lost.
            self._context.count("resent_records", len(part))
            return [part[: len(part) // 2], part[len(part) // 2 :]]
        call.refusals[part[number]] = said
        self._context.count("resent_records", len(part) - 1)
        return [part[:number] + part[number + 1 :]]

    def _taken(self, call: "_Call", part: list[int], answer: Answer) -> None:
        if not self._settings.acknowledgement:
            call.taken.update(part)
            return
        number = answer.document.get("ackId")
        if not isinstance(number, int):
            raise MisconfiguredError(
                f"{self._settings.url}: the token has no indexer acknowledgement; enable it in "
                f"Splunk or set subscribers.{self._context.name}.acknowledgement = false"
            )
        call.acks[number] = part

    def _await_acks(self, call: "_Call") -> None:
        """Ask until all are indexed; what is not in time is to be sent again."""
        settings = self._settings
        waited = 0.0
        while call.acks:
            try:
                answer = self._client.acknowledged(sorted(call.acks))
            except UnavailableError as error:
                call.trouble = str(error)
            else:
                self._acknowledge(call, answer)
            if not call.acks:
                return
            if waited >= settings.ack_seconds or not self._context.wait(settings.ack_poll_seconds):
                call.trouble = call.trouble or f"not indexed within {settings.ack_seconds:g} s"
                return
            waited += settings.ack_poll_seconds

    def _acknowledge(self, call: "_Call", answer: Answer) -> None:
        if meaning(answer) is Meaning.SETTINGS:
            raise MisconfiguredError(self._mistake(answer))
        states = answer.document.get("acks")
        if not isinstance(states, dict):
            call.trouble = f"{self._settings.url}: {answer.said()}"
            return
        for number in [each for each in call.acks if states.get(str(each)) is True]:
            call.taken.update(call.acks.pop(number))

    def _mistake(self, answer: Answer) -> str:
        name = self._context.name
        return (
            f"{self._settings.url}: {answer.said()}; see to the token and the index "
            f"(subscribers.{name}.token, .index) in Splunk and here"
        )


class _Call:
    """What is known of the events of one call, by their index.

    Attributes:
        bodies: Events that can be sent.
        taken: Those that Splunk has.
        refusals: Why others never will be.
        acks: Acknowledgement id to the events that wait for it.
        trouble: Why the rest is to be given again.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._number = len(events)
        self.bodies: dict[int, bytes] = {}
        self.taken: set[int] = set()
        self.refusals: dict[int, str] = {}
        self.acks: dict[int, list[int]] = {}
        self.trouble = ""

    def outcomes(self) -> list[Outcome]:
        """One for each event."""
        again = retry(self.trouble)
        return [self._outcome(at, again) for at in range(self._number)]

    def _outcome(self, at: int, again: Outcome) -> Outcome:
        if at in self.taken:
            return DELIVERED
        return refused(self.refusals[at]) if at in self.refusals else again
