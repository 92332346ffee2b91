"""Batches, linger and ticks; time is an argument."""

from ingest.batch import Batch, Batcher

MS = 1_000_000
SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND


def _batcher(partitions: int = 2, budget: int = 1000, octets: int = 100) -> Batcher:
    return Batcher(partitions, 20, 250, octets, budget)


def test_batch_is_due_after_linger() -> None:
    """A batch goes when its first datagram has waited 20 ms, not before."""
    batcher = _batcher()
    assert batcher.add(1, b"a", NOW - 5, NOW) is None
    assert batcher.add(1, b"b", NOW + MS, NOW + MS) is None

    assert [] == batcher.due(NOW + 20 * MS - 1)
    sealed = NOW + 20 * MS
    assert [Batch(1, sealed, NOW + MS, [b"a", b"b"])] == batcher.due(sealed)
    assert [] == batcher.due(sealed + SECOND)


def test_full_batch_goes_at_once() -> None:
    """Size comes before linger; the next datagram begins a new batch."""
    batcher = _batcher()
    assert batcher.add(0, b"a" * 60, NOW, NOW) is None

    assert Batch(0, NOW, NOW, [b"a" * 60, b"b" * 60]) == batcher.add(0, b"b" * 60, NOW, NOW)
    assert batcher.add(0, b"c", NOW, NOW) is None
    assert [Batch(0, NOW, NOW, [b"c"])] == batcher.all(NOW)


def test_partitions_do_not_mix() -> None:
    """Each partition has its own batch; the older one is due first."""
    batcher = _batcher()
    batcher.add(1, b"a", NOW, NOW)
    batcher.add(0, b"b", NOW + MS, NOW + MS)

    assert [1] == [batch.partition for batch in batcher.due(NOW + 20 * MS)]
    assert [0] == [batch.partition for batch in batcher.due(NOW + 21 * MS)]


def test_batch_is_not_sealed_before_its_newest_datagram() -> None:
    """A stamp ahead of our clock moves the sealing, so time never runs back behind a datagram."""
    batcher = _batcher()
    batcher.add(0, b"a", NOW + SECOND, NOW)

    assert NOW + SECOND == batcher.due(NOW + 20 * MS)[0].sealed_at_ns


def test_clock_set_back_does_not_hold_a_batch() -> None:
    """A batch from the future is due at once."""
    batcher = _batcher()
    batcher.add(0, b"a", NOW, NOW)

    assert 1 == len(batcher.due(NOW - 3600 * SECOND))


def test_wait_is_until_the_oldest_batch_is_due() -> None:
    """The loop sleeps no longer than that; with no batch there is no limit."""
    batcher = _batcher()
    assert batcher.wait_ns(NOW) is None
    batcher.add(0, b"a", NOW, NOW)
    batcher.add(1, b"a", NOW + MS, NOW + MS)

    assert 15 * MS == batcher.wait_ns(NOW + 5 * MS)
    assert 0 == batcher.wait_ns(NOW + SECOND)


def test_quiet_partitions_get_a_tick_each_second() -> None:
    """A partition that had a batch in the second, or has one open, needs none."""
    batcher = _batcher(3)
    assert batcher.pass_second(NOW) is None
    batcher.add(0, b"a", NOW, NOW)
    batcher.due(NOW + 30 * MS)
    batcher.add(1, b"a", NOW + SECOND - MS, NOW + SECOND - MS)

    then = NOW + SECOND
    assert batcher.pass_second(then - 1) is None
    assert [Batch(2, then, then, [])] == batcher.pass_second(then)
    assert batcher.pass_second(then + 1) is None
    batcher.due(then + 30 * MS)
    assert [0, 2] == [tick.partition for tick in batcher.pass_second(then + SECOND) or []]


def test_linger_grows_with_many_small_batches_and_falls_again() -> None:
    """Over the budget of events linger grows in proportion, to its bound; with room it halves."""
    batcher = _batcher(64, budget=100)
    now = NOW
    batcher.pass_second(now)
    seen = []
    for batches in (500, 500, 500, 60, 10, 10, 10, 10, 10):
        for number in range(batches):
            batcher.add(number % 64, b"a", now, now)
            batcher.due(now + 300 * MS)
        now += SECOND
        batcher.pass_second(now)
        seen.append(batcher.linger_ns // MS)

    assert [100, 250, 250, 250, 125, 62, 31, 20, 20] == seen


def test_batches_that_are_full_do_not_make_linger_grow() -> None:
    """A longer wait would not make them fewer."""
    batcher = _batcher(1, budget=10)
    batcher.pass_second(NOW)
    for _ in range(100):
        assert batcher.add(0, b"a" * 100, NOW, NOW) is not None
    batcher.pass_second(NOW + SECOND)

    assert 20 * MS == batcher.linger_ns
