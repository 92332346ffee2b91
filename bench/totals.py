"""Flows per CPU-second of one totals worker, over a real broker: ``netflow`` to ``netflow-1m``.

Two loads: each flow key comes several times a minute, as routers with an active timeout send it,
and each flow is its own total, as short connections are. The CPU time is that of the whole worker
process, from ready to the last total confirmed; the broker's is not in it. Beside it runs what
Kafka alone costs: the same records consumed and nothing done.
"""

import argparse
import random
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.loads import PARTITIONS
from bench.table import Row, emit
from bench.worker import broker_at_hand, counted, cpu_seconds
from envizzy import topics
from envizzy.config import Settings, read
from envizzy.lab.processes import await_ready, envizzy, free_port, spawn
from schemas.records import HEADER_EXPORTER, HEADER_FORM, HEADER_RECEIVED, HEADER_RECORD_ID
from tests.brokers import Broker

PATIENCE_SECONDS = 300.0
EXPORTERS = 16
FLOWS_A_DATAGRAM = 22
MINUTES = 6
SEED = 7
SECOND_NS, MINUTE_NS = 10**9, 60 * 10**9


class Load(NamedTuple):
    """How often flow keys come.

    Attributes:
        what: For people.
        repeats: Records of a flow key in each minute; 1: each flow has a key of its own.
        aim: Flows per CPU-second.
    """

    what: str
    repeats: int
    aim: float


LOADS = {
    "repeated": Load("each key 8 times a minute", 8, 50_000.0),
    "single": Load("each flow its own total", 1, 50_000.0),
}


class Record(NamedTuple):
    """A record of ``netflow``."""

    exporter: str
    headers: list[tuple[str, str]]
    value: bytes


