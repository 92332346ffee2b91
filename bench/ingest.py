"""Datagrams per CPU-second of ingest: sockets to Kafka, lz4 and confirmations included.

Beside it, in the same run, a bare ``recvfrom`` loop that throws everything away: the ratio of the
two says what ingest costs over the least that Python can do. The sender is another process; it is
paced so that the kernel drops (almost) nothing.

``python -m bench.ingest [--seconds S] [--rate R] [--kafka HOST:PORT]``; without ``--kafka``: Tansu.
"""

import argparse
import contextlib
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from multiprocessing import Process
from pathlib import Path

from bench.table import Row, emit
from ingest.run import run
from ingest.settings import IngestSettings
from service import topics
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings
from tests.brokers import Broker, free_port, start_tansu

OCTETS = 600
SOURCES = 64
BURST = 64
AIM = 120_000
STARTING_SECONDS = 60.0


def payloads() -> list[bytes]:
    """Datagrams that compress as nvzFlow does: hashes do not, names and layout do."""
    source = random.Random(1)
    fixed = b"C:\\Windows\\System32\\svchost.exe NT AUTHORITY\\SYSTEM example.com " * 8
    return [source.randbytes(200) + fixed[: OCTETS - 200] for _ in range(256)]


def send(port: int, rate: int, seconds: float) -> None:
    """Send from many loopback addresses at a steady rate."""
    sockets = []
    for index in range(SOURCES):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((f"127.0.1.{index + 1}", 0))
        made.connect(("127.0.0.1", port))
        sockets.append(made)
    data = payloads()
    start = time.perf_counter()
    sent = 0
    while (now := time.perf_counter()) - start < seconds:
        if sent > (now - start) * rate:
            time.sleep(0.0005)
            continue
        for _ in range(BURST):
            sockets[sent % SOURCES].send(data[sent & 255])
            sent += 1


def bare(rate: int, seconds: float) -> float:
    """Datagrams per CPU-second of ``recvfrom`` alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.setsockopt(socket.SOL_SOCKET, 33, 33_554_432)
        own.bind(("127.0.0.1", 0))
        own.settimeout(1.0)
        sender = Process(target=send, args=(own.getsockname()[1], rate, seconds))
        sender.start()
        count = 0
        before = resource.getrusage(resource.RUSAGE_SELF)
        try:
            while True:
                own.recvfrom(65535)
                count += 1
        except TimeoutError:
            after = resource.getrusage(resource.RUSAGE_SELF)
        sender.join()
    return count / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def figures(health_port: int) -> dict[str, float]:
    """The counters of ingest."""
    url = f"http://127.0.0.1:{health_port}/metrics"
    with urllib.request.urlopen(url, timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return {n: float(v) for n, _, v in (line.rpartition(" ") for line in lines if line[0] != "#")}


def await_figures(health_port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until ingest answers, and a little more until it is idle."""
    deadline = time.monotonic() + STARTING_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            figures(health_port)
            time.sleep(1)
            return
        time.sleep(0.1)
    raise SystemExit(f"ingest does not answer after {STARTING_SECONDS:.0f} s")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(bootstrap: str, port: int, health_port: int) -> None:
    """Ingest with its own settings, in one process."""
    sys.exit(
        run(
            IngestSettings(listen=(f"127.0.0.1:{port}",), processes=1, sessions_per_address=0),
            KafkaSettings(bootstrap_servers=bootstrap),
            TopicsSettings(),
            LogSettings(level="warning"),
            HealthSettings(ingest_port=health_port),
        )
    )


def measure(bootstrap: str, rate: int, seconds: float) -> dict[str, float]:
    """Run ingest under load and read what it did."""
    topics.create(KafkaSettings(bootstrap_servers=bootstrap), TopicsSettings(), ["raw"])
    port, health_port = free_port(), free_port()
    command = [sys.executable, "-c"]
    command.append(f"from bench.ingest import serve; serve({bootstrap!r}, {port}, {health_port})")
    with subprocess.Popen(command) as process:
        try:
            await_figures(health_port, process)
            cpu, before = cpu_seconds(process.pid), figures(health_port)
            sender = Process(target=send, args=(port, rate, seconds))
            sender.start()
            sender.join()
            time.sleep(2)
            after = figures(health_port)
            spent = cpu_seconds(process.pid) - cpu
        finally:
            process.send_signal(signal.SIGTERM)
    result = {name: after[name] - before[name] for name in after}
    result["cpu_seconds"] = spent
    return result


def main() -> None:
    """Print both figures and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rate", type=int, default=40_000)
    parser.add_argument("--kafka")
    given = parser.parse_args()
    floor = bare(given.rate, min(3.0, given.seconds))
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker("kafka", given.kafka, "given") if given.kafka else start_tansu(Path(folder))
        try:
            found = measure(broker.bootstrap, given.rate, given.seconds)
        finally:
            broker.stop()
    delivered = found["ingest_datagrams_delivered_total"]
    dropped = sum(value for name, value in found.items() if "dropped" in name)
    what = f"{OCTETS} octets, {dropped / max(1.0, delivered + dropped):.1%} dropped"
    unit = f"datagrams per CPU-second, {broker.kind}"
    emit([Row("ingest", what, delivered / found["cpu_seconds"], unit, floor, "bare recvfrom", AIM)])


if __name__ == "__main__":
    main()
