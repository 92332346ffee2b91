"""One streams worker: one process of ``envizzy streams``."""

import asyncio
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import uvloop
from faust.worker import Worker

from service.answers import Answer
from service.exits import Exit, leave
from service.health import HealthError
from service.logs import logger
from service.settings import KafkaSettings, TopicsSettings
from service.signals import on_signal
from streams.agents.checks import check_topics
from streams.agents.context import DEFAULT_NETFLOW, make_context
from streams.agents.rooms import Rooms
from streams.agents.stop import StartError, stop_process
from streams.filtering import PolicyError
from streams.settings import NetflowSettings, StreamsSettings

LAYOUTS_SECONDS = 60.0
"""Patience with the topics of layouts and exporters at start; some thousand records at most."""


class StreamsWorker(Worker):  # type: ignore[misc] # Faust is not typed from outside
    """Faust's worker with our logs, and an end to a stop that hangs.

    A Faust worker stopped in its first second, while it joins as the group's leader, can hang
    (8 of 599 trials); nothing undone is acknowledged by ending it.
    """

    def __init__(self, app: Any, stop_seconds: float, **options: Any) -> None:
        super().__init__(
            app,
            loglevel="info",
            quiet=True,
            redirect_stdouts=False,
            override_logging=False,
            **options,
        )
        self.spinner = None
        self._stop_seconds = stop_seconds

    def _install_signal_handlers_unix(self) -> None:
        """Take the signals of the end only: Faust's others would open a debugger."""
        self.loop.add_signal_handler(signal.SIGINT, self._on_sigint)
        self.loop.add_signal_handler(signal.SIGTERM, self._on_sigterm)

    async def stop(self) -> None:
        """Stop in good order within the time allowed."""
        overdue = threading.Timer(self._stop_seconds, stop_process, ("the stop takes too long",))
        overdue.daemon = True
        overdue.start()
        await super().stop()


def run_worker(
    settings: StreamsSettings,
    kafka: KafkaSettings,
    topics: TopicsSettings,
    answer: Answer,
    element_files: Sequence[Path] = (),
    netflow: NetflowSettings = DEFAULT_NETFLOW,
    should_stop: Callable[[], bool] = lambda: False,
) -> Exit:
    """Run a worker until SIGTERM or SIGINT.

    Args:
        settings: ``[streams]``.
        kafka: ``[kafka]``.
        topics: ``[topics]``.
        answer: For its health and metrics.
        element_files: A site's tables of elements.
        netflow: ``[netflow]``.
        should_stop: Whether a stop was asked for before this.

    Returns:
        ``Exit``: 0 after a stop in good order, 1 where it cannot begin, 2 for a wrong policy,
        70 for what a restart cures. A fatal error ends the process with 70 without returning.
    """
    log = logger("streams")
    # Until Faust's own handler stands: while Kafka is asked, there is nothing to be drained.
    signal.signal(signal.SIGTERM, leave)
    if should_stop():
        return Exit.OK
    try:
        context = make_context(settings, element_files, netflow)
        incarnation = check_topics(kafka, topics, settings.message_octets)
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        rooms = Rooms(settings, kafka, topics, context, incarnation)
        rooms.layouts.start(LAYOUTS_SECONDS)
        rooms.exporters.start(LAYOUTS_SECONDS)
        end_answer = answer(rooms.metrics.registry, rooms.health, rooms.ready)
    except (StartError, HealthError) as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.ERROR
    except (PolicyError, ValueError) as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.USAGE
    rooms.metrics.counter("streams_process_starts_total").inc()
    on_signal(signal.SIGHUP, rooms.policy.ask)
    rooms.lag.start()
    log.info(
        "streams worker starts",
        group=topics.prefix + settings.group,
        kafka=kafka.bootstrap_servers,
        instance=settings.instance_id,
    )
    try:
        code = _run_faust(
            StreamsWorker(rooms.app, settings.stop_seconds, loop=loop).execute_from_commandline
        )
    finally:
        rooms.lag.stop()
        rooms.layouts.stop()
        rooms.exporters.stop()
        end_answer()
    if code == Exit.OK and rooms.flights and rooms.publisher.close(1.0):
        log.warning("records unconfirmed: sent again", events=len(rooms.flights))
    log.info("streams worker stopped", exit_code=int(code))
    return code


def _run_faust(execute: Callable[[], None]) -> Exit:
    """Run Faust to its end; what it dies of is cured by a restart."""
    try:
        execute()
    except SystemExit as ended:
        return Exit.OK if not ended.code else Exit.INTERNAL
    return Exit.OK
