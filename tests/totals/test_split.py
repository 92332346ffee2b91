"""A flow over its minutes: by time, exact in sum."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.totals.split import MINUTE_NS, apportion, minutes_of, split


@given(st.integers(0, 1 << 64), st.lists(st.integers(1, 1 << 70), min_size=1, max_size=70))
def test_parts_add_up_and_are_off_by_less_than_one(amount: int, weights: list[int]) -> None:
    """Largest remainder: each part is its exact share, rounded down or up."""
    parts = apportion(amount, weights)

    whole = sum(weights)
    assert amount == sum(parts)
    assert all(
        abs(part * whole - amount * weight) < whole
        for part, weight in zip(parts, weights, strict=True)
    )


def test_equal_remainders_give_to_the_earlier() -> None:
    """So that the same flow is always split the same."""
    assert [2, 1, 1] == apportion(4, [5, 5, 5])


@given(st.integers(0, 1 << 40), st.integers(0, 90 * MINUTE_NS), st.integers(0, 1 << 50), st.data())
def test_shares_are_the_flow(start: int, length: int, octets: int, data: st.DataObject) -> None:
    """No octet, packet or moment is lost or stands twice."""
    packets = data.draw(st.integers(0, octets))

    shares = split(start, start + length, octets, packets)

    assert (octets, packets) == (
        sum(share.octets for share in shares),
        sum(share.packets for share in shares),
    )
    assert (start, start + length) == (shares[0].first_ns, shares[-1].last_ns)
    assert [share.minute for share in shares] == list(
        range(shares[0].minute, shares[-1].minute + 1)
    )
    assert all(share.first_ns // MINUTE_NS == share.minute for share in shares)
    assert all(before.last_ns == after.first_ns for before, after in pairwise(shares))


def test_a_flow_that_ends_with_a_minute_is_not_in_the_next() -> None:
    """Unless it begins there too."""
    assert (0, 0) == minutes_of(MINUTE_NS - 1, MINUTE_NS)
    assert (1, 1) == minutes_of(MINUTE_NS, MINUTE_NS)
