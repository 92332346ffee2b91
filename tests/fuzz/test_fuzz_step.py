"""The fuzz target of the pipeline, short: the long run is ``make fuzz``."""

from streams.pipeline import Count
from tests.fuzz.fuzz_step import run


def test_a_few_thousand_mutated_datagrams() -> None:
    """Nothing escapes ``step``; what is malformed leaves the state as it was."""
    counts = run(runs=4000, seconds=60, seed=7011, quiet=True)

    assert counts["datagrams"] == 4000
    assert counts["compared"] == 40
    assert counts[str(Count.MALFORMED_MESSAGES)] > 500
    assert counts[str(Count.TEMPLATES)] > 100
