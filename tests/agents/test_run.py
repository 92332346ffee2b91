"""Several workers under one supervisor, for real: one address, a death, signals, the end."""

import os
import re
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from envizzy.lab.processes import await_ready, envizzy, fetch, free_port, spawn
from streams.metrics import TABLE
from tests.agents.test_worker import prepared, until
from tests.brokers import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def _sums(url: str) -> dict[str, float]:
    """Each sample's name to its sum over all labels."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(fetch(f"{url}/metrics")):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def _ready(url: str) -> tuple[bool, str]:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:  # noqa: S310 - http to ourselves
            return True, answer.read().decode()
    except urllib.error.HTTPError as error:
        return False, error.read().decode()


def test_several_workers_are_one_service(tansu: Broker, prefix: str, tmp_path: Path) -> None:
    """They share the partitions, answer on one port, and outlive the death of one."""
    file, _ = prepared(tmp_path, tansu, prefix)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = envizzy(
        *("streams", "--config", str(file), "--health-port", str(port), "--processes", "2")
    )
    log = tmp_path / "streams.log"
    worker = spawn("streams", command, log, {"NO_COLOR": "1"})
    try:
        await_ready(worker, f"{url}/readyz", 60)
        assert (True, "ok, 2 processes\n") == _ready(url)
        assert {metric.name for metric in TABLE if not metric.buckets} <= set(_sums(url))
        until(lambda: _sums(url)["streams_assigned_partitions"] == 2, worker)
        before = _sums(url)

        worker.process.send_signal(signal.SIGUSR1)
        until(lambda: log.read_text().count("the log level changes") == 3, worker)
        pid = worker.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        until(lambda: _sums(url).get("streams_process_starts_total") == 3, worker)
        until(lambda: _ready(url)[0], worker)
        until(lambda: _sums(url)["streams_assigned_partitions"] == 2, worker)
        after = _sums(url)

        assert 0 == worker.stop()
    finally:
        worker.kill()
    assert 2 == before["streams_process_starts_total"]
    assert after["streams_state_reads_total"] > before["streams_state_reads_total"]
    text = log.read_text()
    assert "a process ended and is started again" in text
    assert {"0", "1"} == set(re.findall(r"streams worker stopped .* process=(\d)", text))
    assert "Traceback" not in text


def test_a_mistake_is_said_once(tansu: Broker, prefix: str, tmp_path: Path) -> None:
    """Missing topics: one line and exit code 1, however many workers there would be."""
    file = tmp_path / "e.toml"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{tansu.bootstrap}"\n[topics]\nprefix = "{prefix}"\n'
    )
    log = tmp_path / "streams.log"
    command = envizzy(*("streams", "--config", str(file), "--health-port", "0", "--processes", "3"))
    worker = spawn("streams", command, log)

    assert 1 == worker.process.wait(60)
    assert 1 == log.read_text().count("make them by 'envizzy topics create'")
