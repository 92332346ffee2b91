"""Simulated routers, a worker killed between, and what is said of the exporters in the end."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envizzy.exporters.check import MINUTE_MS, TOLERANCE_MS
from tests.brokers import Broker
from tests.e2e.deployment import Deployment, deployed

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.kafka]

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 120.0
"""A stall of 20 s is normal on a busy machine, and a rebalance takes its time."""
ADDRESSES = tuple(f"127.32.0.{number}" for number in range(1, 8))
BROKEN = ADDRESSES[3]


def exporters(deployment: Deployment, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """``envizzy exporters ... --json``: its exit code, and its objects by line."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "envizzy", "exporters", *arguments),
            *("--config", str(deployment.file), "--json"),
        ],
        capture_output=True,
        check=False,
        text=True,
        cwd=ROOT,
    )
    assert "" == done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_routers_survive_a_worker_and_are_judged(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    """One router of each kind: no flow lost or wrong over a kill; who is broken is told why.

    The records of the exporters count over the restart, and first seen stays what it was.
    """
    with deployed(kafka, prefix, tmp_path) as deployment:
        deployment.ingest()
        worker = deployment.worker()
        routers = ("--endpoints", "0", "--routers", "7", "--router-rate", "150")
        generator = deployment.generator(*routers)
        early = _await_exporters(deployment, dict.fromkeys(ADDRESSES, 0))
        worker.kill()
        deployment.worker(ready=False)
        counts = {address: each["datagrams"] for address, each in early.items()}
        late = _await_exporters(deployment, counts)
        code = generator.stop()
        deployment.drain()
        report = deployment.watch.checker.report()
        checked, verdicts = exporters(deployment, "check")
        alone, one = exporters(deployment, "check", BROKEN)
        [known] = [each for each in exporters(deployment)[1] if each["exporter"] == BROKEN]

    print(report)
    assert 0 == code
    assert () == report.examples
    assert (0, 0, 0) == (report.lost, report.parked, report.dead_lettered)
    assert report.sent == report.published["netflow"] > 100

    assert set(ADDRESSES) == set(late) == set(early)
    for address, before in early.items():
        assert before["first_seen_ns"] == late[address]["first_seen_ns"]
    assert (1, 1) == (checked, alone)
    assert [BROKEN] == [each["exporter"] for each in verdicts if not each["complete"]]
    lines = [
        "match ipv4 tos",
        "collect interface output",
        "collect counter bytes long",
        "collect counter packets long",
    ]
    # Its time-out is 120 s: a quick run ends before the first flow of that length is told.
    is_long = known["longest_duration_ms"] > MINUTE_MS + TOLERANCE_MS
    assert one[0]["lines"] in ([lines, [*lines, "cache timeout active 60"]] if is_long else [lines])


def _await_exporters(deployment: Deployment, more: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Until all exporters are known, each with more datagrams than it had."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        deployment.run(1)
        found = {each["exporter"]: each for each in exporters(deployment)[1]}
        if all(
            address in found and found[address]["datagrams"] > more[address] for address in more
        ):
            return found
    pytest.fail(f"not more than {more} datagrams within {PATIENCE_SECONDS:.0f} s: {found}")
