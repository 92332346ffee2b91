"""Microseconds a flow of each stage of the worker's hot path, without a broker and without Faust.

The nvzFlow events of ``bench.loads`` go through ``raw_batch.decode``, ``read_run``, the renderer
and the decoder as the agent calls it. The last stage hands them to librdkafka, whose own mock
broker answers. Beside each stage runs ``orjson.loads`` of the same records.
"""

import argparse
import gc
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from confluent_kafka import Producer

from bench.loads import PARTITIONS, nvzflow
from bench.table import Row, emit
from schemas import raw_batch
from schemas.elements import load_registry
from schemas.field_keys import load_field_keys
from service.settings import KafkaSettings, TopicsSettings
from streams.agents.decode import Decoder
from streams.agents.exporters import ExporterRecords, ExportersReader
from streams.agents.flights import Flight, Flights
from streams.agents.publisher import Publisher, producer_config
from streams.agents.rendering import make_renderer
from streams.agents.rooms import COLLECT_AFTER, COLLECT_GENERATIONS
from streams.metrics import StreamsMetrics
from streams.pipeline import Context, advance, read_run, step
from streams.pipeline.model import Record
from streams.settings import StreamsSettings
from streams.state.layouts import Fleet
from streams.state.partition import PartitionState

VALUE_OCTETS = 999_488
WARM_RECORDS = 100
"""Rendered again and again: as many as the processor's cache holds."""

POLL_EVENTS = 2
"""Events between two polls, about as the worker's settling does it under load."""


class _Event:
    """Stands for Faust's."""

    def ack(self) -> None:
        """Nothing to tell."""


class _Layouts:
    """Stands for the layouts reader."""

    fleet = Fleet()


class NullProducer:
    """Confirms everything at once."""

    def __init__(self, config: object) -> None:
        """Take the configuration and forget it."""

    def produce(self, *arguments: object) -> None:
        """Confirm."""
        report = arguments[4]
        if callable(report):
            report(None, None)

    def poll(self, seconds: float) -> int:
        """Nothing is under way."""
        return int(seconds)

    flush = poll


class Line:
    """A decoder with its publisher and its flights, as the worker has them."""

    def __init__(self, make: Callable[[Any], Any], kafka: dict[str, str]) -> None:
        settings = StreamsSettings()
        metrics = StreamsMetrics()
        config = {**producer_config(settings, KafkaSettings()), **kafka}
        made: list[Any] = []

        def keep(given: Any) -> Any:
            made.append(make(given))
            return made[-1]

        self.publisher = Publisher(config, TopicsSettings(), metrics, keep)
        self.producer = made[0]
        self.states = {each: PartitionState() for each in range(PARTITIONS)}
        self.context = Context(load_registry(), load_field_keys(), compile_after=100)
        self.renderer = make_renderer(settings, VALUE_OCTETS, metrics)
        self.flights = Flights(32, 64 << 20, lambda _: None)
        self.decoder = Decoder(
            read_run, step, advance, self.context, _Layouts(), self.states, self.publisher,
            self.renderer, metrics, "0a0b0c0d", 100, 1_000_000,
            ExporterRecords(
                ExportersReader({}, "exporter"), self.publisher, self.context, metrics, "0a0b0c0d"
            ),
        )  # fmt: skip

    def run(self, made: list[tuple[int, bytes]]) -> None:
        """Work on all events as the agent does."""
        for offset, (partition, value) in enumerate(made):
            flight = Flight(_Event(), partition, offset, self.publisher.refused)
            self.flights.open(flight)
            self.decoder.work(flight, value)
            self.flights.close(flight)
            if offset % POLL_EVENTS == 0:
                self.publisher.poll()
                self.flights.settle()
            while self.flights.full():
                time.sleep(0.002)
                self.publisher.poll()
                self.flights.settle()
        self.publisher.close(30.0)
        self.flights.settle()


def drain(results: Iterable[object]) -> None:
    """Make results and keep none: keeping them is memory, which is not measured here."""
    deque(results, maxlen=0)


def best(rounds: int, run: Callable[[], object]) -> tuple[float, float]:
    """Best seconds of the main thread, and of the process."""
    threads, processes = [], []
    for _ in range(rounds):
        gc.collect()
        thread, process = time.thread_time(), time.process_time()
        run()
        threads.append(time.thread_time() - thread)
        processes.append(time.process_time() - process)
    return min(threads), min(processes)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=8_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    whole = list(nvzflow(asked.flows))
    made = whole[len(whole) // 4 :]  # what follows the Templates
    null = Line(NullProducer, {})
    null.run(whole)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, COLLECT_GENERATIONS, COLLECT_GENERATIONS)

    batches = [(each, raw_batch.decode(value)) for each, value in made]
    records: list[Record] = []

    def reading(keep: list[Record] | None = None) -> None:
        for partition, batch in batches:
            state = null.states[partition]
            run = read_run(batch.datagrams, 0, "p", state, null.context, Record)
            if keep is not None:
                keep.extend(run.records)

    reading(records)
    octets = [value for _, value in made]
    some = records[:WARM_RECORDS]  # as in the decoder, where a record is rendered when it is made
    times = len(records) // len(some)
    values = [record.value for record in some]
    texts = [orjson.dumps(value) for value in values]
    quiet = {"test.mock.num.brokers": "1", "bootstrap.servers": "", "log_level": "3"}
    mock = Line(Producer, quiet)
    mock.run(whole)
    stages: dict[str, Callable[[], object]] = {
        "raw batch to datagrams": lambda: drain(map(raw_batch.decode, octets)),
        "datagrams to records": reading,
        "records to JSON": lambda: drain(map(null.renderer.quick, values * times)),
        "all of it, nothing sent": lambda: null.run(made),
        "all of it, librdkafka": lambda: mock.run(made),
    }
    for name, run in stages.items():
        spent, _ = best(asked.rounds, run)
        yardstick, _ = best(asked.rounds, lambda: drain(map(orjson.loads, texts * times)))
        us = spent / len(records) * 1e6
        emit([Row("hot path, nvzflow", name, us, "us a flow, main thread",
                  yardstick / (times * len(some)) * 1e6, "orjson.loads of it")])  # fmt: skip


if __name__ == "__main__":
    main()
