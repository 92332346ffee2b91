"""A real worker on real brokers: flows of NetFlow v5, v9 and IPFIX land on ``netflow``."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Producer

from bench.routers import Router
from envizzy.lab.processes import envizzy, spawn
from envizzy.lab.reader import TopicReader
from schemas import raw_batch
from tests.agents.test_worker import prepared, records, until
from tests.brokers import Broker

KINDS = ("v5", "v9", "ipfix")
TYPES = {"v5": "NETFLOW_V5", "v9": "NETFLOW_V9", "ipfix": "IPFIX"}


def test_flows_of_routers_land_on_their_topic(broker: Broker, prefix: str, tmp_path: Path) -> None:
    """Every flow once, under its exporter's address, complete."""
    file, settings = prepared(tmp_path, broker, prefix)
    now_ns = time.time_ns()
    seconds = now_ns // 10**9
    items, expected = [], {}
    for number, kind in enumerate(KINDS):
        router = Router(kind, number)
        payloads = [router.template(seconds), router.datagram(seconds), router.datagram(seconds)]
        items += [
            raw_batch.encode_datagram(now_ns, router.exporter, 5000, 2055, 0, None, payload)
            for payload in payloads
            if payload
        ]
        expected[TYPES[kind], f"192.0.2.{number + 1}"] = 2 * router.flows
    producer = Producer(settings.kafka.librdkafka())
    producer.produce(settings.topics.name("raw"), raw_batch.seal(now_ns, items), partition=1)
    producer.flush(30)
    topics = [settings.topics.name("netflow")]
    reader = TopicReader(settings.kafka.librdkafka(), topics)
    found: list[Any] = []
    try:
        command = envizzy("streams", "--config", str(file), "--health-port", "0")
        worker = spawn("worker", command, tmp_path / "worker.log")
        until(records(reader, found, sum(expected.values())), worker)
        assert 0 == worker.stop()
    finally:
        reader.close()
    rows = [orjson.loads(message.value()) for message in found]

    assert expected == Counter((row["type"], row["sampler_address"]) for row in rows)
    assert {message.key().decode() for message in found} == {name for _, name in expected}
    assert not any("missing" in row or "flags" in row for row in rows)
