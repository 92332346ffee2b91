"""Ingest as real processes: with Kafka, without it, killed, stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition

from schemas.addresses import exporter_text, raw_partition
from schemas.raw_batch import decode
from tests.brokers import Broker, create_topics, free_port

PARTITIONS = 4
PATIENCE = 90.0

SCRIPT = """
import json, sys
from envizzy.config import Settings
from ingest.run import run
s = Settings.model_validate(json.loads(sys.argv[1]))
sys.exit(run(s.ingest, s.kafka, s.topics, s.logs, s.health))
"""


@dataclass
class Ingest:
    """A running ingest.

    Attributes:
        process: The (supervising) process.
        port: UDP.
        health: HTTP.
        log: What it says.
    """

    process: subprocess.Popen[bytes]
    port: int
    health: int
    log: Path

    def figures(self) -> dict[str, float]:
        """Its metrics."""
        return {
            name: float(value)
            for name, _, value in (
                line.rpartition(" ") for line in self.get("metrics")[1].splitlines()
            )
            if not name.startswith("#")
        }

    def get(self, path: str) -> tuple[int, str]:
        """Ask its health server; (0, "") where there is none yet."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.health}/{path}", timeout=5
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


Start = Callable[..., Ingest]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts ingest; what still runs at the end is killed."""
    started: list[Ingest] = []

    def _start(bootstrap: str, prefix: str = "", processes: int = 1, **ingest: object) -> Ingest:
        port, health = free_port(), free_port()
        settings = {
            "kafka": {"bootstrap_servers": bootstrap},
            "topics": {"prefix": prefix, "raw_partitions": PARTITIONS},
            "ingest": {"listen": [f"127.0.0.1:{port}"], "processes": processes, **ingest},
            "health": {"ingest_port": health},
        }
        log = tmp_path / f"ingest-{len(started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, json.dumps(settings)], stderr=output
            )
        started.append(Ingest(process, port, health, log))
        return started[-1]

    yield _start
    for each in started:
        if each.process.poll() is None:
            each.process.terminate()
            try:
                each.process.wait(15)
            except subprocess.TimeoutExpired:
                each.process.kill()
                each.process.wait()


def _wait(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def _send(port: int, numbers: range, sources: int = 8) -> None:
    """Send numbered datagrams from several loopback addresses."""
    for source in range(sources):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind((f"127.0.2.{source + 1}", 0))
            for number in numbers:
                if number % sources == source:
                    own.sendto(str(number).encode(), ("127.0.0.1", port))


def _published(bootstrap: str, topic: str) -> Counter[int]:
    """The numbers that stand in the topic; checks partition and order on the way."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": topic, "enable.partition.eof": True}
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    found: Counter[int] = Counter()
    ended: set[int] = set()
    while len(ended) < PARTITIONS:
        message = consumer.poll(PATIENCE)
        assert message is not None, "no end of partition"
        if message.error() is not None:
            assert KafkaError._PARTITION_EOF == message.error().code()
            ended.add(message.partition())
            continue
        batch = decode(message.value())
        for datagram in batch.datagrams:
            assert raw_partition(datagram.exporter, PARTITIONS) == message.partition()
            assert exporter_text(datagram.exporter).startswith("127.0.2.")
            assert datagram.received_at_ns <= batch.sealed_at_ns
            found[int(datagram.payload)] += 1
    consumer.close()
    return found


@pytest.mark.parametrize("processes", [1, 2])
def test_every_datagram_gets_into_raw_once(
    broker: Broker, prefix: str, start: Start, processes: int
) -> None:
    """Sent, delivered and published are one set; quiet partitions have ticks; stop is 0."""
    create_topics(broker, {f"{prefix}raw": (PARTITIONS, {})})
    ingest = start(broker.bootstrap, prefix, processes)
    _wait(lambda: ingest.get("readyz")[0] == 200)
    _send(ingest.port, range(4000))
    _wait(lambda: ingest.figures()["ingest_datagrams_delivered_total"] == 4000)
    figures = ingest.figures()

    assert 0 == ingest.stop(), ingest.log.read_text()
    assert Counter(range(4000)) == _published(broker.bootstrap, f"{prefix}raw")
    assert 4000 == figures["ingest_datagrams_total"]
    assert 0 == sum(value for name, value in figures.items() if "dropped" in name)
    assert figures["ingest_ticks_total"] > 0
    assert processes == figures["ingest_process_starts_total"]


@pytest.mark.kafka
def test_stop_delivers_what_was_received(tansu: Broker, prefix: str, start: Start) -> None:
    """SIGTERM right behind the last datagram loses none."""
    create_topics(tansu, {f"{prefix}raw": (PARTITIONS, {})})
    ingest = start(tansu.bootstrap, prefix)
    _wait(lambda: ingest.get("readyz")[0] == 200)
    _send(ingest.port, range(500))

    assert 0 == ingest.stop()
    assert Counter(range(500)) == _published(tansu.bootstrap, f"{prefix}raw")


