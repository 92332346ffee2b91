"""One streams worker: what ``envizzy streams`` starts."""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop
from faust.worker import Worker

from schemas.elements import load_registry
from schemas.field_keys import load_field_keys
from service.exits import Exit
from service.health import HealthError, Verdict, serve
from service.logs import configure, logger
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings
from streams.agents.app import make_app, raw_topic, require_compiled_streams, wire
from streams.agents.checks import check_topics
from streams.agents.consumer import Due, seeking
from streams.agents.decode import HEADER_OCTETS, Decoder, make_agent
from streams.agents.flights import Flight, Flights
from streams.agents.lag import LagMonitor
from streams.agents.layouts_reader import LayoutsReader
from streams.agents.publisher import Publisher, producer_config
from streams.agents.rendering import make_renderer
from streams.agents.state_reader import StateReader, reader_config
from streams.agents.stop import StartError, stop_process
from streams.filtering import PolicyError, load_policy
from streams.interpret import InterpretSettings
from streams.metrics import StreamsMetrics
from streams.pipeline.advance import advance
from streams.pipeline.context import Context
from streams.pipeline.step import step
from streams.settings import StreamsSettings
from streams.state.layouts import Fleet
from streams.state.limits import HOUR_NS, StateLimits
from streams.state.partition import PartitionState

SETTLE_SECONDS = 0.002
"""How often delivery reports are taken in and acknowledged."""

HEARTBEAT_SECONDS = 30.0
"""A loop that did not turn for so long is stuck: a restart is the cure."""

LAYOUTS_SECONDS = 60.0
"""Patience with the layouts topic at start; some thousand records at most."""

NS = 1_000_000_000

COLLECT_AFTER = 100_000
"""New objects before the cycle collector looks: some flights' worth."""

COLLECT_GENERATIONS = 20

CHATTY = ("faust", "mode", "aiokafka", "streams.agents.consumer")
"""Loggers of Faust and its kin, which tell each step at info; shown at debug."""


def make_context(settings: StreamsSettings, element_files: Sequence[Path] = ()) -> Context:
    """Load what the pipeline is given once.

    Raises:
        SchemaError: A site's table of elements is wrong; the text names file and line.
        PolicyError: The filter policy is wrong; the text names the rule.
    """
    keys = load_field_keys(element_files)
    state = settings.state
    limits = replace(
        StateLimits(),
        sessions_per_exporter=state.sessions_per_exporter,
        sessions=state.sessions,
        templates_per_session=state.templates_per_session,
        parked_per_exporter=state.parked_per_exporter,
        parked_octets_per_exporter=state.parked_octets_per_exporter,
        parked=state.parked,
        parked_octets=state.parked_octets,
        parked_age_ns=int(state.parked_hours * HOUR_NS),
        replay_window_ns=int(state.replay_hours * HOUR_NS),
        layouts=state.layouts,
    )
    return Context(
        load_registry(element_files),
        keys,
        InterpretSettings(settings.local_time_zone, settings.derive_parent_account),
        load_policy(settings.filter_policy, keys) if settings.filter_policy else None,
        state_limits=limits,
        fleet_layouts=settings.fleet_layouts,
        compile_after=settings.compile_after,
    )


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


