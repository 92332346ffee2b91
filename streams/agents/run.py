"""Starts the streams: one worker, or several under a supervisor."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from service.answers import Answer, on_port, run_several
from service.children import run_apart
from service.exits import Exit, leave
from service.logs import Logger, configure, logger
from service.processors import count_processes
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings
from streams.agents.app import require_compiled_streams
from streams.agents.checks import check_topics
from streams.agents.context import DEFAULT_NETFLOW, make_context
from streams.agents.stop import StartError
from streams.agents.worker import run_worker
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
    port = health.streams_port
    if processes == 1:
        answer = on_port(health, port, log)
        return run_worker(settings, kafka, topics, answer, element_files, netflow)
    signal.signal(signal.SIGTERM, leave)
    # In a process of its own: Kafka's client starts threads. A mistake is said once, not by each.
    checked = run_apart(lambda: _check(settings, kafka, topics, element_files, log), log)
    if checked != Exit.OK:
        return checked

    def work(index: int, answer: Answer, should_stop: Callable[[], bool]) -> Exit:
        configure(logs, service="streams", process=index)
        name = settings.instance_id and f"{settings.instance_id}-{index}"
        own = settings.model_copy(update={"instance_id": name})
        return run_worker(own, kafka, topics, answer, element_files, netflow, should_stop)

    # Kafka was there and the topics fitted: where a worker finds it otherwise, it tries again.
    final = frozenset({Exit.USAGE})
    return run_several(work, range(processes), health, port, settings.stop_seconds, log, final)


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
