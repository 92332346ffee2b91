"""The memory of a partition with its way into and out of the ``state`` topic.

The pipeline reads it and gives back changes; whoever owns the partition (the agent) applies them
and writes them to the ``state`` topic.
"""

from collections.abc import Iterable, Mapping
from typing import cast

from streams.state import codec
from streams.state.codec import StateValue
from streams.state.limits import StateLimits
from streams.state.memory import Memory
from streams.state.model import (
    OPTIONS,
    TEMPLATES,
    Change,
    Forgotten,
    Note,
    Numbering,
    SessionKey,
    StateKey,
)

DUE = "due"
"""Note: receive time of the next sweep, ns."""

SWEEP = "sweep"
"""Note: how many Exporters the running sweep has looked through."""

FLEET = "fleet"
"""Note: number of the fleet whose layouts were tried on all that is parked; none after loading."""

RELEASE = "release"
"""Note: (fleet number, key of the parked Set that was tried last) of a running trial."""

LAYOUT = "layout"
"""Notes ``(LAYOUT, content hash)``: when a layout was given out to be written."""


class PartitionState(Memory):
    """The memory of one partition.

    Its owner calls ``apply``, ``encode``, ``load`` and ``rewrites``; everybody else reads.
    """

    def __init__(self, limits: StateLimits | None = None) -> None:
        super().__init__()
        self.limits = limits or StateLimits()
        self._versions: dict[bytes, int] = {}
        self._stale: set[bytes] = set()

    @property
    def due_at_ns(self) -> int:
        """Receive time from which on ``advance`` has something to look at."""
        return cast("int", self.notes.get(DUE, 0))

    def apply(self, changes: Iterable[Change], notes: Iterable[Note] = ()) -> None:
        """Take over what an Outcome says; each change is then to be written (``encode``)."""
        if changes:
            self._settle()
            for change in changes:
                self._place(change.key, change.value)
        for key, value in notes:
            if value is None:
                self.notes.pop(key, None)
                continue
            self.notes[key] = value
            if len(self.notes) > self.limits.numberings:
                self._forget_numberings()

    def number(self, numberings: Mapping[SessionKey, Numbering]) -> None:
        """Take over Sequence Numbers: ``apply`` for many notes of one kind."""
        self.notes.update(cast("Mapping[object, object]", numberings))
        if len(self.notes) > self.limits.numberings:
            self._forget_numberings()

    def encode(self, change: Change, offset: int) -> tuple[bytes, bytes | None]:
        """Return Kafka key and value of a change that was applied; None is the tombstone.

        Args:
            change: Applied before.
            offset: Of the raw event. The version is never lower than the one before, since offsets
                begin again at 0 when ``raw`` is made anew.
        """
        key = codec.encode_key(change.key)
        self._stale.discard(key)
        if change.value is None:
            self._versions.pop(key, None)
            return key, None
        version = self._versions[key] = max(self._versions.get(key, 0), offset)
        return key, codec.encode_value(change.value, version)

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take over one record of the ``state`` topic, in the order of its offsets.

        The greatest version counts; of equal ones the later. A record with a smaller version is the
        late write of a worker that was frozen: its key is due in ``rewrites``.

        Raises:
            SchemaError: Not a record of the state topic, or of a newer form.
        """
        codec.check_key(key)
        # What is parked is tried anew: somebody else may have learnt its Template and died.
        self.notes.pop(FLEET, None)
        self.notes.pop(RELEASE, None)
        if not value:
            self._versions.pop(key, None)
            self._stale.discard(key)
            self._loaded[key] = b""
            return
        version = codec.version_of(value)
        if version < self._versions.get(key, 0):
            self._stale.add(key)
            return
        self._stale.discard(key)
        self._versions[key] = version
        self._loaded[key] = value

    def rewrites(self) -> list[tuple[bytes, bytes]]:
        """Return Kafka key and value of what must be written again after loading, once."""
        self._settle()
        again = [(octets, self._value(codec.decode_key(octets))) for octets in sorted(self._stale)]
        self._stale.clear()
        return [
            (octets, codec.encode_value(value, self._versions[octets]))
            for octets, value in again
            if value is not None
        ]

    def __len__(self) -> int:
        """How many keys are remembered, graves apart."""
        self._settle()
        return sum(
            len(item.sessions) + len(item.options) + len(item.parked)
            for item in self._exporters.values()
        )

    def _value(self, key: StateKey) -> StateValue | None:
        if key in self._graves:
            return Forgotten(self._graves[key])
        memory = self._exporters.get(key[0].exporter)
        if memory is None:
            return None
        if key[1] == TEMPLATES:
            return self.session(key[0])
        if key[1] == OPTIONS:
            return self.options(key[0])
        return self.parked_set(key) if key in memory.parked else None

    def _forget_numberings(self) -> None:
        numberings = [key for key in self.notes if isinstance(key, SessionKey)]
        for key in numberings[: len(numberings) // 2 + 1]:
            del self.notes[key]