def records(load: Load, flows: int) -> Iterator[Record]:
    """Records as the decoders write them for routers that send IPFIX of 18 fields."""
    some = random.Random(SEED)
    begin_ns = time.time_ns() - (MINUTES + 2) * MINUTE_NS
    keys = max(1, flows // MINUTES // load.repeats // EXPORTERS)
    offsets = [0] * PARTITIONS
    for datagram in range(flows // FLOWS_A_DATAGRAM):
        now_ns = begin_ns + datagram * MINUTES * MINUTE_NS * FLOWS_A_DATAGRAM // flows
        number = datagram % EXPORTERS
        exporter = f"192.0.2.{number + 1}"
        lane = number % PARTITIONS
        offsets[lane] += 1
        for index in range(FLOWS_A_DATAGRAM):
            single = datagram * FLOWS_A_DATAGRAM + index
            key = single if load.repeats == 1 else some.randrange(keys)
            end_ns = now_ns - some.randrange(5 * SECOND_NS)
            record_id = f"0badcafe-{lane:04x}-{offsets[lane]:012x}-0000-0000-{index:04x}"
            yield Record(
                exporter,
                [
                    (HEADER_RECORD_ID, record_id),
                    (HEADER_EXPORTER, exporter),
                    (HEADER_RECEIVED, str(now_ns)),
                    (HEADER_FORM, "1"),
                ],
                _value(exporter, now_ns, end_ns, key, some),
            )


def _value(exporter: str, now_ns: int, end_ns: int, key: int, some: random.Random) -> bytes:
    packets = some.randrange(1, 100)
    return (
        f'{{"type":"IPFIX","time_received_ns":{now_ns},"sequence_num":{key},'
        f'"sampler_address":"{exporter}","observation_domain_id":6,"etype":"IPv4",'
        f'"time_flow_start_ns":{end_ns - 2 * SECOND_NS},"time_flow_end_ns":{end_ns},'
        f'"bytes":{packets * some.randrange(40, 1500)},"packets":{packets},'
        f'"src_addr":"10.0.{key >> 8 & 255}.{key & 255}","dst_addr":"198.51.{key >> 16}.225",'
        f'"proto":"TCP","src_port":{1024 + key % 60_000},"dst_port":443,"in_if":{key % 48},'
        f'"out_if":27,"ip_tos":0,"tcp_flags":24,"src_as":24153,"dst_as":64512,'
        f'"next_hop":"192.0.2.1","src_net":"10.0.{key >> 8 & 255}.0/24","dst_net":"198.51.0.0/16"}}'
    ).encode()


def fill(settings: Settings, load: Load, flows: int) -> int:
    """Write the records; return how many."""
    producer = Producer(
        {
            **settings.kafka.librdkafka(),
            "linger.ms": 20,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 0,
        }
    )
    topic, number = settings.topics.name("netflow"), 0
    for number, each in enumerate(records(load, flows), 1):
        partition = zlib.crc32(each.exporter.encode()) % PARTITIONS
        producer.produce(topic, each.value, each.exporter, partition, headers=each.headers)
        if number % 1000 == 0:
            producer.poll(0)
    if producer.flush(PATIENCE_SECONDS):
        raise SystemExit("the load could not be written")
    return number


def consumed_alone(settings: Settings, records_: int) -> float:
    """Records per CPU-second of a consumer that does nothing with them."""
    config: dict[str, Any] = {"group.id": "bench-alone", "auto.offset.reset": "earliest"}
    consumer = Consumer({**settings.kafka.librdkafka(), **config, "fetch.wait.max.ms": 50})
    topic = settings.topics.name("netflow")
    consumer.assign([TopicPartition(topic, each, 0) for each in range(PARTITIONS)])
    begin, done = time.process_time(), 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while done < records_ and time.monotonic() < deadline:
        done += len(consumer.consume(10_000, 0.1))
    spent = time.process_time() - begin
    consumer.close()
    return done / spent


def measure(broker: Broker, name: str, flows: int, folder: Path) -> None:
    """Measure one worker and print its row.

    Args:
        broker: Where.
        name: Of the load.
        flows: How many, about.
        folder: For settings and logs.
    """
    load, port, file = LOADS[name], free_port(), folder / f"{name}.toml"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{broker.bootstrap}"\n'
        f'[topics]\nprefix = "bench-{name}-"\nraw_partitions = {PARTITIONS}\n'
        f"record_partitions = {PARTITIONS}\n"
        f"[totals]\nsession_seconds = {broker.session_seconds}\nidle_seconds = 1\n"
    )
    settings = read(file).settings
    topics.create(settings.kafka, settings.topics)
    number = fill(settings, load, flows)
    floor = consumed_alone(settings, number)
    command = envizzy("totals", "--config", str(file), "--health-port", str(port))
    worker = spawn("totals", command, folder / f"{name}.log")
    try:
        await_ready(worker, f"http://127.0.0.1:{port}/healthz", PATIENCE_SECONDS)
        before, deadline = cpu_seconds(worker.process.pid), time.monotonic() + PATIENCE_SECONDS
        published = -1.0
        while True:
            time.sleep(0.5)
            now = counted(port, "totals_published_total")
            is_all = counted(port, "totals_records_total") >= number
            # all is taken, the silence has published what was left, and it has arrived
            if is_all and now == published and not counted(port, "totals_unconfirmed_totals"):
                break
            # a second's silence is needed twice over before the count can stand still by chance
            published = now if is_all else -1.0
            if is_all:
                time.sleep(2.0)
            if worker.ended or time.monotonic() > deadline:
                raise SystemExit(f"the worker did not finish:\n{worker.tail()}")
        spent = cpu_seconds(worker.process.pid) - before
        if counted(port, "totals_assigned_partitions") != PARTITIONS:
            raise SystemExit("the worker lost its partitions")
    finally:
        worker.stop()
    what = f"{load.what}: {published / number:.2f} totals published a flow"
    unit = f"flows per CPU-second, {broker.kind}"
    emit([Row(f"totals, {name}", what, number / spent, unit, floor, "consumed alone", load.aim)])


def main(arguments: list[str] | None = None) -> None:
    """Measure each load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=300_000)
    parser.add_argument("--broker", choices=("any", "tansu", "kafka"), default="any")
    parser.add_argument("--load", choices=[*LOADS, "all"], default="all")
    asked = parser.parse_args(arguments)
    with broker_at_hand(asked.broker) as (broker, folder):
        for name in LOADS:
            if asked.load in (name, "all"):
                measure(broker, name, asked.flows, folder)


if __name__ == "__main__":
    main(sys.argv[1:])
