"""The ``exporter`` topic: read back at an assignment, written as the routers change."""

from collections.abc import Mapping
from typing import Any

import orjson
from confluent_kafka import Consumer

from schemas.datagram import Coordinates, Datagram
from schemas.exporter_records import EXPORTER_FORM
from schemas.records import HEADER_FORM
from service.logs import Repeats, logger
from streams.agents.flights import Flight
from streams.agents.follower import Follower
from streams.agents.publisher import ANY_PARTITION, NS_PER_MS, Publisher
from streams.exporters.book import Book
from streams.metrics import StreamsMetrics
from streams.pipeline.context import Context
from streams.pipeline.model import Outcome
from streams.state.partition import PartitionState

HEADER_RAW = "raw-partition"
"""Which partition of ``raw`` the record is of: found without reading the value."""


class ExportersReader(Follower):
    """The newest record of each Exporter, by partition of ``raw``, as octets."""

    def __init__(self, config: Mapping[str, Any], topic: str, make: Any = Consumer) -> None:
        """Take what it needs.

        Args:
            config: ``state_reader.reader_config``.
            topic: Of one partition.
            make: ``confluent_kafka.Consumer``; a test gives its own.
        """
        super().__init__("exporters", config, topic, make)
        self._latest: dict[bytes, tuple[int, bytes]] = {}

    def __len__(self) -> int:
        """How many Exporters are known."""
        return len(self._latest)

    def take(self, message: Any) -> None:
        """Take in one record; a tombstone removes."""
        key, value = message.key() or b"", message.value()
        place = dict(message.headers() or ()).get(HEADER_RAW, b"")
        if not value or not place.isdigit():
            self._latest.pop(key, None)
            return
        self._latest[key] = (int(place), value)

    def known(self, partition: int) -> list[dict[str, Any]]:
        """The records of one partition of ``raw``; what cannot be read is passed over, logged."""
        found = []
        for key, (place, value) in dict(self._latest).items():
            if place != partition:
                continue
            try:
                found.append(orjson.loads(value))
            except orjson.JSONDecodeError as error:
                self._log.warning("exporter passed over", exporter=key.decode(), error=str(error))
        return found


class ExporterRecords:
    """A book for each partition that is ours, and its records on their way."""

    def __init__(
        self,
        reader: ExportersReader,
        publisher: Publisher,
        context: Context,
        metrics: StreamsMetrics,
        incarnation: str,
    ) -> None:
        """Take what it needs.

        Args:
            reader: What was published before.
            publisher: Sends.
            context: Of the pipeline.
            metrics: Counted into.
            incarnation: Of ``raw``.
        """
        self._reader = reader
        self._publisher = publisher
        self._context = context
        self._metrics = metrics
        self._incarnation = incarnation
        # With the state that it was made beside: a new assignment has a new one.
        self._books: dict[int, tuple[PartitionState, Book]] = {}
        self._log = logger("streams.exporters")
        self._repeats = Repeats(60.0)

    def observe(
        self, flight: Flight, state: PartitionState, datagram: Datagram, outcome: Outcome
    ) -> None:
        """Take in one datagram and what came of it."""
        try:
            self._book(flight.partition, state).observe(datagram, outcome, flight.offset)
        except Exception as error:  # noqa: BLE001 - the flows went out already: a defect costs a diagnosis
            self._failed(error)

    def publish(self, flight: Flight, state: PartitionState, now_ns: int) -> None:
        """Send the records that are due, as part of a flight."""
        try:
            due = [
                (address, None if value is None else orjson.dumps(value), at_ns)
                for address, value, at_ns in self._book(flight.partition, state).due(
                    state, now_ns, self._context
                )
            ]
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)
            return
        topic = self._publisher.topic["exporter"]
        headers = [(HEADER_FORM, str(EXPORTER_FORM)), (HEADER_RAW, str(flight.partition))]
        for address, octets, at_ns in due:
            timestamp_ms = at_ns // NS_PER_MS
            self._publisher.send(
                flight, topic, octets, address, ANY_PARTITION, timestamp_ms, headers
            )
            flight.octets += len(octets or b"")
        if due:
            self._metrics.counter("streams_exporter_records_total").inc(len(due))

    def _book(self, partition: int, state: PartitionState) -> Book:
        held = self._books.get(partition)
        if held is not None and held[0] is state:
            return held[1]
        raw = Coordinates(self._incarnation, partition, 0, 0).prefix()[: -len("000000000000-0000")]
        book = Book(raw, self._reader.known(partition))
        self._books[partition] = (state, book)
        return book

    def _failed(self, error: Exception) -> None:
        self._metrics.counter("streams_exporter_failures_total").inc()
        if self._repeats.due("defect") is not None:
            self._log.error("a defect of ours: an exporter is not described", exc_info=error)
