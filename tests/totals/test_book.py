"""Exact over repeats, kills, late writes of the dead, spilling: the last revisions are the sums."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.totals.book import Book
from streams.totals.buckets import ENDED, FLOWS, OCTETS, PACKETS
from streams.totals.flows import Flow
from streams.totals.lanes import SLEEP, Rules
from streams.totals.split import MINUTE_NS
from tests.totals.worlds import (
    EPOCH_NS,
    RULES,
    SECOND_NS,
    Kafka,
    Life,
    MemorySpill,
    Row,
    Shape,
    flow,
    prefix,
    stream,
)

EXPORTER = "192.0.2.1"


def sums(kafka: Kafka) -> Counter[str]:
    """Octets, packets, flows and flows left out by the last records."""
    found: Counter[str] = Counter()
    for parsed in kafka.last().values():
        if "left-out" in parsed.key:
            found["left_out"] += parsed.total[FLOWS]
        else:
            found["octets"] += parsed.total[OCTETS]
            found["packets"] += parsed.total[PACKETS]
            found["flows"] += parsed.total[ENDED]
    return +found


def sent(rows: list[Row]) -> Counter[str]:
    """The same of what was sent, each record once."""
    found: Counter[str] = Counter()
    for row in rows:
        if isinstance(row.read, Flow):
            found["octets"] += row.read.octets
            found["packets"] += row.read.packets
            found["flows"] += 1
        else:
            found["left_out"] += 1
    return +found


def outcome(kafka: Kafka) -> dict[str, tuple[int, ...]]:
    """All that the totals say, by key; whether a total was published early is no part of it."""
    return {key: tuple(parsed.total) for key, parsed in kafka.last().items()}


@given(st.integers(0, 1 << 32))
@settings(max_examples=20)
def test_the_last_revisions_are_what_was_sent(seed: int) -> None:
    """Repeats count once, late ones too, and every octet is in some minute."""
    rows, once = stream(random.Random(seed), Shape(30))
    kafka = Kafka(rows)

    Life(kafka).finish()

    assert sent(once) == sums(kafka)


@given(st.integers(0, 1 << 32))
@settings(max_examples=40)
def test_a_worker_that_dies_leaves_the_same_totals(seed: int) -> None:
    """Killed at any moment, also with what it sent arriving after its successor's records."""
    rng = random.Random(seed)
    rows, once = stream(rng, Shape(40))
    straight = Kafka(rows)
    Life(straight).finish()
    kafka, ghosts = Kafka(rows), []
    for _ in range(rng.randrange(1, 5)):
        life = Life(kafka)
        for _ in range(rng.randrange(30)):
            move = rng.randrange(8)
            if move < 4:
                life.read(rng.randrange(12))
            elif move == 4:
                life.publish(everything=rng.random() < 0.2)
            elif move == 5:
                life.deliver(rng.randrange(20))
            elif move == 6:
                life.commit()
            else:
                life.look()
                if rng.random() < 0.3:
                    life.spill_all()
        if life.queue and rng.random() < 0.5:
            ghosts.append(life)
    life = Life(kafka)
    life.read(rng.randrange(40))
    life.publish(everything=True)
    life.deliver(len(life.queue))
    for ghost in ghosts:
        ghost.deliver(len(ghost.queue))
    life.look()
    life.finish()

    assert sent(once) == sums(kafka)
    assert outcome(straight) == outcome(kafka)
    assert kafka.greatest() == {key: parsed.revision for key, parsed in kafka.last().items()}


def book_of(*rows: Row, rules: Rules = RULES) -> Book:
    """A book with some records."""
    book = Book(None, rules, MemorySpill())
    for row in rows:
        book.take(book.next, *row)
    return book


def row(offset: int, received_ns: int, read: Flow | str, partition: int = 3) -> Row:
    """A record of a datagram."""
    return Row(f"{prefix(partition, offset)}-0000-0000".encode(), None, EXPORTER, received_ns, read)


