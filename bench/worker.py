"""Flows per CPU-second of one streams worker, over a real broker.

What is measured: nvzFlow flows of the public v3 layout (template 267, 25 fields, two module lists),
one a datagram, 50 datagrams an event, from ``raw`` to ``flow`` as JSON. The CPU time is that of the
whole worker process, librdkafka's threads (lz4, network) included; the broker's is not.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import Producer

from envizzy import topics
from envizzy.config import read
from envizzy.generator.fleet import Behaviour, Fleet
from envizzy.lab.processes import await_ready, envizzy, fetch, free_port, spawn
from schemas import raw_batch
from schemas.addresses import exporter_octets, raw_partition
from tests.brokers import Broker, BrokerUnavailableError, start_kafka, start_tansu

PARTITIONS = 4
ENDPOINTS = 200
DATAGRAMS_AN_EVENT = 50
STARTING_SECONDS = 60.0
WARM_SHARE = 0.1
"""Of the flows: read before the measurement begins (layouts compiled, caches filled)."""

_TICKS = os.sysconf("SC_CLK_TCK")


def events(flows: int) -> Iterator[tuple[int, bytes]]:
    """The events: partition and value, templates first."""
    now_ns = time.time_ns()
    fleet = Fleet(Behaviour(endpoints=ENDPOINTS, rate=100_000.0), now_ns)
    items: dict[int, list[bytes]] = {each: [] for each in range(PARTITIONS)}
    made = 0
    while made < flows:
        now_ns += 10_000_000
        for emission in fleet.advance(now_ns):
            exporter = exporter_octets(f"10.1.{emission.endpoint >> 8}.{emission.endpoint & 255}")
            partition = raw_partition(exporter, PARTITIONS)
            items[partition].append(
                raw_batch.encode_datagram(now_ns, exporter, 50_000, 2055, 0, None, emission.payload)
            )
            made += emission.sent is not None and emission.sent.kind == "flow"
            if len(items[partition]) == DATAGRAMS_AN_EVENT:
                yield partition, raw_batch.seal(now_ns, items[partition])
                items[partition] = []
    for partition, rest in items.items():
        yield partition, raw_batch.seal(now_ns, rest)


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def published(port: int) -> float:
    """Flow records that the worker has made so far."""
    for line in fetch(f"http://127.0.0.1:{port}/metrics").splitlines():
        if line.startswith("streams_flow_records_total "):
            return float(line.split()[1])
    return 0.0


def measure(broker: Broker, flows: int, folder: Path) -> tuple[float, float]:
    """Flows per CPU-second and per second of one worker.

    Args:
        broker: Where.
        flows: How many.
        folder: For settings and logs.
    """
    port = free_port()
    file = folder / "bench.toml"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{broker.bootstrap}"\n'
        f'[topics]\nprefix = "bench-"\nraw_partitions = {PARTITIONS}\n'
        f"record_partitions = {PARTITIONS}\n"
        f"[streams]\nprocesses = 1\nsession_seconds = {broker.session_seconds}\n"
        f"[health]\nstreams_port = {port}\n"
    )
    settings = read(file).settings
    topics.create(settings.kafka, settings.topics)
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 20})
    for partition, value in events(flows):
        producer.produce("bench-raw", value, partition=partition)
        producer.poll(0)
    producer.flush()
    worker = spawn("streams", envizzy("streams", "--config", str(file)), folder / "worker.log", {})
    try:
        await_ready(worker, f"http://127.0.0.1:{port}/readyz", STARTING_SECONDS)
        first: tuple[float, float, float] | None = None
        done, pid = 0.0, worker.process.pid
        while done < flows:
            time.sleep(0.2)
            done, cpu, now = published(port), cpu_seconds(pid), time.monotonic()
            if worker.ended:
                raise SystemExit(f"the worker ended:\n{worker.tail()}")
            if first is None and done >= flows * WARM_SHARE:
                first = (done, cpu, now)
        if first is None or first[0] == done:
            raise SystemExit("too few flows to measure")
        return (done - first[0]) / (cpu - first[1]), (done - first[0]) / (now - first[2])
    finally:
        worker.stop()


def main(arguments: list[str] | None = None) -> None:
    """Measure on each broker that can be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=200_000)
    parser.add_argument("--broker", choices=("tansu", "kafka", "both"), default="both")
    asked = parser.parse_args(arguments)
    figures: dict[str, float] = {}
    for name, start in (("tansu", start_tansu), ("kafka", start_kafka)):
        if asked.broker not in (name, "both"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                broker = start(Path(folder))
            except BrokerUnavailableError as error:
                print(f"worker on {name}: not run: {error}")
                continue
            try:
                per_cpu, per_second = measure(broker, asked.flows, Path(folder))
            finally:
                broker.stop()
        figures[name] = per_cpu
        print(
            f"worker on {name}: {per_cpu:,.0f} flows per CPU-second "
            f"({1e6 / per_cpu:.1f} us a flow), {per_second:,.0f} flows/s"
        )
    if len(figures) > 1:
        print(f"worker: kafka / tansu = {figures['kafka'] / figures['tansu']:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
