"""One streams worker: what ``envizzy streams`` starts."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import uvloop
from faust.worker import Worker

from service.exits import Exit
from service.health import HealthError, serve
from service.logs import configure, logger
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings
from streams.agents.app import require_compiled_streams
from streams.agents.checks import check_topics
from streams.agents.context import make_context
from streams.agents.rooms import Rooms
from streams.agents.stop import StartError, stop_process
from streams.filtering import PolicyError
from streams.settings import StreamsSettings

LAYOUTS_SECONDS = 60.0
"""Patience with the layouts topic at start; some thousand records at most."""

CHATTY = ("faust", "mode", "aiokafka", "streams.agents.consumer")
"""Loggers of Faust and its kin, which tell each step at info; shown at debug."""


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

    async def stop(self) -> None:
        """Stop in good order within the time allowed."""
        overdue = threading.Timer(self._stop_seconds, stop_process, ("the stop takes too long",))
        overdue.daemon = True
        overdue.start()
        await super().stop()


def run(
    settings: StreamsSettings,
    kafka: KafkaSettings,
    topics: TopicsSettings,
    logs: LogSettings,
    health: HealthSettings,
    element_files: Sequence[Path] = (),
) -> int:
    """Run a worker until SIGTERM or SIGINT.

    Args:
        settings: ``[streams]``.
        kafka: ``[kafka]``.
        topics: ``[topics]``.
        logs: ``[logs]``.
        health: ``[health]``.
        element_files: A site's tables of elements.

    Returns:
        ``Exit``: 0 after a stop in good order, 1 where it cannot begin, 2 for a wrong policy,
        70 for what a restart cures. A fatal error ends the process with 70 without returning.
    """
    configure(logs)
    if logs.level != "debug":
        for name in CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
    log = logger("streams")
    # Until Faust's own handler stands: while Kafka is asked, there is nothing to be drained.
    signal.signal(signal.SIGTERM, _leave)
    try:
        require_compiled_streams()
        context = make_context(settings, element_files)
        incarnation = check_topics(kafka, topics, settings.message_octets)
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        rooms = Rooms(settings, kafka, topics, context, incarnation)
        rooms.layouts.start(LAYOUTS_SECONDS)
        server = (
            serve(
                health.host, health.streams_port, rooms.metrics.registry, rooms.health, rooms.ready
            )
            if health.enabled
            else None
        )
    except (StartError, HealthError) as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.ERROR
    except (PolicyError, ValueError) as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.USAGE
    rooms.lag.start()
    log.info(
        "streams worker starts",
        group=topics.prefix + settings.group,
        kafka=kafka.bootstrap_servers,
        health=server.port if server else None,
    )
    try:
        code = _run_faust(
            StreamsWorker(rooms.app, settings.stop_seconds, loop=loop).execute_from_commandline
        )
    finally:
        rooms.lag.stop()
        rooms.layouts.stop()
        if server:
            server.close()
    if code == Exit.OK and rooms.flights and rooms.publisher.close(1.0):
        log.warning("records unconfirmed: sent again", events=len(rooms.flights))
    log.info("streams worker stopped", exit_code=int(code))
    return code


def _leave(*_: object) -> NoReturn:
    raise SystemExit(Exit.OK)


def _run_faust(execute: Callable[[], None]) -> Exit:
    """Run Faust to its end; what it dies of is cured by a restart."""
    try:
        execute()
    except SystemExit as ended:
        return Exit.OK if not ended.code else Exit.INTERNAL
    return Exit.OK
