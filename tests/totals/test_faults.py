"""Real workers on both brokers, killed, stopped, short of memory: the last revisions are right."""

import random
import signal
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Producer

from envizzy import topics
from envizzy.config import Settings, read
from envizzy.lab.processes import Child, await_ready, envizzy, fetch, free_port, spawn
from envizzy.lab.reader import TopicReader
from streams.totals.buckets import ENDED, FLOWS, OCTETS, PACKETS
from streams.totals.flows import Flow
from streams.totals.present import Parsed, parse
from tests.brokers import Broker
from tests.totals.worlds import Row, Shape, stream

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PARTITIONS = 4
PATIENCE_SECONDS = 120.0
"""Without any progress, on a machine that does other work too."""

SHAPE = Shape(600, burst=10, steps=(0, 0, 1), exporters=9, keys=200, back=400)


def recent(seed: int, shape: Shape) -> tuple[list[Row], list[Row]]:
    """A stream of the last minutes: what is older than its topic's retention, Kafka deletes."""
    return stream(random.Random(seed), shape, time.time_ns() - 900 * 1_000_000_000)


def value(row: Row) -> bytes:
    """The record as it stands on ``netflow``."""
    if not isinstance(row.read, Flow):
        return orjson.dumps({"type": "IPFIX", "proto": "UDP", "missing": ["in_if"]})
    in_if, out_if, proto, tos, source, destination, first, second = row.read.key.split(",")
    record: dict[str, Any] = {
        "type": "IPFIX",
        "time_received_ns": row.received_ns,
        "sampler_address": row.exporter,
        "time_flow_start_ns": row.read.start_ns,
        "time_flow_end_ns": row.read.end_ns,
        "bytes": row.read.octets,
        "packets": row.read.packets,
        "src_addr": source,
        "dst_addr": destination,
        "proto": proto,
        "src_port": int(first),
        "dst_port": int(second),
        "in_if": int(in_if),
        "out_if": int(out_if),
        "ip_tos": int(tos),
        "elements": {"flowDirection": 0},
    }
    if row.read.doubtful:
        record["flags"] = ["clock_off"]
    return orjson.dumps(record)


def send(settings: Settings, rows: list[Row]) -> None:
    """Write records of ``netflow``, each Exporter's into its partition."""
    producer = Producer({**settings.kafka.librdkafka(), "enable.idempotence": True})
    topic = settings.topics.name("netflow")
    for row in rows:
        headers = [
            ("record-id", row.record_id),
            ("exporter", row.exporter),
            ("received", str(row.received_ns)),
        ]
        if row.released_by:
            headers.append(("released-by", row.released_by))
        partition = zlib.crc32(row.exporter.encode()) % PARTITIONS
        producer.produce(topic, value(row), row.exporter, partition, headers=headers)
        producer.poll(0)
    assert 0 == producer.flush(60)


def all_of(settings: Settings) -> "Totals":
    """All that stands on ``netflow-1m`` now."""
    totals = Totals(settings)
    try:
        totals.take(list(totals.reader.to_end()))
    finally:
        totals.reader.close()
    return totals


class Totals:
    """What stands on ``netflow-1m``."""

    def __init__(self, settings: Settings) -> None:
        topic = settings.topics.name("netflow-1m")
        self.reader = TopicReader(settings.kafka.librdkafka(), [topic])
        self.last: dict[bytes, Parsed] = {}
        self.greatest: dict[bytes, Parsed] = {}
        self.records = 0

    def look(self, seconds: float = 0.1) -> None:
        """Take in what came."""
        self.take(self.reader.read(seconds))

    def take(self, messages: list[Any]) -> None:
        """Take records in."""
        for message in messages:
            self.records += 1
            parsed = parse(message.key(), message.value())
            self.last[message.key()] = parsed
            before = self.greatest.get(message.key())
            if before is None or parsed.revision >= before.revision:
                self.greatest[message.key()] = parsed

    @property
    def sums(self) -> Counter[str]:
        """Of the greatest revisions."""
        return sums(self.greatest)


def sums(totals: dict[bytes, Parsed]) -> Counter[str]:
    """Octets, packets, flows and flows left out."""
    found: Counter[str] = Counter()
    for parsed in totals.values():
        if "left-out" in parsed.key:
            found["left_out"] += parsed.total[FLOWS]
        else:
            found["octets"] += parsed.total[OCTETS]
            found["packets"] += parsed.total[PACKETS]
            found["flows"] += parsed.total[ENDED]
    return found


