"""The long form: ``make rsyslog``, 100,000 lines over each transport, rsyslogd restarted."""

import argparse
import sys
import tempfile
import uuid
from pathlib import Path

from tests.brokers import running, start_kafka, start_tansu
from tests.subscribers import rsyslog


def main() -> int:
    """Run and print; 1 where RELP lost a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--transports", nargs="*", default=rsyslog.TRANSPORTS)
    parser.add_argument("--broker", choices=("kafka", "tansu"), default="kafka")
    asked = parser.parse_args()
    start = start_kafka if asked.broker == "kafka" else start_tansu
    program = rsyslog.find()
    if program is None:
        print(rsyslog.PACKAGES, file=sys.stderr)
        return 1
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        for broker in running(start, Path(folder)):
            for transport in asked.transports:
                own = Path(folder) / transport
                own.mkdir()
                prefix = f"r{uuid.uuid4().hex[:8]}-"
                result = rsyslog.run(program, broker, prefix, own, transport, asked.lines)
                print(result, flush=True)
                lost += result.missing if transport in rsyslog.CONFIRMING else 0
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
