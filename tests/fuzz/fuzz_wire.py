"""The decoder under any octets: only MalformedMessage leaves, both paths agree, no state changes.

    python tests/fuzz/fuzz_wire.py --runs 1000000 --seconds 3600 [--plain] [--seed N]

With atheris the inputs are led by coverage; ``--plain`` (or where atheris is not to be had) mutates
by chance. A finding is written to ``fuzz-finding.bin`` in the current directory, and the exit code
is not 0.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

_COMPILE_EVERY = 8
_PROGRESS = 100_000
_AFRESH = 2_000
"""Inputs after which the Templates are those of the seeds again."""


def main() -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="by chance, without atheris")
    arguments = parser.parse_args()
    if not arguments.plain:
        try:
            import atheris  # noqa: PLC0415 - optional: one of the two ways
        except ImportError:
            print("atheris is not installed: mutating by chance")
        else:
            return _guided(atheris, arguments)
    return plain(arguments.runs, arguments.seconds, arguments.seed)


def plain(runs: int, seconds: float, seed: int, *, quiet: bool = False) -> int:
    """Mutate seeds by chance.

    Args:
        runs: Inputs at most.
        seconds: Time at most.
        seed: Of the random numbers: the same one gives the same inputs.
        quiet: No progress.

    Returns:
        The exit code; a finding is raised.
    """
    from tests.fuzz.check import Checker  # noqa: PLC0415 - behind the path above
    from tests.fuzz.mutate import mutated  # noqa: PLC0415
    from tests.fuzz.seeds import found, made  # noqa: PLC0415
    from tests.wire.octets import REGISTRY  # noqa: PLC0415

    own = made()
    seeds = own + ([] if quiet else found())
    source = random.Random(seed)
    checker = Checker(REGISTRY, _COMPILE_EVERY)
    end = time.monotonic() + seconds
    number = 0
    for number in range(1, runs + 1):
        if number % _AFRESH == 1:
            checker.templates = {}
            for payload in own if source.random() < 0.5 else seeds:
                checker.message(payload)
        payload = mutated(seeds, source)
        try:
            checker.message(payload)
        except BaseException:
            Path("fuzz-finding.bin").write_bytes(payload)
            raise
        if not quiet and number % _PROGRESS == 0:
            print(_summary(number, checker), flush=True)
        if time.monotonic() > end:
            break
    print(_summary(number, checker), f"seeds {len(seeds)}")
    return 0


def _summary(number: int, checker: object) -> str:
    counts = {name: getattr(checker, name) for name in ("malformed", "records", "compared")}
    return f"{number} inputs, {counts}"


def _guided(atheris: object, arguments: argparse.Namespace) -> int:
    """Let atheris lead; it ends the process itself."""
    with atheris.instrument_imports(include=["streams.wire"]):  # type: ignore[attr-defined]
        from tests.fuzz.check import Checker  # noqa: PLC0415 - instrumented as it is imported
    from tests.fuzz.seeds import found, made  # noqa: PLC0415
    from tests.wire.octets import REGISTRY  # noqa: PLC0415

    checker = Checker(REGISTRY, _COMPILE_EVERY)
    own = made()
    with tempfile.TemporaryDirectory() as folder:
        for number, payload in enumerate(own + found()):
            (Path(folder) / f"{number:05d}").write_bytes(payload)
        for payload in own:
            checker.message(payload)
        known = dict(checker.templates)

        def one(payload: bytes) -> None:
            checker.templates = known
            checker.message(payload, keep=False)

        atheris.Setup(  # type: ignore[attr-defined]
            [
                sys.argv[0],
                f"-atheris_runs={arguments.runs}",
                f"-max_total_time={arguments.seconds}",
                f"-seed={arguments.seed}",
                "-max_len=4000",
                folder,
            ],
            one,
        )
        atheris.Fuzz()  # type: ignore[attr-defined]
    return 0


if __name__ == "__main__":
    sys.exit(main())