class _Rooms:
    """Everything of one worker, wired; made by ``run`` inside the event loop's process."""

    def __init__(
        self,
        settings: StreamsSettings,
        kafka: KafkaSettings,
        topics: TopicsSettings,
        context: Context,
        incarnation: str,
    ) -> None:
        group = topics.prefix + settings.group
        raw = topics.name("raw")
        self.due = Due()
        self.metrics = StreamsMetrics()
        self.app = make_app(group, settings, kafka, seeking(raw, self.due))
        self.publisher = Publisher(producer_config(settings, kafka), topics, self.metrics)
        self.flights = Flights(settings.flights, settings.flight_octets, self._landed)
        self._raw = raw
        self.reader = StateReader(
            reader_config(kafka.librdkafka("streams-state"), group),
            raw,
            topics.name("state"),
            self.due,
            self.assignment,
            lambda: PartitionState(context.state_limits),
            self.metrics,
        )
        self.layouts = LayoutsReader(
            reader_config(kafka.librdkafka("streams-layouts"), group),
            topics.name("layouts"),
            Fleet(limits=context.state_limits),
            self.metrics,
        )
        self.lag = LagMonitor(
            reader_config(kafka.librdkafka("streams-lag"), group),
            raw,
            self.partitions,
            self.metrics,
        )
        decoder = Decoder(
            step,
            advance,
            context,
            self.layouts,
            self.reader.states,
            self.publisher,
            make_renderer(settings, settings.message_octets - HEADER_OCTETS, self.metrics),
            self.metrics,
            incarnation,
            settings.failures_in_a_row,
            settings.message_octets,
        )
        agent = make_agent(
            decoder,
            self.flights,
            self.reader,
            self.due,
            self.publisher.refused,
            self._forget,
            self.metrics,
        )
        self._turned_at = time.monotonic()
        wire(self.app, raw_topic(self.app, raw), agent, self.load, [self.settle])

    def assignment(self) -> tuple[int, int, frozenset[int]]:
        """The group's generation, the rebalances so far, and our partitions."""
        app = self.app
        return app.consumer_generation_id, app.rebalancing_count, self.partitions()

    def partitions(self) -> frozenset[int]:
        """Partitions of ``raw`` that are ours."""
        return frozenset(
            tp.partition for tp in self.app.consumer.assignment() if tp.topic == self._raw
        )

    async def load(self) -> None:
        """Read the state of a new assignment; write again what a frozen worker wrote late."""
        if await self.reader.load() is None:
            return
        _quieten_collector()
        topic = self.publisher.topic["state"]
        for partition, key, value in self.reader.rewrites():
            # A flight of its own that nobody awaits: a repair is repeated at the next reading.
            flight = Flight(None, partition, 0, self.publisher.refused)
            self.publisher.send(flight, topic, value, key, partition)

    async def settle(self) -> None:
        """Take in delivery reports and acknowledge; also while the worker stops, which waits."""
        gauge = self.metrics.gauge("streams_flights_events")
        while True:  # not "while not should_stop": the stop waits for these acknowledgements
            self.publisher.poll()
            self.flights.settle()
            gauge.set(len(self.flights))
            self._turned_at = time.monotonic()
            await asyncio.sleep(SETTLE_SECONDS)

    def health(self) -> Verdict:
        """Whether the loop turns."""
        seconds = time.monotonic() - self._turned_at
        if seconds > HEARTBEAT_SECONDS:
            return Verdict(ok=False, detail=f"the event loop stands still for {seconds:.0f} s")
        return Verdict(ok=True, detail="ok")

    def ready(self) -> Verdict:
        """Assigned, state loaded, layouts loaded, lag not growing."""
        if not self.layouts.complete:
            return Verdict(ok=False, detail="the layouts are not read yet")
        if self.reader.loaded is None:
            return Verdict(ok=False, detail="no partition assigned, or its state is being read")
        if self.lag.is_growing():
            return Verdict(ok=False, detail=f"the lag grows: {self.lag.events} events; add workers")
        return Verdict(ok=True, detail=f"ok, {len(self.reader.states)} partitions")

    def _landed(self, flight: Flight) -> None:
        self.metrics.events.inc()
        if flight.received_at_ns:
            self.metrics.latency.observe(max(0.0, time.time() - flight.received_at_ns / NS))

    def _forget(self, message: Any) -> None:
        self.app.consumer.unacked.discard(message)


def _quieten_collector() -> None:
    """Keep Python's cycle collector away from what lives long.

    Each flight holds some hundred tuples; with the default of 700 new objects a collection the
    state and the templates would be walked again and again (measured: a third of the CPU time).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, COLLECT_GENERATIONS, COLLECT_GENERATIONS)


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
    try:
        require_compiled_streams()
        context = make_context(settings, element_files)
        incarnation = check_topics(kafka, topics, settings.message_octets)
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        rooms = _Rooms(settings, kafka, topics, context, incarnation)
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


def _run_faust(execute: Callable[[], None]) -> Exit:
    """Run Faust to its end; what it dies of is cured by a restart."""
    try:
        execute()
    except SystemExit as ended:
        return Exit.OK if not ended.code else Exit.INTERNAL
    return Exit.OK
