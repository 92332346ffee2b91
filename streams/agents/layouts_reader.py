"""Follows the ``layouts`` topic: the fleet's memory, the same for every worker."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer

from schemas.errors import SchemaError
from streams.agents.follower import Follower
from streams.metrics import StreamsMetrics
from streams.state.layouts import Fleet


class LayoutsReader(Follower):
    """Holds the newest ``Fleet``; ``fleet`` is replaced whole, so reading it needs no lock.

    Attributes:
        fleet: All layouts that were read.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        topic: str,
        fleet: Fleet,
        metrics: StreamsMetrics,
        make: Any = Consumer,
    ) -> None:
        """Take what it needs.

        Args:
            config: ``state_reader.reader_config``.
            topic: Of one partition.
            fleet: Empty, with the limits.
            metrics: Counted into.
            make: ``confluent_kafka.Consumer``; a test gives its own.
        """
        super().__init__("layouts", config, topic, make)
        self.fleet = fleet
        self._metrics = metrics

    def __len__(self) -> int:
        """How many layouts are known."""
        return len(self.fleet.keys)

    def poll(self, seconds: float) -> None:
        """Take in what has come."""
        super().poll(seconds)
        self._metrics.gauge("streams_layouts_known").set(len(self))

    def take(self, message: Any) -> None:
        """Take in one layout."""
        value = message.value()
        if not value:
            return
        try:
            self.fleet = self.fleet.with_layout(value)
        except SchemaError as error:
            self._metrics.counter("streams_state_unreadable_total").inc()
            self._log.warning("layout passed over", offset=message.offset(), error=str(error))