def sent(rows: list[Row]) -> Counter[str]:
    """The same of what was sent."""
    found: Counter[str] = Counter()
    for row in rows:
        if isinstance(row.read, Flow):
            found["octets"] += row.read.octets
            found["packets"] += row.read.packets
            found["flows"] += 1
        else:
            found["left_out"] += 1
    return found


def until(is_done: Callable[[], bool], totals: Totals, workers: list[Child]) -> None:
    """Wait for something while the workers live and totals come."""
    seen, moved_at = totals.records, time.monotonic()
    while not is_done():
        totals.look()
        if totals.records > seen:
            seen, moved_at = totals.records, time.monotonic()
        for worker in workers:
            if worker.ended or time.monotonic() - moved_at > PATIENCE_SECONDS:
                pytest.fail(
                    f"{worker.name}: {totals.sums}, {totals.records} records; {worker.tail()}"
                )


def prepared(folder: Path, broker: Broker, prefix: str, more: str = "") -> tuple[Path, Settings]:
    """Settings, and the topics made."""
    file = folder / "envizzy.toml"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{broker.bootstrap}"\n[topics]\nprefix = "{prefix}"\n'
        f"raw_partitions = {PARTITIONS}\nrecord_partitions = {PARTITIONS}\nreplication_factor = 1\n"
        f"[totals]\nsession_seconds = {broker.session_seconds}\nidle_seconds = 1\n"
        f"stop_seconds = 60\n{more}"
    )
    settings = read(file).settings
    topics.create(settings.kafka, settings.topics)
    return file, settings


def start(file: Path, name: str) -> tuple[Child, str]:
    """Start a worker; also where it answers."""
    port = free_port()
    command = envizzy("totals", "--config", str(file), "--health-port", str(port))
    return spawn(name, command, file.parent / f"{name}.log"), f"http://127.0.0.1:{port}"


def stop(worker: Child) -> int:
    """SIGTERM, with more patience than a supervisor has: the machine may be busy."""
    worker.process.send_signal(signal.SIGTERM)
    return worker.process.wait(PATIENCE_SECONDS)


def metric(url: str, name: str) -> float:
    """A metric of a worker."""
    for line in fetch(f"{url}/metrics").splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    return 0.0


def test_the_last_revisions_are_what_was_sent(broker: Broker, prefix: str, tmp_path: Path) -> None:
    """Two workers, one killed with -9 twice; late data, repeats, and little memory."""
    file, settings = prepared(tmp_path, broker, prefix, "totals_in_memory = 1000\n")
    rows, once = recent(4, SHAPE)
    third = len(rows) // 3
    totals = Totals(settings)
    stays, url = start(file, "stays")
    dies, _ = start(file, "dies")
    try:
        for number in range(2):
            before = totals.records
            send(settings, rows[number * third : (number + 1) * third])
            until(lambda: totals.records > before + 200, totals, [stays])  # noqa: B023 - used at once
            dies.kill()
            dies, _ = start(file, "dies")
        send(settings, rows[2 * third :])
        expected = sent(once)
        until(lambda: totals.sums == expected, totals, [stays, dies])
        spilled = metric(url, "totals_spilled_total")
        codes = [stop(stays), stop(dies)]
        totals.reader.close()
        totals = all_of(settings)
    finally:
        stays.kill()
        dies.kill()

    print(
        f"{broker.kind}: {len(rows)} records, {len(once)} once, {totals.records} revisions of "
        f"{len(totals.last)} totals, {spilled:.0f} spilled"
    )
    assert expected == sums(totals.last)
    assert {key: each.revision for key, each in totals.greatest.items()} == {
        key: each.revision for key, each in totals.last.items()
    }
    assert [0, 0] == codes
    assert len(rows) > len(once) + 500
    assert spilled > 0


def test_a_worker_that_was_stopped_goes_on_where_it_was(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    """SIGTERM publishes what is there; nothing is read again, and the minute goes on."""
    file, settings = prepared(tmp_path, broker, prefix)
    rows, once = recent(5, SHAPE._replace(datagrams=300, keys=20))
    half = len(rows) // 2
    totals = Totals(settings)
    covered = []
    try:
        for part in (rows[:half], rows[half:]):
            worker, url = start(file, "worker")
            await_ready(worker, f"{url}/readyz", PATIENCE_SECONDS)
            send(settings, part)
            number = len(part)
            until(lambda: metric(url, "totals_records_total") >= number, totals, [worker])  # noqa: B023
            covered.append(metric(url, "totals_covered_shares_total"))
            assert 0 == stop(worker)
    finally:
        worker.kill()

    totals.reader.close()
    assert sent(once) == sums(all_of(settings).last)
    if broker.kind == "kafka":  # Tansu keeps nothing beside an offset: all is read again there
        assert [0, 0] == covered
