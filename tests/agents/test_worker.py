"""A worker as a real process, on both brokers."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from envizzy import topics
from envizzy.config import Settings, read
from envizzy.generator.fleet import Behaviour, Fleet
from envizzy.lab.processes import Child, envizzy, spawn
from envizzy.lab.reader import TopicReader
from schemas import avro, raw_batch
from schemas.addresses import exporter_octets
from schemas.topics import TOPICS
from service.settings import TopicsSettings
from streams.agents.flights import Flight
from streams.agents.publisher import Publisher, producer_config
from streams.metrics import StreamsMetrics
from streams.settings import StreamsSettings
from tests.brokers import Broker, create_topics, free_port

SECOND = 1_000_000_000


def settings_file(folder: Path, bootstrap: str, prefix: str, more: str = "") -> Path:
    """Settings of a worker with two partitions."""
    file = folder / "worker.toml"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{bootstrap}"\ntimeout_seconds = 3\n'
        f'[topics]\nprefix = "{prefix}"\nraw_partitions = 2\nrecord_partitions = 2\n'
        f"[streams]\nsession_seconds = 6\nprocesses = 1\n{more}"
    )
    return file


def prepared(folder: Path, broker: Broker, prefix: str, more: str = "") -> tuple[Path, Settings]:
    """Settings, and the topics made."""
    file = settings_file(folder, broker.bootstrap, prefix, more)
    settings = read(file).settings
    topics.create(settings.kafka, settings.topics)
    return file, settings


def run_to_end(file: Path) -> tuple[int, str]:
    """Start a worker that cannot begin."""
    done = subprocess.run(
        envizzy("streams", "--config", str(file), "--health-port", "0"),
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
        cwd=Path(__file__).resolve().parents[2],
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def until(is_done: Callable[[], bool], child: Child, seconds: float = 120.0) -> None:
    """Wait for something, as long as the worker lives."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if child.ended or time.monotonic() > deadline:
            pytest.fail(f"not reached: {child.tail()}")
        time.sleep(0.05)


def sent_by(fleet: Fleet, moments: list[int]) -> list[bytes]:
    """Events of one fleet, each endpoint under one address, and how many records they hold."""
    exporter = exporter_octets("192.0.2.9")
    events = []
    for now_ns in moments:
        items = [
            raw_batch.encode_datagram(
                now_ns, exporter, 4000 + each.endpoint, 2055, 0, None, each.payload
            )
            for each in fleet.advance(now_ns)
        ]
        events.append(raw_batch.seal(now_ns, items))
    return events


def records(reader: TopicReader, found: list[Any], at_least: int) -> Callable[[], bool]:
    """Whether so many records stand on the topics; they are collected on the way."""

    def enough() -> bool:
        found.extend(reader.read(0.1))
        return len(found) >= at_least

    return enough


def test_templates_outlive_a_restart(broker: Broker, prefix: str, tmp_path: Path) -> None:
    """They come in the first life; the data of the second is decoded by the state topic."""
    file, settings = prepared(tmp_path, broker, prefix, "fleet_layouts = false\n")
    now = time.time_ns()
    fleet = Fleet(Behaviour(endpoints=5, rate=100.0), now)
    first, second = sent_by(fleet, [now + SECOND, now + 2 * SECOND])
    command = envizzy("streams", "--config", str(file), "--health-port", "0")
    producer = Producer(settings.kafka.librdkafka())
    kinds = [settings.topics.name(kind) for kind in ("endpoint", "interface", "flow")]
    reader, found = TopicReader(settings.kafka.librdkafka(), kinds), []
    expected = 0
    try:
        for value, templates in ((first, 5), (second, 0)):
            producer.produce(settings.topics.name("raw"), value, partition=1)
            producer.flush(30)
            expected += len(raw_batch.decode(value).datagrams) - templates
            worker = spawn("worker", command, tmp_path / "worker.log")
            until(records(reader, found, expected), worker)
            assert 0 == worker.stop()
        found += list(reader.to_end())
    finally:
        reader.close()

    ids = {dict(each.headers())["record-id"] for each in found}
    assert expected == len(found) == len(ids)
    assert all("template-origin" not in dict(each.headers()) for each in found)