def minutes(book: Book) -> dict[int, int]:
    """Octets by minute, counted from the first one of the tests."""
    found: Counter[int] = Counter()
    for _, bucket in book.buckets():
        for total in bucket.totals.values():
            found[bucket.minute - EPOCH_NS // MINUTE_NS] += total[OCTETS]
    return dict(found)


def test_a_flow_is_spread_over_its_minutes() -> None:
    """By time: 30 s of the first minute, 60 of the second, 10 of the third."""
    start = EPOCH_NS + 30 * SECOND_NS

    book = book_of(row(1, EPOCH_NS + 140 * SECOND_NS, flow(start, start + 100 * SECOND_NS, 1000)))

    assert {0: 300, 1: 600, 2: 100} == minutes(book)


def test_a_repeat_counts_once() -> None:
    """What does not rise in its lane was there before."""
    first, second = (row(each, EPOCH_NS, flow(EPOCH_NS, EPOCH_NS, 10)) for each in (1, 2))

    book = book_of(first, second, first, second)

    assert {0: 20} == minutes(book)
    assert {"repeats": 2} == book.take_counts()


def test_what_was_parked_is_no_repeat_and_its_repeat_is_one() -> None:
    """It keeps its old record id; the datagram that released it tells its place."""
    at = EPOCH_NS
    old = row(1, at, flow(at, at, 1))._replace(released_by=prefix(3, 9).encode())
    new = row(8, at, flow(at, at, 10))

    book = book_of(new, old, new, old)

    assert {0: 11} == minutes(book)
    assert {"repeats": 2} == book.take_counts()


def test_a_flow_whose_times_cannot_be_believed_counts_at_its_receipt() -> None:
    """Clock off, start after end; and an end that is far ahead, whatever its flags are."""
    at = EPOCH_NS + MINUTE_NS

    book = book_of(
        row(1, at, flow(at + 99 * MINUTE_NS, at, 1, doubt=True)),
        row(2, at, flow(at + 5 * MINUTE_NS, at + 5 * MINUTE_NS, 10)),
    )

    assert {1: 11} == minutes(book)
    assert {"at_receipt": 2} == book.take_counts()


def test_a_flow_that_claims_days_is_capped() -> None:
    """Its octets stand in the last minutes of the longest time that is believed."""
    end = EPOCH_NS + 10 * MINUTE_NS

    book = book_of(row(1, end, flow(end - 3000 * MINUTE_NS, end, 500)))

    assert {5: 100, 6: 100, 7: 100, 8: 100, 9: 100} == minutes(book)
    assert {"capped": 1} == book.take_counts()


def test_what_is_out_of_reach_counts_at_its_receipt() -> None:
    """Of a flow's four minutes two are forgotten; another flow's minute is, too."""
    now = EPOCH_NS + 30 * MINUTE_NS
    book = book_of(
        *(
            row(each, at, flow(at, at, 0))
            for each, at in enumerate(range(EPOCH_NS, now + 1, MINUTE_NS))
        )
    )
    start = now - 4 * MINUTE_NS

    book.take(book.next, *row(40, now, flow(start, now, 4000)))
    book.take(book.next, *row(41, now, flow(EPOCH_NS, EPOCH_NS, 7)))

    assert {28: 1000, 29: 1000, 30: 2007} == {
        minute: octets for minute, octets in minutes(book).items() if octets
    }
    assert {"late": 2} == book.take_counts()


def test_a_minute_is_published_when_its_grace_is_over() -> None:
    """Two minutes after its end where no flow was longer than a minute; not before."""
    book = book_of(
        row(1, EPOCH_NS + SECOND_NS, flow(EPOCH_NS, EPOCH_NS, 1)),
        row(2, EPOCH_NS + 2 * MINUTE_NS - 1, flow(EPOCH_NS, EPOCH_NS, 1)),
    )
    assert [] == book.due()

    book.take(book.next, *row(3, EPOCH_NS + 2 * MINUTE_NS, flow(EPOCH_NS, EPOCH_NS, 1)))

    [(lane, bucket)] = book.due()
    partial, [(key, total)] = book.ledger.publish(lane, bucket)
    assert (False, 3, f"{EXPORTER},1,2,TCP,0,10.0.0.1,10.0.0.2,0,443") == (
        partial,
        total[OCTETS],
        key,
    )
    assert [] == book.due()


def test_the_grace_follows_the_longest_flow_of_the_hour() -> None:
    """A flow of 200 s: its Exporter's active timeout is no less."""
    book = book_of(row(1, EPOCH_NS, flow(EPOCH_NS - 200 * SECOND_NS, EPOCH_NS, 1)))
    [lane] = book.lanes.values()
    assert 260 * SECOND_NS == lane.grace_ns

    for hour, grace in ((1, 260), (2, 60)):
        at = EPOCH_NS + hour * 60 * MINUTE_NS
        book.take(book.next, *row(hour + 1, at, flow(at, at, 1)))
        assert grace * SECOND_NS == lane.grace_ns


def test_lanes_have_clocks_of_their_own() -> None:
    """A decoder that lags by ten minutes is late for nobody."""
    now = EPOCH_NS + 20 * MINUTE_NS
    rows = []
    for each in range(4):
        at, late = now + each * MINUTE_NS, EPOCH_NS + each * MINUTE_NS
        rows += [
            row(each, at, flow(at, at, 1)),
            row(each, late, flow(late, late, 10), partition=9),
        ]

    book = book_of(*rows)

    # by then the first minute of each is out of reach
    assert {} == book.take_counts()
    assert {1: 10, 2: 10, 3: 10, 21: 1, 22: 1, 23: 1} == minutes(book)


def test_a_lane_that_sleeps_is_forgotten() -> None:
    """It holds neither memory nor the place from which the next start reads."""
    book = book_of(row(1, EPOCH_NS, flow(EPOCH_NS, EPOCH_NS, 1), partition=9))
    for each in range(SLEEP + 2):
        at = EPOCH_NS + each * MINUTE_NS
        book.take(book.next, *row(each, at, flow(at, at, 0)))
    gone = [(lane, bucket) for lane, bucket in book.due() if lane.key.endswith(b"0009")]
    for lane, bucket in gone:
        assert 1 == len(book.ledger.publish(lane, bucket)[1])
        book.ledger.forget(lane, bucket)

    held = book.ledger.held
    book.take(book.next, *row(2, EPOCH_NS, flow(EPOCH_NS, EPOCH_NS, 5), partition=9))

    assert 1 == len(gone)
    assert held + 1 == book.ledger.held
    assert 5 == minutes(book)[2]  # the first minute that the lane cannot have counted in


def test_another_incarnation_of_raw_begins_behind_the_old_one() -> None:
    """No minute of an Exporter has totals in two lanes, whatever partition it is in now."""
    at = EPOCH_NS
    book = book_of(row(1, at, flow(at, at, 1)))
    new = Row(
        f"{prefix(5, 0, incarnation='feedf00d')}-0000-0000".encode(),
        None,
        EXPORTER,
        at + SECOND_NS,
        flow(at, at, 10),
    )

    book.take(book.next, *new)

    assert {2: 10} == minutes(book)
    assert [1] == [len(book.ledger.publish(*each)[1]) for each in book.due()]
    assert [b"feedf00d-0005"] == list(book.lanes)


def test_what_is_left_out_is_counted_by_exporter_and_reason() -> None:
    """In the minute of receipt, as a record of its own."""
    reason = "missing_base_information"
    book = book_of(*(row(each, EPOCH_NS, reason) for each in (1, 2, 2)))

    [(_, bucket)] = book.buckets()
    assert {f"{EXPORTER},left-out,{reason}": 2} == {
        key: total[FLOWS] for key, total in bucket.totals.items()
    }
    assert {reason: 2, "repeats": 1} == book.take_counts()


def test_a_bucket_with_what_is_not_published_is_not_spilled() -> None:
    """It would be forgotten at the next kill, and the commit would not know."""
    book = book_of(row(1, EPOCH_NS, flow(EPOCH_NS, EPOCH_NS, 1)))
    [(_, bucket)] = book.buckets()

    with pytest.raises(ValueError, match="not published"):
        book.ledger.spill(bucket)
