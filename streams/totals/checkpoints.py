"""Which offset may be committed: none whose records stand in a total that is not delivered yet."""

from collections import deque

from streams.totals.buckets import Bucket
from streams.totals.snapshot import Snapshot

MOST = 128
"""Snapshots that are kept; when there are more, every second one goes."""


class Round:
    """Totals of one bucket that were sent together.

    Attributes:
        dirty_from: Offset of the oldest record that they hold and that was not delivered before.
        open: Records that are not delivered yet.
    """

    __slots__ = ("bucket", "dirty_from", "open")

    def __init__(self, bucket: Bucket, dirty_from: int, records: int) -> None:
        self.bucket = bucket
        self.dirty_from = dirty_from
        self.open = records

    def delivered(self, output_offset: int) -> None:
        """One of its records stands at an offset of ``netflow-1m``."""
        self.open -= 1
        first = self.bucket.first_output
        if first is None or output_offset < first:
            self.bucket.first_output = output_offset


class Checkpoints:
    """The snapshots of one partition that may become commits."""

    def __init__(self) -> None:
        self._rounds: deque[Round] = deque()
        self._marks: deque[Snapshot] = deque()

    @property
    def unconfirmed(self) -> int:
        """Records sent and not delivered."""
        return sum(each.open for each in self._rounds)

    def sent(self, round_: Round) -> None:
        """Totals are on their way."""
        self._rounds.append(round_)

    def mark(self, snapshot: Snapshot) -> None:
        """Keep a snapshot that may be committed later."""
        if self._marks and self._marks[-1].offset == snapshot.offset:
            self._marks.pop()
        self._marks.append(snapshot)
        if len(self._marks) > MOST:
            newest = self._marks.pop()
            self._marks = deque(list(self._marks)[::2])
            self._marks.append(newest)

    def committable(self, unpublished_from: int) -> Snapshot | None:
        """Return the newest snapshot that may be committed, and forget those before it.

        Args:
            unpublished_from: ``Book.unpublished_from``.
        """
        self._rounds = deque(each for each in self._rounds if each.open)
        bound = min((each.dirty_from for each in self._rounds), default=unpublished_from)
        bound = min(bound, unpublished_from)
        found = None
        while self._marks and self._marks[0].offset <= bound:
            found = self._marks.popleft()
        return found