def test_no_kafka_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """It says where it looked, and there is no traceback."""
    port = free_port()

    code, output = run_to_end(settings_file(tmp_path, f"127.0.0.1:{port}", ""))

    assert 1 == code
    assert f"Kafka at 127.0.0.1:{port} does not answer within 3 s" in output
    assert "Traceback" not in output


def test_missing_topics_are_one_line_and_exit_code_1(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    """It names the command that makes them."""
    code, output = run_to_end(settings_file(tmp_path, broker.bootstrap, prefix))

    assert 1 == code
    assert f"no topic {prefix}dead-letter" in output
    assert "envizzy topics create" in output
    assert "Traceback" not in output


@pytest.mark.kafka
def test_a_memory_that_would_be_deleted_is_refused(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    """The clean-up policy of the state topic, by the broker's own answer."""
    wanted = {
        prefix + name: (1 if spec.partitions_rule == "one" else 2, spec.configs())
        for name, spec in TOPICS.items()
    }
    wanted[prefix + "state"] = (2, {"cleanup.policy": "delete"})
    create_topics(kafka, wanted)

    code, output = run_to_end(settings_file(tmp_path, kafka.bootstrap, prefix))

    assert 1 == code
    assert f"{prefix}state has cleanup.policy=delete; compact is needed" in output


@pytest.mark.kafka
def test_a_wrong_filter_policy_is_one_line_and_exit_code_2(
    tansu: Broker, prefix: str, tmp_path: Path
) -> None:
    """Starting again changes nothing."""
    policy = tmp_path / "policy.json"
    policy.write_text('{"rules": {"include": [{}]}}')

    code, output = run_to_end(
        settings_file(tmp_path, tansu.bootstrap, prefix, f'filter_policy = "{policy}"\n')
    )

    assert 2 == code
    assert "Traceback" not in output


@pytest.mark.kafka
def test_innocent_records_of_a_batch_that_the_broker_refuses_come_out(
    kafka: Broker, prefix: str
) -> None:
    """One record is larger than its topic takes: it alone becomes a dead letter."""
    create_topics(
        kafka,
        {
            prefix + "flow": (1, {"max.message.bytes": "20000"}),
            prefix + "dead-letter": (1, {}),
        },
    )
    settings = TopicsSettings(prefix=prefix)
    connection = read(None, {"kafka.bootstrap_servers": kafka.bootstrap}).settings.kafka
    config = producer_config(StreamsSettings(linger_ms=200, compression="none"), connection)
    metrics = StreamsMetrics()
    room = Publisher(config, settings, metrics)
    flight = Flight(None, 0, 7, room.refused)
    for number in range(60):
        value = b"x" * (30_000 if number == 30 else 100) + b"%d" % number
        headers = [("record-id", f"id-{number}"), ("received", "1")]
        room.send(flight, prefix + "flow", value, b"key", headers=headers)

    deadline = time.monotonic() + 30
    while flight.open > 1 and time.monotonic() < deadline:
        room.poll()
        time.sleep(0.01)

    reader = TopicReader(connection.librdkafka(), [prefix + "flow", prefix + "dead-letter"])
    found = list(reader.to_end())
    reader.close()
    flows = [each for each in found if each.topic() == prefix + "flow"]
    letters = [avro.decode(each.value())[1] for each in found if each not in flows]
    assert {f"id-{number}".encode() for number in range(60) if number != 30} == {
        dict(each.headers())["record-id"] for each in flows
    }
    assert 59 == len(flows)
    assert [("too_large", "id-30")] == [(each["reason"], each["record_id"]) for each in letters]
    assert 1 == flight.open


def test_the_interpreter_of_the_tests_runs_the_workers() -> None:
    """The command of a worker is that of this environment."""
    assert sys.executable == envizzy("streams")[0]
