"""Starts the streams: one worker, or several under a supervisor."""

import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from service.children import run_apart
from service.exits import Exit
from service.health import HealthError, Verdict, serve
from service.logs import Logger, configure, logger
from service.notices import Notices
from service.processors import count_processes
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings
from service.shared_metrics import SharedMetrics, shared_metrics
from service.supervise import Stop, Supervisor, Work
from streams.agents.app import require_compiled_streams
from streams.agents.checks import check_topics
from streams.agents.context import DEFAULT_NETFLOW, make_context
from streams.agents.stop import StartError
from streams.agents.worker import Answer, leave, run_worker
from streams.filtering import PolicyError
from streams.settings import NetflowSettings, StreamsSettings


def run(
    settings: StreamsSettings,
    kafka: KafkaSettings,
    topics: TopicsSettings,
    logs: LogSettings,
    health: HealthSettings,
    element_files: Sequence[Path] = (),
    netflow: NetflowSettings = DEFAULT_NETFLOW,
) -> int:
    """Run workers until SIGTERM or SIGINT; must be called in the main thread.

    Args:
        settings: ``[streams]``.
        kafka: ``[kafka]``.
        topics: ``[topics]``.
        logs: ``[logs]``.
        health: ``[health]``.
        element_files: A site's tables of elements.
        netflow: ``[netflow]``.

    Returns:
        ``Exit``: 0 after a stop in good order, 1 where they cannot begin, 2 for a wrong policy,
        70 for what a restart cures. A fatal error of a single worker ends the process with 70
        without returning.
    """
    configure(logs, service="streams")
    log = logger("streams")
    try:
        require_compiled_streams()
    except StartError as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.ERROR
    processes = count_processes(settings.processes, topics.raw_partitions)
    if processes == 1:
        return run_worker(settings, kafka, topics, _on_port(health, log), element_files, netflow)
    signal.signal(signal.SIGTERM, leave)
    # In a process of its own: Kafka's client starts threads. A mistake is said once, not by each.
    checked = run_apart(lambda: _check(settings, kafka, topics, element_files, log), log)
    if checked != Exit.OK:
        return checked
    notices = Notices(processes)
    with shared_metrics() as shared:

        def work(index: int, should_stop: Callable[[], bool]) -> Exit:
            configure(logs, service="streams", process=index)
            shared.enter(index)
            name = settings.instance_id and f"{settings.instance_id}-{index}"
            own = settings.model_copy(update={"instance_id": name})
            answer = _to_supervisor(notices, index)
            return run_worker(own, kafka, topics, answer, element_files, netflow, should_stop)

        return _supervise(work, processes, notices, shared, health, settings.stop_seconds, log)


def _supervise(
    work: Work,
    processes: int,
    notices: Notices,
    shared: SharedMetrics,
    health: HealthSettings,
    stop_seconds: float,
    log: Logger,
) -> Exit:
    stop = Stop()
    stop.install()
    server = None
    try:
        if health.enabled:
            server = serve(
                health.host,
                health.streams_port,
                shared.registry,
                lambda: notices.well(time.monotonic_ns()),
                lambda: notices.ready(time.monotonic_ns()),
                threaded=False,
            )
    except HealthError as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.ERROR
    log.info("streams start", processes=processes, health=server.port if server else "off")

    def gone(index: int) -> None:
        notices.clear(index)
        shared.leave(index)

    # Kafka was there and the topics fitted: where a worker finds it otherwise, it tries again.
    final = frozenset({Exit.USAGE})
    try:
        return Supervisor(work, processes, server, stop_seconds, log, final=final, gone=gone).run(
            stop.asked
        )
    finally:
        if server is not None:
            server.close()


def _check(
    settings: StreamsSettings,
    kafka: KafkaSettings,
    topics: TopicsSettings,
    element_files: Sequence[Path],
    log: Logger,
) -> Exit:
    """What a worker looks at before it begins."""
    try:
        make_context(settings, element_files)
        check_topics(kafka, topics, settings.message_octets)
    except StartError as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.ERROR
    except (PolicyError, ValueError) as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.USAGE
    return Exit.OK


def _on_port(health: HealthSettings, log: Logger) -> Answer:
    """A single worker answers itself."""

    def answer(
        registry: CollectorRegistry,
        well: Callable[[], Verdict],
        ready: Callable[[], Verdict],
    ) -> Callable[[], object]:
        if not health.enabled:
            return lambda: None
        server = serve(health.host, health.streams_port, registry, well, ready)
        log.info("health", address=f"{health.host}:{server.port}")
        return server.close

    return answer


def _to_supervisor(notices: Notices, index: int) -> Answer:
    """One of several tells its supervisor; what it counts is shared anyway."""

    def answer(
        _: CollectorRegistry, well: Callable[[], Verdict], ready: Callable[[], Verdict]
    ) -> Callable[[], object]:
        return notices.keep(index, well, ready).set

    return answer
