"""The lab's services: broker, topics, ingest and streams as real processes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
from prometheus_client.parser import text_string_to_metric_families

from envizzy import topics
from envizzy.config import Settings, read
from envizzy.lab.broker import SESSION_SECONDS, await_broker, start_tansu
from envizzy.lab.errors import LabError
from envizzy.lab.processes import Child, await_ready, envizzy, fetch, free_port, spawn

PARTITIONS = 4
"""Of ``raw`` and of the record topics in the lab."""

_IDLE_SECONDS = 2
"""A run ends before its last minutes are over: their totals are published early then."""

_READY_SECONDS = 45.0
"""Patience with the start of a service: about 6 s when the machine is idle."""


@dataclass(slots=True)
class Services:
    """What runs.

    Attributes:
        settings: As the services have them.
        file: Where these settings are.
        port: UDP port of ingest on 127.0.0.1.
        broker: Tansu; None where the Kafka is somebody else's.
        ingest: The receiver.
        streams: The worker.
        totals: Adds router flows up by the minute; None without routers.
    """

    settings: Settings
    file: Path
    port: int
    broker: Child | None
    ingest: Child
    streams: Child
    totals: Child | None = None

    def check(self) -> None:
        """See that all are still there.

        Raises:
            LabError: One is gone.
        """
        for child in (self.broker, self.ingest, self.streams, self.totals):
            if child and child.ended:
                code = child.process.returncode
                raise LabError(f"{child.name} ended with {code}:\n{child.tail()}")

    def metrics(self, service: str) -> dict[str, float]:
        """Metric to its sum over all labels; empty where the service does not answer."""
        health = self.settings.health
        port = health.ingest_port if service == "ingest" else health.streams_port
        text = fetch(f"http://127.0.0.1:{port}/metrics")
        sums: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
        return sums


@contextmanager
def running(
    folder: Path, kafka: str | None, prefix: str, *, routers: bool = False
) -> Iterator[Services]:
    """Start everything; stop everything in the end, the last first.

    Args:
        folder: For settings and logs.
        kafka: Brokers of somebody else's; None for Tansu.
        prefix: Of the topics; those on somebody else's Kafka are removed in the end.
        routers: Whether router flows are to be added up by the minute, too.

    Raises:
        LabError: Something does not start; the end of its log is in the message.
    """
    children: list[Child] = []
    made: Settings | None = None
    try:
        broker = None
        if kafka is None:
            broker, address = start_tansu(folder)
            children.append(broker)
        else:
            address = kafka
            await_broker(address)
        port = free_port(socket.SOCK_DGRAM)
        file = _write_settings(folder, address, prefix, port)
        settings = read(file).settings
        topics.create(settings.kafka, settings.topics)
        made = settings
        ports = {"ingest": settings.health.ingest_port, "streams": settings.health.streams_port}
        if routers:
            ports["totals"] = settings.health.totals_port
        started = {}
        for name in ports:
            command = envizzy(name, "--config", str(file))
            started[name] = spawn(name, command, folder / f"{name}.log")
            children.append(started[name])
        for name, child in started.items():
            await_ready(child, f"http://127.0.0.1:{ports[name]}/readyz", _READY_SECONDS)
        ingest, streams = started["ingest"], started["streams"]
        yield Services(settings, file, port, broker, ingest, streams, started.get("totals"))
    finally:
        for child in reversed(children):
            if child.name == "Tansu":
                child.kill()
            else:
                child.stop()
        if kafka is not None and made is not None:
            with suppress(LabError):
                topics.delete(made.kafka, made.topics)


def _write_settings(folder: Path, address: str, prefix: str, port: int) -> Path:
    """The lab's settings file, which all services read."""
    tables: dict[str, dict[str, object]] = {
        "kafka": {"bootstrap_servers": address},
        "topics": {
            "prefix": prefix,
            "raw_partitions": PARTITIONS,
            "record_partitions": PARTITIONS,
            "replication_factor": 1,
        },
        "ingest": {"listen": [f"127.0.0.1:{port}"], "processes": 1},
        "streams": {"session_seconds": SESSION_SECONDS, "processes": 1},
        "totals": {"session_seconds": SESSION_SECONDS, "idle_seconds": _IDLE_SECONDS},
        "health": {
            "ingest_port": free_port(),
            "streams_port": free_port(),
            "totals_port": free_port(),
        },
    }
    lines = []
    for name, table in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {orjson.dumps(value).decode()}" for key, value in table.items()]
    file = folder / "envizzy.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
