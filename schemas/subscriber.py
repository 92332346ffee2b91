"""The contract between a subscriber and what runs it; plug-ins need nothing else of ours.

A subscriber takes events of the record topics and brings them to one destination. What runs it
reads the topics, tries again after a pause, buries what is refused, and commits what is done.
docs/subscribers.md tells how to write one, ``streams.subscribers.contract`` tests it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, NamedTuple, Protocol, runtime_checkable

ENTRY_POINTS: Final = "envizzy.subscribers"
"""Group of entry points under which a package names its ``Factory``."""


class Event(NamedTuple):
    """One record as it stands on its topic.

    Attributes:
        topic: Default name, whatever it is called in this deployment: ``flow``, ``netflow``.
        source: Full name of the topic.
        partition: Of the topic.
        offset: In the partition.
        key: UDID, exporter address, as the topic has it; None where there is none.
        value: A JSON object in UTF-8; None is a tombstone of a compacted topic.
        timestamp_ms: Receive time of the datagram, milliseconds since 1970-01-01T00:00:00Z.
        headers: Names and octets in their order. ``record-id`` (``schemas.records``) is the same
            on every repeat of a record: by it a destination tells them apart.
    """

    topic: str
    source: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: Sequence[tuple[str, bytes]] = ()

    def header(self, name: str) -> str:
        """The text of a header; empty where there is none of that name."""
        for found, octets in self.headers:
            if found == name:
                return octets.decode("utf-8", "backslashreplace")
        return ""


class Fate(StrEnum):
    """What became of an event."""

    DELIVERED = "delivered"
    """The destination has it, as surely as its protocol can say."""

    RETRY = "retry"
    """Not yet: it is given again after a pause, however often that takes."""

    REFUSED = "refused"
    """The destination will never take this record: it becomes a dead letter, with the answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event, and what the destination said.

    Attributes:
        fate: See there.
        answer: One line of the destination's, for the dead letter or the log.
    """

    fate: Fate
    answer: str = ""


DELIVERED: Final = Outcome(Fate.DELIVERED)


def refused(answer: str) -> Outcome:
    """This record will never be taken."""
    return Outcome(Fate.REFUSED, answer)


def retry(answer: str) -> Outcome:
    """This record is to be given again."""
    return Outcome(Fate.RETRY, answer)


class UnavailableError(Exception):
    """The destination takes nothing now; all events of the call are given again after a pause.

    Attributes:
        after_seconds: What the destination asked for; None leaves the pause to the runner.
    """

    def __init__(self, message: str, after_seconds: float | None = None) -> None:
        """Say why, in one line."""
        super().__init__(message)
        self.after_seconds = after_seconds


class MisconfiguredError(Exception):
    """Settings with which nothing can ever be delivered (a wrong token): the process ends.

    Nothing of the call is committed. The message is one line that says what to mend.
    """


Tally = Literal["cut_records", "resent_records", "skipped_records", "connections", "files"]
"""What a subscriber counts itself: records cut to fit, records sent again after a connection broke,
records that it leaves out by intention, connections opened, files completed."""


class Context(Protocol):
    """What a subscriber is given: its name, a clock, a pause, a counter. Nobody sleeps otherwise.

    Attributes:
        name: Of the subscriber, as in ``[subscribers.NAME]``.
    """

    @property
    def name(self) -> str:
        """Of the subscriber."""
        ...

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        ...

    def wait(self, seconds: float) -> bool:
        """Let time pass.

        Returns:
            False where the process is to end and a call must come to its end now, as by
            ``UnavailableError``: what is not done is given again after the next start.
        """
        ...

    def count(self, what: Tally, number: int = 1) -> None:
        """Add to a metric of this subscriber."""
        ...


@runtime_checkable
class Subscriber(Protocol):
    """Brings events to one destination. Used by one thread; a call takes at most some minutes."""

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Deliver events, in their order.

        Args:
            events: At least one; of several topics and partitions, those of one partition in the
                order of their offsets. After a crash or a rebalance events come again.

        Returns:
            One outcome for each event, in the same order.

        Raises:
            UnavailableError: The destination is away; nothing is said about any event.
            OSError: The same, for subscribers that let the socket speak.
            MisconfiguredError: It can never work like this.
        """
        ...

    def tick(self) -> None:
        """Called when for a moment there is nothing to deliver: to complete a file by its age.

        Raises:
            OSError: Logged; the destination's trouble shows at the next delivery.
        """
        ...

    def close(self) -> None:
        """Give back what it holds; may be called twice. Nothing is delivered afterwards."""
        ...


Factory = Callable[[Mapping[str, Any], Context], Subscriber]
"""What an entry point names. The mapping is ``[subscribers.NAME.settings]`` as it stands in the
file (values of any TOML type); a wrong one raises ``MisconfiguredError``."""
