"""One partition of ``netflow``: records in, in their order; what is to be published out.

Exact over repeats and replays, by three rules:

- Each record is judged once: its position in its lane must rise, else it is a repeat.
- Each total carries a revision: the offset before which all of its key is included. After a
  restart the totals are read back from ``netflow-1m``, records are read again from the committed
  offset, and a total leaves out what its revision says it has.
- In which minute something counts follows from the records before it alone, so that the second
  reading decides as the first. What it needs stands with the committed offset (``snapshot``).
"""

from collections.abc import Iterator, Mapping

from streams.totals.buckets import AT_RECEIPT, CAPPED, LATE, Bucket, Spill
from streams.totals.flows import Flow, left_out_key
from streams.totals.lanes import (
    AHEAD,
    INCARNATION,
    LANE,
    NONE_DUE,
    PREFIX,
    QUIET,
    SECOND_NS,
    SLEEP,
    Lane,
    Rules,
    lane_of,
    mark,
)
from streams.totals.ledger import Ledger
from streams.totals.present import Parsed
from streams.totals.snapshot import Snapshot
from streams.totals.split import MINUTE_NS, Share, minutes_of, split


class Book:
    """What is known of a partition.

    Attributes:
        ledger: The totals.
        lanes: By the beginning of record ids.
        rules: In force.
        next: Offset of the next record.
        known_end: Highest revision read back: what comes before it may be counted already.
        output_end: Offset on ``netflow-1m`` behind what we know to stand there.
        counts: Since they were taken: ``repeats``, ``late``, ``at_receipt``, ``capped``, and the
            reasons of what is left out.
    """

    def __init__(self, snapshot: Snapshot | None, rules: Rules, spill: Spill) -> None:
        """Begin at a committed offset.

        Args:
            snapshot: What stands with it; None where nothing is committed.
            rules: For a beginning without a snapshot; else the snapshot's hold.
            spill: For what memory has no room for.
        """
        self.ledger = Ledger(spill)
        self.lanes: dict[bytes, Lane] = {}
        self.rules = rules
        self.next = 0
        self.known_end = 0
        self.output_end = 0
        self.counts: dict[str, int] = {}
        self._clock = -1
        self._base_floor = -1
        self._gone: list[tuple[Lane, Bucket]] = []
        if snapshot is not None:
            self.rules = snapshot.rules
            self.next = snapshot.offset
            self._clock = snapshot.clock
            self._base_floor = snapshot.base_floor
            self.lanes = {each.key: lane_of(each, self.rules) for each in snapshot.lanes}

    def take(
        self,
        offset: int,
        record_id: bytes,
        released_by: bytes | None,
        exporter: str,
        received_ns: int,
        read: Flow | str,
    ) -> None:
        """Add one record of ``netflow``.

        Args:
            offset: Its own.
            record_id: Header.
            released_by: Header; None where it has none.
            exporter: Header.
            received_ns: Header; positive.
            read: What it says, or why it is left out.
        """
        self.next = offset + 1
        lane = self.lanes.get(record_id[:LANE]) or self._new_lane(record_id[:LANE])
        position = (released_by or record_id[:PREFIX]) + record_id
        if position <= lane.position:
            self._count("repeats")
            return
        lane.position = position
        if received_ns > lane.now_ns:
            lane.now_ns = received_ns
            if received_ns >= lane.next_minute_ns:
                self._tick(lane, received_ns // MINUTE_NS)
        lane.heard = self._clock
        if isinstance(read, str):
            self._count(read)
            key = left_out_key(exporter, read)
            self.ledger.add(lane, lane.clock, key, offset, 0, 0, 0, 0, 0, 0, 0)
            return
        add = self.ledger.add
        flow_key, start, end, octets, packets, sampling, doubtful = read
        key = f"{exporter},{flow_key}"
        first, last = (0, 0) if doubtful else minutes_of(start, end)
        # No clock that is right is that far ahead, whatever the tolerance of the flags is.
        if doubtful or last >= lane.clock + AHEAD:
            self._count("at_receipt")
            minute = max(received_ns // MINUTE_NS, lane.floor)
            start = end = max(received_ns, minute * MINUTE_NS)
            add(lane, minute, key, offset, octets, packets, 1, start, end, AT_RECEIPT, sampling)
        elif first == last >= lane.floor:
            add(lane, first, key, offset, octets, packets, 1, start, end, 0, sampling)
        else:
            self._spread(lane, key, offset, received_ns, read)

    def due(self) -> list[tuple[Lane, Bucket]]:
        """Return the buckets that are to be published now, and those that were let go.

        Each is to be published by the ledger, and then forgotten where its lane let it go.
        """
        found, self._gone = self._gone, []
        for lane in self.lanes.values():
            if lane.now_ns < lane.due_ns:
                continue
            lane.due_ns = NONE_DUE
            for bucket in lane.buckets.values():
                if bucket.dirty_from is None:
                    continue
                if bucket.due_ns <= lane.now_ns:
                    found.append((lane, bucket))
                else:
                    lane.due_ns = min(lane.due_ns, bucket.due_ns)
        return found

    def buckets(self) -> Iterator[tuple[Lane, Bucket]]:
        """Return all buckets that may still be added to."""
        for lane in self.lanes.values():
            for bucket in lane.buckets.values():
                yield lane, bucket

    def adopt(self, lane_key: bytes, parsed: Parsed, output_offset: int) -> bool:
        """Take over what stands on ``netflow-1m``: at a start, or written by somebody else.

        Args:
            lane_key: Header.
            parsed: Key and value.
            output_offset: Where it stands.

        Returns:
            Whether it is older than what stood there before: a frozen worker wrote late, and ours
            is to be published again.
        """
        self.wrote(output_offset)
        self.known_end = max(self.known_end, parsed.revision)
        lane = self.lanes.get(lane_key)
        if lane is None:
            lane = self._new_lane(lane_key)
        if parsed.minute < lane.floor:
            return False
        return self.ledger.adopt(lane, parsed, output_offset, self.next)

    def wrote(self, output_offset: int) -> None:
        """Something stands at an offset of ``netflow-1m``."""
        self.output_end = max(self.output_end, output_offset + 1)

    def unpublished_from(self) -> int:
        """Return the offset before which all was given out to be published."""
        open_ = [bucket.dirty_from for _, bucket in (*self.buckets(), *self._gone)]
        return min((each for each in open_ if each is not None), default=self.next)

    def snapshot(self) -> Snapshot:
        """Return what must be known to go on from here."""
        written = [
            bucket.first_output for _, bucket in self.buckets() if bucket.first_output is not None
        ]
        return Snapshot(
            self.next,
            self.rules,
            self._clock,
            self._base_floor,
            min(written, default=self.output_end),
            tuple(mark(lane) for lane in self.lanes.values() if lane.clock >= 0),
        )

    def adopt_rules(self, rules: Rules) -> None:
        """Count by other rules from here on; all must be published and committed here."""
        self.rules = rules
        for lane in self.lanes.values():
            lane.settle(rules)

    def close(self) -> None:
        """Let all go."""
        for lane in self.lanes.values():
            self._let_go(lane, NONE_DUE)
        for lane, bucket in self._gone:
            self.ledger.forget(lane, bucket)

    def take_counts(self) -> Mapping[str, int]:
        """Return the counts and begin anew."""
        counts, self.counts = self.counts, {}
        return counts

    def _spread(self, lane: Lane, key: str, offset: int, received_ns: int, flow: Flow) -> None:
        """Add a flow of several minutes, or one that is out of reach."""
        _, start, end, octets, packets, sampling, _ = flow
        bits = 0
        seconds = -(-(end - start) // SECOND_NS)
        if seconds > self.rules.longest_minutes * 60:
            self._count("capped")
            bits = CAPPED
            seconds = self.rules.longest_minutes * 60
            start = end - seconds * SECOND_NS
        if seconds > lane.longest:
            lane.lasted(seconds, self.rules)
        shares = split(start, end, octets, packets)
        if shares[0].minute < lane.floor:
            self._count("late")
            bits |= LATE
            shares = _within_reach(shares, lane.floor, received_ns)
        final = shares[-1].minute
        for minute, some, few, first, last in shares:
            ended = 1 if minute == final else 0
            self.ledger.add(
                *(lane, minute, key, offset, some, few, ended, first, last, bits, sampling)
            )

    def _new_lane(self, key: bytes) -> Lane:
        lane = self.lanes[key] = Lane(key)
        lane.heard = self._clock
        return lane

    def _end_others(self, incarnation: bytes) -> None:
        """End the lanes of another incarnation of ``raw``: its topic was made anew.

        Perhaps with another number of partitions, which moves Exporters to other lanes. The new
        lanes begin behind all minutes of the old, so that no minute of an Exporter has totals in
        two lanes.
        """
        old = [
            each
            for each in self.lanes.values()
            if each.clock >= 0 and not each.key.startswith(incarnation)
        ]
        for each in old:
            behind = each.clock + AHEAD
            self._base_floor = max(self._base_floor, behind)
            self._let_go(each, behind)
            del self.lanes[each.key]

    def _tick(self, lane: Lane, minute: int) -> None:
        """A lane's clock goes on, and with it, perhaps, the partition's."""
        if lane.clock < 0:
            self._end_others(lane.key[:INCARNATION])
            lane.begin(minute, self._base_floor, self.rules)
        else:
            lane.tick(minute, self.rules)
        self._let_go(lane, lane.floor)
        if minute <= self._clock:
            return
        self._clock = lane.heard = minute
        for each in list(self.lanes.values()):
            if minute - each.heard > SLEEP:
                self._put_to_sleep(each)
            elif minute - each.heard >= QUIET:
                each.hurry()

    def _put_to_sleep(self, lane: Lane) -> None:
        """Forget what a silent lane counted; one that was only read back altogether."""
        if lane.clock < 0:
            self._let_go(lane, NONE_DUE)
            del self.lanes[lane.key]
        else:
            lane.fall_asleep()
            self._let_go(lane, lane.floor)

    def _let_go(self, lane: Lane, floor: int) -> None:
        """Take the buckets below a minute out of the lane."""
        for minute in [each for each in lane.buckets if each < floor]:
            self._gone.append((lane, lane.buckets.pop(minute)))

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def _within_reach(shares: list[Share], floor: int, received_ns: int) -> list[Share]:
    """Let what is out of reach count in the minute of receipt; no minute stands there twice."""
    minute = max(received_ns // MINUTE_NS, floor)
    moment = max(received_ns, minute * MINUTE_NS)
    octets = sum(share.octets for share in shares if share.minute < floor)
    packets = sum(share.packets for share in shares if share.minute < floor)
    kept = {share.minute: share for share in shares if share.minute >= floor}
    there = kept.get(minute) or Share(minute, 0, 0, moment, moment)
    kept[minute] = there._replace(octets=there.octets + octets, packets=there.packets + packets)
    return sorted(kept.values())
