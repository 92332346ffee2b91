"""``make chaos``: many records, several faults, nothing lost.

``python -m tests.chaos.run --records 200000 --kills 3 --broker kafka``
"""

import argparse
import sys
import tempfile
import uuid
from pathlib import Path

from tests.brokers import start_kafka, start_tansu
from tests.chaos.runner import Chaos, Fault, Plan


def faults_of(kills: int, stops: int, joins: int, freezes: int) -> tuple[Fault, ...]:
    """The faults, spread over the run, of all sorts in turn."""
    kinds = {"kill": kills, "stop": stops, "join": joins, "freeze": freezes}
    order: list[str] = []
    while any(kinds.values()):
        for what, left in kinds.items():
            if left:
                order.append(what)
                kinds[what] -= 1
    return tuple(
        Fault((position + 1) / (len(order) + 1), what) for position, what in enumerate(order)
    )


def main(arguments: list[str]) -> int:
    """Run and tell; 0 only if nothing was lost, wrong or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rate", type=float, default=3000.0)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--stops", type=int, default=0)
    parser.add_argument("--joins", type=int, default=0)
    parser.add_argument("--freezes", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--static", action="store_true", help="static membership")
    parser.add_argument("--broker", choices=("tansu", "kafka"), default="kafka")
    asked = parser.parse_args(arguments)
    plan = Plan(
        asked.records,
        asked.rate,
        workers=asked.workers,
        faults=faults_of(asked.kills, asked.stops, asked.joins, asked.freezes),
        instances=asked.static,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = (start_kafka if asked.broker == "kafka" else start_tansu)(folder)
        print(f"broker: {broker.origin}", flush=True)
        try:
            result = Chaos(broker, f"chaos-{uuid.uuid4().hex[:6]}-", folder, plan).run()
        finally:
            broker.stop()
    report = result.report
    print(
        f"sent {report.sent}, published {sum(report.published.values())}, lost {report.lost}, "
        f"repeated {report.repeated} ({result.repeated_percent:.1f} %), "
        f"dead-lettered {report.dead_lettered}, "
        f"wrong {report.wrong_value + report.wrong_template}, "
        f"unknown {report.unknown}, out of order {report.out_of_order}, "
        f"origins {dict(report.origins)}, {result.seconds:.0f} s, exit codes {result.exits}"
    )
    for example in report.examples:
        print(" ", example)
    return 0 if report.sound and not report.dead_lettered else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
