"""Events taken together, until each is delivered or buried; and the pause between two attempts."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from schemas.subscriber import DELIVERED, Event, Fate, Outcome

Place = tuple[str, int]
"""Full name of a topic, and a partition."""


def pause(attempt: int, first: float, longest: float) -> float:
    """Seconds before the next attempt.

    Args:
        attempt: Failures in a row so far, from 1.
        first: After the first one.
        longest: What the doubling ends at.
    """
    return float(min(longest, first * 2 ** min(attempt - 1, 30)))


class Settled(NamedTuple):
    """What a call to a subscriber came to.

    Attributes:
        delivered: How many.
        refused: Events with what the destination said.
        answer: Of the first one that is to be given again; empty where none is.
    """

    delivered: int
    refused: list[tuple[Event, str]]
    answer: str


class Batch:
    """Events in the order in which they were taken.

    Attributes:
        pending: Those of which nothing final is known.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.pending = list(events)
        self._behind: dict[Place, int] = {
            (each.source, each.partition): each.offset + 1 for each in events
        }

    def settle(self, outcomes: Sequence[Outcome]) -> Settled:
        """Take the outcomes of the pending events.

        Raises:
            ValueError: Not as many as there are events.
        """
        if len(outcomes) != len(self.pending):
            raise ValueError(f"{len(outcomes)} outcomes for {len(self.pending)} events")
        # the usual case, and at the speed of C
        if outcomes.count(DELIVERED) == len(outcomes):
            self.pending = []
            return Settled(len(outcomes), [], "")
        refused: list[tuple[Event, str]] = []
        again: list[Event] = []
        answer = ""
        for event, outcome in zip(self.pending, outcomes, strict=True):
            if outcome.fate is Fate.REFUSED:
                refused.append((event, outcome.answer))
            elif outcome.fate is Fate.RETRY:
                answer = answer or outcome.answer or "no answer"
                again.append(event)
        delivered = len(self.pending) - len(refused) - len(again)
        self.pending = again
        return Settled(delivered, refused, answer)

    def keep(self, owned: Callable[[Place], bool]) -> int:
        """Forget the events of partitions that went to another process.

        Returns:
            How many were forgotten.
        """
        before = len(self.pending)
        gone = {place for place in self._behind if not owned(place)}
        if gone:
            self._behind = {p: at for p, at in self._behind.items() if p not in gone}
            self.pending = [e for e in self.pending if (e.source, e.partition) not in gone]
        return before - len(self.pending)

    def offsets(self) -> Mapping[Place, int]:
        """The offset of each partition below which all is done."""
        done = dict(self._behind)
        for event in reversed(self.pending):
            done[event.source, event.partition] = event.offset
        return done
