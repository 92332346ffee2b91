"""Starts ingest: opens sockets, answers for its health, receives in one process or several."""

import time
from collections.abc import Callable

from ingest.counts import Count, Table
from ingest.metrics import registry
from ingest.settings import IngestSettings
from ingest.sockets import ListenError, Opened, open_sockets
from ingest.worker import Worker
from service.exits import Exit
from service.health import HealthError, HealthServer, Verdict, serve
from service.logs import configure, logger
from service.processors import count_processes
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings
from service.supervise import Stop, Supervisor

_AUTO_MOST = 16
"""Processes that "auto" starts at most: one takes 130,000 datagrams/s (DECISIONS.md, 19), these
take 10 Gbit/s of 600 octets."""

_BEAT_SECONDS = 15.0
"""A process that has not turned its loop for so long hangs; a turn takes milliseconds."""


def run(
    settings: IngestSettings,
    kafka: KafkaSettings,
    topics: TopicsSettings,
    logs: LogSettings,
    health: HealthSettings,
) -> int:
    """Receive until SIGTERM or SIGINT; must be called in the main thread.

    Returns:
        0 after a stop, also where Kafka was away (what was lost is counted and logged); 1 for a
        port in use or a topic that does not fit; 70 where the Kafka client failed for good.
    """
    configure(logs, service="ingest")
    log = logger("ingest")
    processes = count_processes(settings.processes, _AUTO_MOST)
    try:
        sockets = open_sockets(settings.addresses(), processes, settings.receive_buffer_octets, log)
    except ListenError as error:
        log.error(str(error))  # noqa: TRY400 - a mistake of the settings, no traceback
        return Exit.ERROR
    table = Table(processes)
    stop = Stop()
    stop.install()
    try:
        server = _serve(health, table, threaded=processes == 1)
    except HealthError as error:
        log.error(str(error))  # noqa: TRY400 - as above
        return Exit.ERROR
    log.info(
        "ingest listens",
        addresses=[_printed(opened) for opened in sockets[0]],
        processes=processes,
        topic=topics.name("raw"),
        partitions=topics.raw_partitions,
        kafka=kafka.bootstrap_servers,
        health=f"{health.host}:{server.port}" if server else "off",
    )

    def receive(index: int, should_stop: Callable[[], bool]) -> Exit:
        if processes > 1:
            configure(logs, service="ingest", process=index)
        row, repeat_seconds = table.rows[index], logs.repeat_seconds
        worker = Worker(settings, kafka, topics, sockets[index], index, row, log, repeat_seconds)
        return worker.run(should_stop)

    try:
        if processes == 1:
            return receive(0, stop.asked)
        supervisor = Supervisor(
            receive, range(processes), server, settings.stop_seconds, log, gone=_forgets(table)
        )
        return supervisor.run(stop.asked)
    finally:
        if server is not None:
            server.close()


def _forgets(table: Table) -> Callable[[int], None]:
    """A process that is gone does not hand anything to Kafka."""

    def gone(index: int) -> None:
        table.rows[index][Count.KAFKA_UP] = 0

    return gone


def _serve(health: HealthSettings, table: Table, *, threaded: bool) -> HealthServer | None:
    if not health.enabled:
        return None

    def well() -> Verdict:
        now = time.monotonic_ns()
        oldest = min(table.values(Count.BEAT_NS))
        if oldest and now - oldest > _BEAT_SECONDS * 1e9:
            return Verdict(ok=False, detail="a receiving process does not turn its loop")
        return Verdict(ok=True, detail="receiving")

    def ready() -> Verdict:
        if min(table.values(Count.KAFKA_UP)):
            return Verdict(ok=True, detail="receiving, and Kafka takes it")
        return Verdict(ok=False, detail="receiving, but Kafka does not take it (yet)")

    return serve(health.host, health.ingest_port, registry(table), well, ready, threaded=threaded)


def _printed(opened: Opened) -> str:
    host = opened.socket.getsockname()[0]
    return f"[{host}]:{opened.local_port}" if ":" in host else f"{host}:{opened.local_port}"
