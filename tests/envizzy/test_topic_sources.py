"""Commands that read a topic instead of a capture."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner

from envizzy import topics
from envizzy.cli import app
from envizzy.config import read
from schemas import raw_batch
from schemas.addresses import exporter_octets
from tests.brokers import Broker
from tests.envizzy.suggest_clients import START, Client

pytestmark = pytest.mark.kafka

EXPORTER = exporter_octets("192.0.2.9")


def _event(payloads: list[bytes]) -> bytes:
    items = [
        raw_batch.encode_datagram(START, EXPORTER, 4000, 2055, 0, None, each) for each in payloads
    ]
    return raw_batch.seal(START, items)


def test_raw_and_flow_are_read_to_their_end(broker: Broker, prefix: str, tmp_path: Path) -> None:
    """Filters are tried on both, unknown elements are looked for in raw; nothing is committed."""
    file, policy = tmp_path / "envizzy.toml", tmp_path / "p.conf"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{broker.bootstrap}"\n[topics]\nprefix = "{prefix}"\n'
        "raw_partitions = 2\nrecord_partitions = 2\nreplication_factor = 1\n"
    )
    policy.write_text('{"rules": {"exclude": [{"dp": 53}]}}')
    settings = read(file).settings
    topics.create(settings.kafka, settings.topics)
    payloads = [each.payload for each in Client(3)._payloads(100)]
    producer = Producer(settings.kafka.librdkafka())
    for start in range(0, len(payloads), 10):
        producer.produce(
            settings.topics.name("raw"), _event(payloads[start : start + 10]), partition=1
        )
    producer.produce(settings.topics.name("raw"), b"no batch", partition=0)
    for value in ({"dp": 53, "pn": "a"}, {"dp": "443", "mnl": "a b"}):
        producer.produce(settings.topics.name("flow"), json.dumps(value).encode())
    assert 0 == producer.flush(60)
    config = ("--config", str(file), "--json")

    runner = CliRunner()
    of_raw = runner.invoke(app, ["filters", "test", str(policy), "--from", "raw", *config])
    of_flow = runner.invoke(app, ["filters", "test", str(policy), "--from", "flow", *config])
    suggested = runner.invoke(app, ["elements", "suggest", "raw", *config])

    assert (0, 0, 0) == (of_raw.exit_code, of_flow.exit_code, suggested.exit_code)
    assert 100 == json.loads(of_raw.stdout)["flows"]
    assert "an event of raw is passed over" in of_raw.stderr
    judged = json.loads(of_flow.stdout)
    assert (2, 1, 1) == (judged["flows"], judged["kept"], judged["dropped_by_exclude"])
    assert 16 == len(json.loads(suggested.stdout)["elements"])
