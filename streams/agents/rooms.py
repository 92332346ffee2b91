"""The rooms of one worker, wired."""

import asyncio
import gc
import time
from typing import Any

from service.health import Verdict
from service.lag import LagMonitor
from service.settings import KafkaSettings, TopicsSettings
from streams.agents.agent import make_agent
from streams.agents.app import make_app, raw_topic, wire
from streams.agents.consumer import Due, seeking
from streams.agents.decode import HEADER_OCTETS, Decoder
from streams.agents.exporters import ExporterRecords, ExportersReader
from streams.agents.flights import Flight, Flights
from streams.agents.layouts_reader import LayoutsReader
from streams.agents.policy_reader import PolicyReader
from streams.agents.publisher import Publisher, producer_config
from streams.agents.rendering import make_renderer
from streams.agents.state_reader import StateReader, reader_config
from streams.metrics import StreamsMetrics
from streams.pipeline import Context, advance, read_run, step
from streams.settings import StreamsSettings
from streams.state.layouts import Fleet
from streams.state.partition import PartitionState

SETTLE_SECONDS = 0.002
"""How often delivery reports are taken in and acknowledged."""

HEARTBEAT_SECONDS = 30.0
"""A loop that did not turn for so long is stuck: a restart is the cure."""

NS = 1_000_000_000

COLLECT_AFTER = 100_000
"""New objects before the cycle collector looks: some flights' worth."""

COLLECT_GENERATIONS = 20
"""Collections before an older generation is looked at."""


class Rooms:
    """Everything of one worker, wired; made when the event loop is set."""

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
        self.exporters = ExportersReader(
            reader_config(kafka.librdkafka("streams-exporters"), group), topics.name("exporter")
        )
        self.lag = LagMonitor(
            reader_config(kafka.librdkafka("streams-lag"), group),
            lambda: frozenset((raw, partition) for partition in self.partitions()),
            self.metrics.gauge("streams_lag_events").set,
        )
        decoder = Decoder(
            read_run,
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
            ExporterRecords(self.exporters, self.publisher, context, self.metrics, incarnation),
        )
        self.policy = PolicyReader(
            settings.filter_policy, context.keys, context.policy, decoder.take_policy, self.metrics
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
        wire(
            self.app, raw_topic(self.app, raw), agent, self.load, [self.settle, self.policy.follow]
        )

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
        if not (self.layouts.complete and self.exporters.complete):
            return Verdict(ok=False, detail="the layouts or exporters are not read yet")
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
