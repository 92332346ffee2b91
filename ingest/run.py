"""Starts ingest: opens sockets, answers for its health, receives in one process or several."""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

from ingest.counts import Count, Row, Table
from ingest.metrics import registry
from ingest.settings import IngestSettings
from ingest.sockets import ListenError, Opened, open_sockets
from ingest.supervise import Supervisor
from ingest.worker import Worker
from service.exits import Exit
from service.health import HealthError, HealthServer, Verdict, serve
from service.logs import configure, logger
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings

_AUTO_MOST = 4
"""Processes that "auto" starts at most: four take more than a network of this size sends."""

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
    configure(logs)
    log = logger("ingest")
    processes = count_processes(settings.processes)
    try:
        sockets = open_sockets(settings.addresses(), processes, settings.receive_buffer_octets, log)
    except ListenError as error:
        log.error(str(error))  # noqa: TRY400 - a mistake of the settings, no traceback
        return Exit.ERROR
    table = Table(processes)
    stop = _Stop()
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

    def receive(index: int, row: Row, should_stop: Callable[[], bool]) -> Exit:
        own = log.bind(process=index) if processes > 1 else log
        worker = Worker(
            settings, kafka, topics, sockets[index], index, row, own, logs.repeat_seconds
        )
        return worker.run(should_stop)

    try:
        if processes == 1:
            return receive(0, table.rows[0], stop.asked)
        return Supervisor(receive, table, server, settings.stop_seconds, log).run(stop.asked)
    finally:
        if server is not None:
            server.close()


def count_processes(processes: int | str, processors: int | None = None) -> int:
    """How many processes a setting means.

    Args:
        processes: The setting.
        processors: Of this host; None asks the system which this process may use.
    """
    if isinstance(processes, int):
        return processes
    available = processors or len(os.sched_getaffinity(0))
    return max(1, min(_AUTO_MOST, available // 2))


class _Stop:
    """SIGTERM and SIGINT as a question; a second one changes nothing."""

    def __init__(self) -> None:
        self._asked = False

    def install(self) -> None:
        """Take the signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def asked(self) -> bool:
        """Whether a stop was asked for."""
        return self._asked

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True


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
