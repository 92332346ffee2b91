"""Adds shares to totals, and knows which of them differ from what stands on ``netflow-1m``."""

from itertools import count

from streams.totals.buckets import (
    BITS,
    ENDED,
    FIRST,
    FLOWS,
    LAST,
    MIXED_SAMPLING,
    NEVER,
    OCTETS,
    PACKETS,
    PUBLISHED,
    REVISION,
    SAMPLING,
    Bucket,
    Spill,
    Total,
)
from streams.totals.lanes import SECOND_NS, Lane
from streams.totals.present import Parsed

REVISE_NS = 10 * SECOND_NS
"""How long what comes late for a minute is gathered before its totals are published anew."""

_numbers = count(1)
"""Of buckets, in this process."""


class Ledger:
    """The totals of one partition of ``netflow``.

    Attributes:
        held: Totals in memory.
        covered: Shares left out since the total's revision says that it has them.
    """

    def __init__(self, spill: Spill) -> None:
        self._spill = spill
        self.held = 0
        self.covered = 0

    def add(
        self,
        lane: Lane,
        minute: int,
        key: str,
        offset: int,
        octets: int,
        packets: int,
        ended: int,
        first: int,
        last: int,
        bits: int,
        sampling: int,
    ) -> None:
        """Add a share of the record at an offset, unless the total has it already.

        A record adds to a total once at most.
        """
        bucket = lane.buckets.get(minute) or self._new_bucket(lane, minute)
        total = bucket.totals.get(key)
        if total is None and bucket.spilled:
            total = self._find(bucket, key)
        if total is None:
            bucket.totals[key] = [
                *(octets, packets, 1, ended, first, last, bits, sampling, offset + 1, NEVER)
            ]
            self.held += 1
        elif offset < total[REVISION]:
            self.covered += 1
            return
        else:
            total[OCTETS] += octets
            total[PACKETS] += packets
            total[FLOWS] += 1
            total[ENDED] += ended
            if first < total[FIRST]:  # noqa: PLR1730 - a third of the cost of min
                total[FIRST] = first
            if last > total[LAST]:  # noqa: PLR1730
                total[LAST] = last
            if bits:
                total[BITS] |= bits
            if sampling != total[SAMPLING]:
                total[SAMPLING] = sampling
                total[BITS] |= MIXED_SAMPLING
            total[REVISION] = offset + 1
        if bucket.changed is not None:
            bucket.changed.add(key)
        if bucket.dirty_from is None:
            self._dirty(lane, bucket, offset)

    def publish(self, lane: Lane, bucket: Bucket) -> tuple[bool, list[tuple[str, Total]]]:
        """Take what differs from what was published; it counts as published from now on.

        Returns:
            Whether more is expected for the minute, and (key, total).
        """
        items = bucket.dirty()
        for _, total in items:
            total[PUBLISHED] = total[REVISION]
        bucket.changed = set()
        bucket.dirty_from = None
        is_open = lane.buckets.get(bucket.minute) is bucket
        return is_open and lane.now_ns < lane.over_ns(bucket.minute), items

    def forget(self, lane: Lane, bucket: Bucket) -> None:
        """Let a bucket go, if its lane has."""
        if lane.buckets.get(bucket.minute) is not bucket:
            self.held -= len(bucket.totals)
            bucket.totals = {}
            if bucket.spilled:
                self._spill.drop(bucket.number)

    def spill(self, bucket: Bucket) -> None:
        """Move a bucket out of memory.

        Raises:
            ValueError: Something of it is not published.
        """
        if bucket.dirty_from is not None:
            raise ValueError("a bucket with what is not published cannot be spilled")
        self._spill.put(bucket.number, bucket.totals.items())
        self.held -= len(bucket.totals)
        bucket.totals = {}
        bucket.changed = set()
        bucket.spilled = True

    def adopt(self, lane: Lane, parsed: Parsed, output_offset: int, now: int) -> bool:
        """Take over a total that stands on ``netflow-1m``.

        Args:
            lane: Of the Exporter.
            parsed: Key and value.
            output_offset: Where it stands.
            now: Offset of the next record.

        Returns:
            Whether it is older than what stood there before it; then ours is to be published again.
        """
        bucket = lane.buckets.get(parsed.minute) or self._new_bucket(lane, parsed.minute)
        bucket.wrote(output_offset)
        ours = self._find(bucket, parsed.key)
        if ours is None:
            bucket.totals[parsed.key] = parsed.total
            self.held += 1
            return False
        revision, published = parsed.total[REVISION], ours[PUBLISHED]
        if revision < published:
            ours[PUBLISHED] = NEVER
            if bucket.changed is not None:
                bucket.changed.add(parsed.key)
            self._dirty(lane, bucket, now)
            bucket.due_ns = lane.due_ns = 0
            return True
        if revision >= ours[REVISION]:
            ours[:] = parsed.total
        ours[PUBLISHED] = revision
        return False

    def take_covered(self) -> int:
        """Return how many shares were left out since the last call."""
        covered, self.covered = self.covered, 0
        return covered

    def _dirty(self, lane: Lane, bucket: Bucket, offset: int) -> None:
        if bucket.dirty_from is None:
            bucket.dirty_from = offset
        over_ns = lane.over_ns(bucket.minute)
        bucket.due_ns = over_ns if over_ns > lane.now_ns else lane.now_ns + REVISE_NS
        lane.due_ns = min(lane.due_ns, bucket.due_ns)

    def _find(self, bucket: Bucket, key: str) -> Total | None:
        """Look a total up, and take it back into memory where it was spilled."""
        total = bucket.totals.get(key)
        if total is None and bucket.spilled:
            total = self._spill.find(bucket.number, key)
            if total is not None:
                bucket.totals[key] = total
                self.held += 1
        return total

    @staticmethod
    def _new_bucket(lane: Lane, minute: int) -> Bucket:
        bucket = lane.buckets[minute] = Bucket(next(_numbers), minute)
        return bucket
