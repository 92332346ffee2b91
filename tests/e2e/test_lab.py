"""``envizzy lab`` as people and programs start it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.usefixtures("tansu")]

KEYS = [
    *("datagrams_sent", "datagrams_received", "records_sent", "endpoint_published"),
    *("interface_published", "flow_published", "repeated", "filtered", "parked"),
    *("dead_lettered", "lost", "latency_ms_p50", "latency_ms_p99"),
]


def lab(*flags: str) -> subprocess.Popen[str]:
    """Start it from the repository."""
    return subprocess.Popen(
        [sys.executable, "-m", "envizzy", "lab", *flags],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_json_is_one_object_and_nothing_is_lost() -> None:
    """Exactly the documented keys, in their order; exit code 0."""
    run = lab("--for", "8", "--json", "--rate", "200")
    output, errors = run.communicate(timeout=240)
    summary = json.loads(output)

    assert (0, "") == (run.returncode, errors)
    assert list(summary) == KEYS
    assert summary["datagrams_sent"] == summary["datagrams_received"]
    published = sum(summary[f"{kind}_published"] for kind in ("endpoint", "interface", "flow"))
    assert summary["records_sent"] == published > 100
    assert [0] * 5 == [
        summary[key] for key in ("repeated", "filtered", "parked", "dead_lettered", "lost")
    ]
    assert 0 < summary["latency_ms_p50"] <= summary["latency_ms_p99"]


def test_routers_are_added_and_nothing_of_them_is_lost() -> None:
    """Three keys more; every flow of the four stands on its topic, and their totals add up."""
    run = lab("--for", "8", "--json", "--endpoints", "5", "--rate", "50", "--routers", "4")
    output, errors = run.communicate(timeout=180)
    summary = json.loads(output)

    assert (0, "") == (run.returncode, errors)
    of_routers = ["netflow_published", "netflow_1m_published", "netflow_1m_wrong"]
    assert [*KEYS, *of_routers] == list(summary)
    kinds = ("endpoint", "interface", "flow", "netflow")
    published = sum(summary[f"{kind}_published"] for kind in kinds)
    assert summary["records_sent"] == published
    assert summary["netflow_published"] > 20
    assert (0, 0) == (summary["lost"], summary["dead_lettered"])
    assert summary["netflow_1m_published"] > 10  # as above: a slow start leaves few
    assert 0 == summary["netflow_1m_wrong"]


def test_an_interrupt_ends_it_in_good_order() -> None:
    """Ctrl-C: the generator stops, all is processed and checked, the summary is printed."""
    run = lab("--rate", "50")
    time.sleep(15)
    run.send_signal(signal.SIGINT)
    output, errors = run.communicate(timeout=240)

    assert (0, "") == (run.returncode, errors)
    assert "lost" in output


def test_a_kafka_that_is_not_there_is_one_clear_line() -> None:
    """Exit code 1, no traceback."""
    run = lab("--kafka", "127.0.0.1:1", "--json")
    output, errors = run.communicate(timeout=240)

    assert (1, "") == (run.returncode, output)
    assert errors.startswith("envizzy: no Kafka answers at 127.0.0.1:1")
    assert "Traceback" not in errors


def test_a_replayed_capture_comes_out_as_records() -> None:
    """The real messages of a client: one flow and one endpoint record, every datagram accounted."""
    packets = ROOT / "tests" / "golden" / "ona-nvzflow-all" / "packets"
    files = sorted(packets.iterdir(), key=lambda path: "template" not in path.name)
    run = lab(*(flag for file in files for flag in ("--replay", str(file))))
    output, errors = run.communicate(timeout=240)
    records = {
        line.split(" ", 1)[0]: json.loads(line.split(" ", 1)[1])
        for line in output.splitlines()
        if line.startswith(("flow {", "endpoint {"))
    }

    assert (0, "") == (run.returncode, errors)
    assert {"flow", "endpoint"} == set(records)
    assert ["fv", "pr", "sa", "sp", "da", "dp", "fss", "fst"] == list(records["flow"])[:8]
    assert ("svchost.exe", 100, 41, 10) == (
        records["flow"]["pn"],
        records["flow"]["ibc"],
        records["flow"]["obc"],
        len(records["flow"]["mhl"]),
    )
    assert "STATION-102010" == records["endpoint"]["vsn"]
