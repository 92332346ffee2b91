"""``pipeline.step`` under any octets: nothing escapes, a malformed Message changes no state.

    python tests/fuzz/fuzz_step.py --runs 1000000 --seconds 3600 [--seed N]

A finding is written to ``fuzz-finding.bin`` in the current directory, and the exit code is not 0.
"""

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from schemas.datagram import Coordinates, Datagram, Transport  # noqa: E402 - behind the path above
from schemas.elements import load_registry  # noqa: E402
from schemas.field_keys import load_field_keys  # noqa: E402
from streams.pipeline import Context, Outcome, advance, step  # noqa: E402
from streams.state.layouts import Fleet  # noqa: E402
from streams.state.partition import PartitionState  # noqa: E402
from tests.fuzz.mutate import mutated  # noqa: E402
from tests.fuzz.seeds import found, made  # noqa: E402

_START_NS = 1_800_000_000_000_000_000
_STEP_NS = 20_000_000
_EXPORTERS = 40
_PORTS = 3
_COMPARED = 100
_COMPARED_IN_DEPTH = 4000
"""For one of so many datagrams the state before ``step`` and behind it is compared: the same frozen
values; more rarely all that is in them, as text."""
_REPEATED = 50
"""One of so many datagrams is stepped twice: the same on the same state."""
_PROGRESS = 100_000
_AFRESH = 20_000
"""Datagrams after which a new worker begins: what is parked and compared grows with each."""


class Worker:
    """One partition, fed with whatever comes."""

    def __init__(self, counts: Counter[str]) -> None:
        self.context = Context(load_registry(), load_field_keys(), compile_after=4)
        self.state = PartitionState()
        self.fleet = Fleet()
        self.counts = counts
        self.offset = 0

    def datagram(self, payload: bytes, source: random.Random) -> None:
        """Step it; any exception or failed assertion is a finding."""
        self.offset += 1
        now_ns = _START_NS + self.offset * _STEP_NS
        exporter = bytes(10) + b"\xff\xff\x0a\0\0" + bytes([source.randrange(_EXPORTERS)])
        port = 50_000 + source.randrange(_PORTS)
        datagram = Datagram(now_ns, exporter, port, 2055, Transport.UDP, None, payload)
        prefix = Coordinates("00000000", 0, self.offset, 0).prefix()
        kept = self._remembered() if self.offset % _COMPARED == 0 else None
        in_depth = repr(kept) if self.offset % _COMPARED_IN_DEPTH == 0 else None
        outcome = step(datagram, prefix, self.state, self.fleet, now_ns, self.context)
        if self.offset % _REPEATED == 0:
            again = step(datagram, prefix, self.state, self.fleet, now_ns, self.context)
            assert outcome == again
        malformed = [item for item in outcome.dead_letters if item.reason.startswith("malformed_")]
        if malformed:
            self._is_refused_whole(outcome, payload)
        if kept is not None:
            after = self._remembered()
            assert kept == after
            assert in_depth is None or in_depth == repr(after)
            self.counts["compared"] += 1
        self._follow(outcome)

    def pass_time(self) -> None:
        """Let what is due happen."""
        now_ns = _START_NS + self.offset * _STEP_NS
        self._follow(advance(self.state, self.fleet, now_ns, self.context))

    def _remembered(self) -> tuple[object, ...]:
        """All of the state (what it only caches left out), to compare."""
        state = self.state
        keys = [(each, *state.session_keys(each)) for each in state.exporters()]
        sessions = [
            (key, state.session(key))
            for each in state.exporters()
            for key in state.session_keys(each)
        ]
        told = [
            (key, state.options(key))
            for each in state.exporters()
            for key in state.options_keys(each)
        ]
        parked = [(key, state.parked_set(key)) for key in state.parked_keys()]
        return (keys, sessions, told, parked, dict(state.graves()), dict(state.notes))

    def _is_refused_whole(self, outcome: Outcome, payload: bytes) -> None:
        (letter,) = outcome.dead_letters
        assert payload == letter.octets
        assert 0 <= letter.offset <= len(payload)
        nothing: tuple[object, ...] = ()
        for part in (outcome.records, outcome.changes, outcome.layouts, outcome.notes):
            assert nothing == tuple(part)

    def _follow(self, outcome: Outcome) -> None:
        self.state.apply(outcome.changes, outcome.notes)
        for layout in outcome.layouts:
            self.fleet = self.fleet.with_layout(layout.value)
        for name, number in outcome.counts.items():
            self.counts[str(name)] += number


def run(runs: int, seconds: float, seed: int, *, quiet: bool = False) -> Counter[str]:
    """Step mutated Messages.

    Args:
        runs: Inputs at most.
        seconds: Time at most.
        seed: Of the random numbers: the same one gives the same inputs.
        quiet: No progress; only seeds that are made here.

    Returns:
        What came of them; a finding is raised.
    """
    seeds = made() + ([] if quiet else found())
    source = random.Random(seed)
    counts: Counter[str] = Counter()
    worker = Worker(counts)
    end = time.monotonic() + seconds
    for number in range(1, runs + 1):
        if number % _AFRESH == 0:
            worker = Worker(counts)
        payload = source.choice(seeds) if source.random() < 0.2 else mutated(seeds, source)
        try:
            worker.datagram(payload, source)
            if number % 500 == 0:
                worker.pass_time()
        except BaseException:
            Path("fuzz-finding.bin").write_bytes(payload)
            raise
        if not quiet and number % _PROGRESS == 0:
            print(number, dict(counts), flush=True)
        if time.monotonic() > end:
            break
    return counts


def main() -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(dict(run(arguments.runs, arguments.seconds, arguments.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
