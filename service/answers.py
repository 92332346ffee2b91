"""How a process of a service tells others how it is: on a port of its own, or by its supervisor."""

import time
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry

from service.exits import Exit
from service.health import HealthError, Verdict, serve
from service.logs import Logger
from service.notices import Notices
from service.settings import HealthSettings
from service.shared_metrics import shared_metrics
from service.supervise import Stop, Supervisor

Answer = Callable[
    [CollectorRegistry, Callable[[], Verdict], Callable[[], Verdict]], Callable[[], object]
]
"""Begins to tell others: takes the metrics, whether it is well, whether it is ready; returns what
ends it. Raises ``HealthError``."""

Member = Callable[[int, Answer, Callable[[], bool]], int]
"""What one of several processes does: its number, how it answers, the question whether to stop;
its exit code."""


def on_port(health: HealthSettings, port: int, log: Logger) -> Answer:
    """A process that is alone answers itself.

    Args:
        health: ``[health]``.
        port: Of the service.
        log: Of the service.
    """

    def answer(
        registry: CollectorRegistry, well: Callable[[], Verdict], ready: Callable[[], Verdict]
    ) -> Callable[[], object]:
        if not health.enabled:
            return lambda: None
        server = serve(health.host, port, registry, well, ready)
        log.info("health", address=f"{health.host}:{server.port}")
        return server.close

    return answer


def run_several(
    work: Member,
    names: Sequence[str | int],
    health: HealthSettings,
    port: int,
    stop_seconds: float,
    log: Logger,
    final: frozenset[Exit],
) -> Exit:
    """Run several processes under a supervisor that answers for all of them on one port.

    Args:
        work: Called in each process.
        names: Of the processes, for people; numbers will do.
        health: ``[health]``.
        port: Of the service.
        stop_seconds: What a process needs for a stop in good order, at most.
        log: Of the service.
        final: Exit codes that no start cures.

    Returns:
        As ``Supervisor.run``; 1 where the port cannot be had.
    """
    notices = Notices(names)
    with shared_metrics() as shared:

        def member(index: int, should_stop: Callable[[], bool]) -> int:
            shared.enter(index)
            return work(index, _by_supervisor(notices, index), should_stop)

        def gone(index: int) -> None:
            notices.clear(index)
            shared.leave(index)

        stop = Stop()
        stop.install()
        server = None
        try:
            if health.enabled:
                server = serve(
                    health.host,
                    port,
                    shared.registry,
                    lambda: notices.well(time.monotonic_ns()),
                    lambda: notices.ready(time.monotonic_ns()),
                    threaded=False,
                )
        except HealthError as error:
            log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
            return Exit.ERROR
        at = f"{health.host}:{server.port}" if server else "off"
        log.info("processes start", processes=len(names), health=at)
        supervisor = Supervisor(member, names, server, stop_seconds, log, final=final, gone=gone)
        try:
            return supervisor.run(stop.asked)
        finally:
            if server is not None:
                server.close()


def _by_supervisor(notices: Notices, index: int) -> Answer:
    """One of several tells its supervisor; what it counts is shared anyway."""

    def answer(
        _: CollectorRegistry, well: Callable[[], Verdict], ready: Callable[[], Verdict]
    ) -> Callable[[], object]:
        return notices.keep(index, well, ready).set

    return answer
