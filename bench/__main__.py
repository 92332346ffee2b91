"""Run the measurements one after the other: ``python -m bench [ingest] [worker] ...``."""

import subprocess
import sys

from bench.table import Row, collect, show

ALL = ("hot_path", "filtering", "state_load", "ingest", "worker", "totals", "subscribers")


def main() -> None:
    """Each in a process of its own: what one leaves in memory is not the next one's."""
    asked = sys.argv[1:] or list(ALL)
    unknown = [name for name in asked if name not in ALL]
    if unknown:
        raise SystemExit(f"bench: no {unknown[0]!r}; there are: {', '.join(ALL)}")
    rows: list[Row] = []
    for name in asked:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", f"bench.{name}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as part:
            for line in part.stdout or ():
                row = collect(line)
                if row is None:
                    print(line, end="", flush=True)
                else:
                    rows.append(row)
        if part.returncode:
            raise SystemExit(f"bench: {name} ended with {part.returncode}")
    show(rows)


if __name__ == "__main__":
    main()
