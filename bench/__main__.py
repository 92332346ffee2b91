"""Run the measurements one after the other: ``python -m bench [ingest] [worker] [step] ...``."""

import subprocess
import sys

ALL = ("hot_path", "filtering", "state_load", "ingest", "worker")


def main() -> None:
    """Each in a process of its own: what one leaves in memory is not the next one's."""
    asked = sys.argv[1:] or list(ALL)
    unknown = [name for name in asked if name not in ALL]
    if unknown:
        raise SystemExit(f"bench: no {unknown[0]!r}; there are: {', '.join(ALL)}")
    for name in asked:
        print(f"-- {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)


if __name__ == "__main__":
    main()