@pytest.mark.kafka
def test_killed_process_is_started_again(tansu: Broker, prefix: str, start: Start) -> None:
    """Another one is started on the same socket; what comes meanwhile waits in the kernel."""
    create_topics(tansu, {f"{prefix}raw": (PARTITIONS, {})})
    ingest = start(tansu.bootstrap, prefix, 2)
    _wait(lambda: ingest.get("readyz")[0] == 200)
    pid = ingest.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    os.kill(int(children[1]), signal.SIGKILL)
    _send(ingest.port, range(1000))
    _wait(lambda: ingest.figures()["ingest_datagrams_delivered_total"] == 1000)

    assert 3 == ingest.figures()["ingest_process_starts_total"]
    assert 0 == ingest.stop()
    assert Counter(range(1000)) == _published(tansu.bootstrap, f"{prefix}raw")
    assert "started again" in ingest.log.read_text()


def test_without_kafka_it_stays_up_and_says_so(start: Start) -> None:
    """It receives, is well but not ready, and at the end counts and tells what was lost; exit 0."""
    ingest = start(f"127.0.0.1:{free_port()}", stop_seconds=0.5)
    _wait(lambda: ingest.get("healthz")[0] == 200)
    _send(ingest.port, range(100))
    _wait(lambda: ingest.figures()["ingest_datagrams_total"] == 100)
    _wait(lambda: "Kafka cannot be reached" in ingest.log.read_text())

    assert 503 == ingest.get("readyz")[0]
    assert 0 == ingest.stop()
    log = ingest.log.read_text()
    assert "they are lost" in log
    assert "datagrams=100" in log
    assert "Traceback" not in log


@pytest.mark.kafka
def test_kafka_that_comes_later_gets_everything(tansu: Broker, prefix: str, start: Start) -> None:
    """Datagrams wait in memory for a broker that is not there at the start."""
    create_topics(tansu, {f"{prefix}raw": (PARTITIONS, {})})
    port = free_port()
    ingest = start(f"127.0.0.1:{port}", prefix)
    _wait(lambda: ingest.get("healthz")[0] == 200)
    _send(ingest.port, range(100))
    _wait(lambda: ingest.figures()["ingest_datagrams_total"] == 100)
    # A bootstrap address leads to the broker's own; this stands for a network that comes up.
    host, _, target = tansu.bootstrap.partition(":")
    code = (
        "import socket, threading\n"
        "def pump(a, b):\n"
        "    while data := a.recv(65536): b.sendall(data)\n"
        f"listener = socket.create_server(('127.0.0.1', {port}))\n"
        "while True:\n"
        "    a, _ = listener.accept()\n"
        f"    b = socket.create_connection(('{host}', {target}))\n"
        "    for x, y in ((a, b), (b, a)):\n"
        "        threading.Thread(target=pump, args=(x, y), daemon=True).start()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as forwarder:
        _wait(lambda: ingest.figures()["ingest_datagrams_delivered_total"] == 100)
        _wait(lambda: ingest.get("readyz")[0] == 200)
        assert 0 == ingest.stop()
        forwarder.kill()
    assert Counter(range(100)) == _published(tansu.bootstrap, f"{prefix}raw")


@pytest.mark.kafka
@pytest.mark.parametrize("processes", [1, 2])
def test_topic_of_other_width_ends_it(
    tansu: Broker, prefix: str, start: Start, processes: int
) -> None:
    """A raw topic that does not fit is one clear line and exit code 1."""
    create_topics(tansu, {f"{prefix}raw": (2, {})})
    ingest = start(tansu.bootstrap, prefix, processes)

    assert 1 == ingest.process.wait(PATIENCE)
    log = ingest.log.read_text()
    assert f"topic {prefix}raw has 2 partitions, topics.raw_partitions says 4" in log
    assert "Traceback" not in log


@pytest.mark.kafka
def test_missing_topic_ends_it(tansu: Broker, prefix: str, start: Start) -> None:
    """The line says how to make it."""
    ingest = start(tansu.bootstrap, prefix)

    assert 1 == ingest.process.wait(PATIENCE)
    assert f"topic {prefix}raw is not there; make it with" in ingest.log.read_text()


def test_port_in_use_ends_it(start: Start) -> None:
    """One clear line and exit code 1; the first one goes on."""
    first = start(f"127.0.0.1:{free_port()}", stop_seconds=0)
    _wait(lambda: first.get("healthz")[0] == 200)
    second = start(f"127.0.0.1:{free_port()}", listen=[f"127.0.0.1:{first.port}"])

    assert 1 == second.process.wait(PATIENCE)
    (line,) = second.log.read_text().splitlines()
    assert f"cannot listen on 127.0.0.1:{first.port} (UDP): port in use" in line
    assert first.process.poll() is None
