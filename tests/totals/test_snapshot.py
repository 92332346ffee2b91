"""What stands beside a committed offset comes back as it was, and fits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.totals.lanes import LaneMark, Rules
from streams.totals.snapshot import MOST_LANES, Snapshot, decode, encode
from tests.totals.worlds import prefix

MINUTE = 29_000_000


@st.composite
def lanes(draw: st.DrawFn) -> LaneMark:
    """A lane at any moment."""
    partition = draw(st.integers(0, 0xFFFF))
    incarnation = draw(st.sampled_from(["0badcafe", "feedf00d"]))

    def at() -> str:
        return prefix(
            partition,
            draw(st.integers(0, (1 << 48) - 1)),
            draw(st.integers(0, 0xFFFF)),
            incarnation,
        )

    record = f"{at()}-{draw(st.integers(0, 0xFFFF)):04x}-{draw(st.integers(0, 0xFFFF)):04x}"
    by = draw(st.one_of(st.just(record[:31]), st.builds(at)))
    clock = draw(st.integers(MINUTE - 100, MINUTE + 100))
    return LaneMark(
        record[:13].encode(),
        (by + record).encode(),
        clock,
        draw(st.integers(-1, clock + 3)),
        draw(st.integers(0, 86_400)),
        draw(st.integers(0, 86_400)),
        draw(st.integers(-1, MINUTE)),
    )


@given(st.lists(lanes(), max_size=6), st.integers(-1, MINUTE), st.integers(0, 1 << 60))
@settings(max_examples=30)
def test_it_comes_back_as_it_was(marks: list[LaneMark], floor: int, output_from: int) -> None:
    """All of it, in any state."""
    snapshot = Snapshot(77, Rules(90, 3, 45), MINUTE, floor, output_from, tuple(marks))

    assert snapshot == decode(77, encode(snapshot))


def test_as_many_lanes_as_are_allowed_fit() -> None:
    """At offsets that a busy partition reaches in years."""
    marks = []
    for partition in range(MOST_LANES):
        at = prefix(partition, (1 << 34) + partition * 977, 5000)
        marks.append(
            LaneMark(
                at[:13].encode(), f"{at}{at}-0011-0022".encode(), MINUTE, MINUTE - 7, 60, 61, MINUTE
            )
        )

    text = encode(Snapshot(1 << 40, Rules(), MINUTE, -1, 1 << 40, tuple(marks)))

    assert len(text) <= 4096


@pytest.mark.parametrize("text", ["", "x", "not of ours", "0RR910", '"', "0Rjzzzzzzzzzzzzzzzzzz"])
def test_what_is_none_of_ours_is_refused(text: str) -> None:
    """Tools that reset offsets write nothing, or something else."""
    with pytest.raises(ValueError, match=r"form|base85|cut"):
        decode(1, text)


def test_what_is_cut_short_is_refused() -> None:
    """At every length."""
    at = prefix(3, 9, 1)
    mark = LaneMark(at[:13].encode(), f"{at}{at}-0000-0000".encode(), 5, 1, 0, 0, 5)
    text = encode(Snapshot(1, Rules(), 5, -1, 9, (mark,)))
    for length in range(0, len(text) - 5, 5):
        with pytest.raises(ValueError, match=r"form|base85|cut"):
            decode(1, text[:length])
