"""Lanes: what came through one partition of ``raw``, its clock, its order, its reach.

The workers that decode advance independently: where one lags behind, its minutes close later, and
nothing of another lane is late for it. All Exporters of a lane are its own, since an Exporter's
datagrams stand in one partition of ``raw``.

What decides in which minute something counts is a function of the records alone, in their order
(``clock``, ``floor``, ``reach``): a replay must decide as the first time.
"""

from typing import TYPE_CHECKING, NamedTuple

from streams.totals.split import MINUTE_NS

if TYPE_CHECKING:
    from streams.totals.buckets import Bucket

HOUR = 60
"""Minutes."""

SLEEP = 30
"""Minutes of the other lanes' clock after which a silent lane is forgotten up to its clock, so
that it neither fills memory nor makes the next start read far back."""

QUIET = 2
"""Minutes of the other lanes' clock after which what a silent lane counted is published early."""

SECOND_NS = 1_000_000_000

PREFIX = 31
"""Octets of a record id that name the datagram."""

LANE = 13
"""Octets of a record id that name the topic's incarnation and the partition."""

INCARNATION = 8
"""Octets of a record id that name the topic's incarnation."""

AHEAD = 2
"""Minutes from the clock's to the first in which nothing can count yet: a flow may end in the next
minute, for clocks differ a little."""

NONE_DUE = 1 << 63


class Rules(NamedTuple):
    """What decides in which minute something counts; kept with the offsets, see ``Book``.

    Attributes:
        grace_seconds: After the end of a minute until it is published; 0: the longest flow seen
            in this hour and the one before, and a minute.
        late_minutes: So long after that its totals can still be revised.
        longest_minutes: Flows that claim more are capped.
    """

    grace_seconds: int = 0
    late_minutes: int = 5
    longest_minutes: int = 60

    @property
    def farthest(self) -> int:
        """Minutes that a new lane reaches back."""
        return max(self.longest_minutes + 1, -(-self.grace_seconds // 60)) + self.late_minutes


class LaneMark(NamedTuple):
    """A lane at an offset: the attributes of ``Lane`` that a replay needs."""

    key: bytes
    position: bytes
    clock: int
    floor: int
    longest: int
    before: int
    heard: int


class Lane:
    """One partition of ``raw``, as far as it is seen in one of ``netflow``.

    Attributes:
        key: Incarnation and partition, as record ids begin.
        position: Of its newest record: where it was released, and its record id. What does not
            rise is a repeat.
        clock: Newest minute of receipt; -1: nothing came yet.
        floor: Oldest minute that can still be counted in; never falls.
        longest: Longest flow of this hour of the clock, whole seconds, rounded up.
        before: The same of the hour before.
        heard: The partition's clock when its last record came.
        grace_ns: How long after the end of a minute its records may come.
        now_ns: Newest time of receipt.
        due_ns: When the next bucket is to be published, by ``now_ns``.
        buckets: By minute, not below ``floor``.
    """

    __slots__ = (
        "before",
        "buckets",
        "clock",
        "due_ns",
        "floor",
        "grace_ns",
        "heard",
        "key",
        "longest",
        "next_minute_ns",
        "now_ns",
        "position",
    )

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.position = b""
        self.clock = -1
        self.floor = -1
        self.longest = 0
        self.before = 0
        self.heard = -1
        self.grace_ns = 0
        self.now_ns = 0
        self.next_minute_ns = 0
        self.due_ns = NONE_DUE
        self.buckets: dict[int, Bucket] = {}

    def lasted(self, seconds: int, rules: Rules) -> None:
        """A flow lasted longer than any of this hour."""
        self.longest = seconds
        self.settle(rules)

    def reach(self, rules: Rules) -> int:
        """How many minutes before the clock's can be counted in."""
        seconds = max(rules.grace_seconds, self.longest + 60, self.before + 60)
        return -(-seconds // 60) + rules.late_minutes

    def begin(self, minute: int, base_floor: int, rules: Rules) -> None:
        """Its first record comes."""
        self.clock = minute
        self.floor = max(base_floor, minute - rules.farthest)
        self.next_minute_ns = (minute + 1) * MINUTE_NS
        self.settle(rules)

    def tick(self, minute: int, rules: Rules) -> None:
        """Its clock goes on to another minute: hours pass, and what is out of reach is let go."""
        hours = minute // HOUR - self.clock // HOUR
        if hours:
            self.before = self.longest if hours == 1 else 0
            self.longest = 0
            self.settle(rules)
        self.clock = minute
        self.next_minute_ns = (minute + 1) * MINUTE_NS
        self.floor = max(self.floor, minute - self.reach(rules))

    def over_ns(self, minute: int) -> int:
        """When a minute is over, by ``now_ns``, its grace included."""
        return (minute + 1) * MINUTE_NS + self.grace_ns

    def hurry(self) -> None:
        """Let all that is not published be due."""
        for bucket in self.buckets.values():
            if bucket.dirty_from is not None:
                bucket.due_ns = self.due_ns = 0

    def fall_asleep(self) -> None:
        """No minute that it can have counted in can be counted in any more."""
        self.floor = max(self.floor, self.clock + AHEAD)

    def settle(self, rules: Rules) -> None:
        """Work out the grace."""
        self.grace_ns = (rules.grace_seconds or max(self.longest, self.before) + 60) * SECOND_NS


def mark(lane: Lane) -> LaneMark:
    """Return what a replay needs of a lane."""
    return LaneMark(
        lane.key, lane.position, lane.clock, lane.floor, lane.longest, lane.before, lane.heard
    )


def lane_of(marked: LaneMark, rules: Rules) -> Lane:
    """Return the lane as it was."""
    lane = Lane(marked.key)
    _, lane.position, lane.clock, lane.floor, lane.longest, lane.before, lane.heard = marked
    lane.now_ns = lane.clock * MINUTE_NS
    lane.next_minute_ns = lane.now_ns + MINUTE_NS
    lane.settle(rules)
    return lane
