"""Flows per CPU-second of one streams worker, over a real broker, from ``raw`` to JSON on topics.

nvzFlow: one flow a datagram, 50 datagrams an event. Router flows: tens a datagram. The CPU time
is that of the whole worker process, librdkafka's threads (lz4, network) included; the broker's is
not. Beside it runs ``produce`` alone: the worker's values given to the same broker by the same
client, without keys, headers or reports, and nothing decoded: what Kafka alone costs.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer

from bench.hot_path import Line, NullProducer
from bench.loads import PARTITIONS, Event, nvzflow
from bench.routers import ipfix, v5, v9
from bench.table import Row, emit
from envizzy import topics
from envizzy.config import read
from envizzy.lab.processes import await_ready, envizzy, fetch, free_port, spawn
from service.settings import KafkaSettings
from streams.agents.publisher import producer_config
from streams.settings import StreamsSettings
from tests.brokers import (
    Broker,
    BrokerUnavailableError,
    create_topics,
    start_kafka,
    start_tansu,
)

STARTING_SECONDS = 60.0
WARM_SHARE = 0.15
"""Of the flows: read before the measurement begins (layouts compiled, caches filled)."""

ALONE = 20_000
"""Values given to ``produce`` alone, twice: the second time counts."""

_TICKS = os.sysconf("SC_CLK_TCK")

LOADS: dict[str, tuple[str, Callable[[int], Iterator[Event]], str, float]] = {
    "nvzflow": ("25 fields, 2 lists, 1 a datagram", nvzflow, "streams_flow_records_total", 70_000),
    "ipfix": ("18 fields, 22 a datagram", ipfix, "streams_netflow_records_total", 120_000),
    "v9": ("18 fields, 26 a datagram", v9, "streams_netflow_records_total", 120_000),
    "v5": ("18 fields, 30 a datagram", v5, "streams_netflow_records_total", 120_000),
}
"""By name: what it is, how it is made, what counts it, the aim."""


class _Values(NullProducer):
    """Keeps what would be sent."""

    def __init__(self, config: object) -> None:
        super().__init__(config)
        self.values: list[bytes] = []

    def produce(self, *arguments: object) -> None:
        """Keep the value and confirm."""
        self.values.append(arguments[1])  # type: ignore[arg-type] # the worker gives octets
        super().produce(*arguments)


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def counted(port: int, name: str) -> float:
    """A counter of the worker; 0 while there is none."""
    for line in fetch(f"http://127.0.0.1:{port}/metrics").splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    return 0.0


def alone(broker: Broker, topic: str, events: Iterable[Event]) -> float:
    """Values per CPU-second of ``produce`` alone, into a topic of its own."""
    create_topics(broker, {topic: (PARTITIONS, {})})
    line = Line(_Values, {})
    line.run(list(events))
    values = line.producer.values[-ALONE:]
    config = producer_config(StreamsSettings(), KafkaSettings(bootstrap_servers=broker.bootstrap))
    producer = Producer(config)
    spent = 0.0
    for _ in range(2):
        begin = time.process_time()
        for value in values:
            producer.produce(topic, value)
        producer.flush()
        spent = time.process_time() - begin
    return len(values) / spent


def measure(broker: Broker, name: str, flows: int, folder: Path) -> float:
    """Flows per CPU-second of one worker.

    Args:
        broker: Where.
        name: Of the load.
        flows: How many.
        folder: For settings and logs.
    """
    _, load, counter, _ = LOADS[name]
    port = free_port()
    file = folder / f"{name}.toml"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{broker.bootstrap}"\n'
        f'[topics]\nprefix = "bench-{name}-"\nraw_partitions = {PARTITIONS}\n'
        f"record_partitions = {PARTITIONS}\n"
        f"[streams]\nprocesses = 1\nsession_seconds = {broker.session_seconds}\n"
        f"[health]\nstreams_port = {port}\n"
    )
    settings = read(file).settings
    topics.create(settings.kafka, settings.topics)
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 20})
    for partition, value in load(flows):
        producer.produce(f"bench-{name}-raw", value, partition=partition)
        producer.poll(0)
    producer.flush()
    worker = spawn("streams", envizzy("streams", "--config", str(file)), folder / f"{name}.log", {})
    try:
        await_ready(worker, f"http://127.0.0.1:{port}/readyz", STARTING_SECONDS)
        first: tuple[float, float] | None = None
        done, pid = 0.0, worker.process.pid
        while done < flows:
            time.sleep(0.2)
            done, cpu = counted(port, counter), cpu_seconds(pid)
            if worker.ended:
                raise SystemExit(f"the worker ended:\n{worker.tail()}")
            if first is None and done >= flows * WARM_SHARE:
                first = (done, cpu)
        if first is None or first[0] == done:
            raise SystemExit("too few flows to measure")
        return (done - first[0]) / (cpu - first[1])
    finally:
        worker.stop()


@contextmanager
def broker_at_hand(kind: str) -> Iterator[tuple[Broker, Path]]:
    """The broker that was asked for; ``any`` is Kafka, else Tansu.

    Raises:
        BrokerUnavailableError: It cannot be had.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            broker = start_tansu(folder) if kind == "tansu" else start_kafka(folder)
        except BrokerUnavailableError as error:
            if kind != "any":
                raise
            print(f"no Kafka, so Tansu: {error}", flush=True)
            broker = start_tansu(folder)
        try:
            yield broker, folder
        finally:
            broker.stop()


def main(arguments: list[str] | None = None) -> None:
    """Measure each load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=80_000)
    parser.add_argument("--broker", choices=("any", "tansu", "kafka"), default="any")
    parser.add_argument("--load", choices=[*LOADS, "all"], default="all")
    asked = parser.parse_args(arguments)
    with broker_at_hand(asked.broker) as (broker, folder):
        for name, (what, load, _, aim) in LOADS.items():
            if asked.load not in (name, "all"):
                continue
            speed = measure(broker, name, asked.flows, folder)
            floor = alone(broker, f"bench-alone-{name}", load(2 * ALONE))
            unit = f"flows per CPU-second, {broker.kind}"
            emit([Row(f"worker, {name}", what, speed, unit, floor, "produce alone", aim)])


if __name__ == "__main__":
    main(sys.argv[1:])
