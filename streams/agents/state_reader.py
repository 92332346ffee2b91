"""Reads the ``state`` topic into memory before the first event of an assignment."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.errors import SchemaError
from service.logs import LIBRDKAFKA, logger
from streams.agents.consumer import Due
from streams.agents.stop import stop_process
from streams.metrics import StreamsMetrics
from streams.state.partition import PartitionState

BATCH = 10_000
"""State records taken at a time; 450,000 a CPU-second were measured."""

PATIENCE_SECONDS = 30.0
"""With one question to the brokers."""

POLL_SECONDS = 0.1

Assignment = Callable[[], tuple[int, int, frozenset[int]]]
"""Gives the group's generation, how many rebalances there were, and our partitions of ``raw``."""


def reader_config(connection: Mapping[str, Any], group: str) -> dict[str, Any]:
    """Configuration of a consumer that reads to the end and commits nothing."""
    return {
        **connection,
        "group.id": group,
        "logger": LIBRDKAFKA,
        "enable.auto.commit": False,
        # The end is told by the fetch: Tansu's ListOffsets(latest) is wrong.
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        # The default of 0.5 s is waited out at each end.
        "fetch.wait.max.ms": 20,
    }


class StateReader:
    """The state of the partitions that are ours, and when it was read.

    While it reads (in a thread) nobody else touches the states: ``loaded`` is None, and the agent
    waits at its gate.

    Attributes:
        states: By partition of ``raw``.
        loaded: The group's generation whose state is here; None before and while reading.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        raw: str,
        state: str,
        due: Due,
        assignment: Assignment,
        make_state: Callable[[], PartitionState],
        metrics: StreamsMetrics,
        make: Any = Consumer,
    ) -> None:
        """Take what it needs.

        Args:
            config: ``reader_config`` with the group of the workers, whose commits it asks for.
            raw: Topic.
            state: Topic, with as many partitions.
            due: Told where each partition begins.
            assignment: What is ours now.
            make_state: An empty memory.
            metrics: Counted into.
            make: ``confluent_kafka.Consumer``; a test gives its own.
        """
        self._config = dict(config)
        self._raw = raw
        self._topic = state
        self._due = due
        self._assignment = assignment
        self._make_state = make_state
        self._metrics = metrics
        self._make = make
        self._lock = asyncio.Lock()
        self._position: dict[int, int] = {}
        self._log = logger("streams.state")
        self.states: dict[int, PartitionState] = {}
        self.loaded: int | None = None
        self._rebalances = -1

    async def load(self) -> int | None:
        """Read what was written since the last reading, unless this generation's is here.

        Every generation reads again, but only the tail: it goes on from where it stopped, whether
        the partition stayed, went and came back, or a rebalance cut the reading short.

        Returns:
            The generation that was read; None where a rebalance came between.
        """
        async with self._lock:
            if self.loaded is not None and self._assignment()[:2] == (
                self.loaded,
                self._rebalances,
            ):
                return self.loaded
            self.loaded = None
            try:
                self.loaded = await asyncio.to_thread(self._read)
            except KafkaException as error:
                stop_process("the state cannot be read", error=str(error))
            return self.loaded

    def rewrites(self) -> Iterable[tuple[int, bytes, bytes]]:
        """What a frozen worker wrote late: (partition, key, value) to be written again.

        Before compaction removes the greater version that the late write has covered.
        """
        for partition, state in self.states.items():
            for key, value in state.rewrites():
                self._metrics.counter("streams_state_repairs_total").inc()
                yield partition, key, value

    def _read(self) -> int | None:
        generation, rebalances, mine = self._assignment()
        started = (generation, rebalances)
        begun, records = time.monotonic(), 0
        consumer = self._make(self._config)
        try:
            # Without it the first fetch waits a second for metadata.
            consumer.list_topics(self._topic, timeout=PATIENCE_SECONDS)
            self._ask_due(consumer, mine)
            # 0 and not OFFSET_BEGINNING, which costs another 0.5 s
            consumer.assign(
                [TopicPartition(self._topic, each, self._position.get(each, 0)) for each in mine]
            )
            todo = set(mine)
            for each in mine:
                self.states.setdefault(each, self._make_state())
            while todo and self._assignment()[:2] == started:
                for message in consumer.consume(BATCH, POLL_SECONDS):
                    partition = message.partition()
                    error = message.error()
                    if error is None:
                        self._position[partition] = message.offset() + 1
                        self._take(partition, message)
                        records += 1
                    elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                        self._position[partition] = message.offset()
                        todo.discard(partition)
                    elif error.fatal() or not error.retriable():
                        raise KafkaException(error)
        finally:
            consumer.close()
        if todo or self._assignment()[:2] != started:
            self._log.info("state reading cut short by a rebalance", records=records)
            return None
        for each in self.states.keys() - mine:
            del self.states[each]
            self._position.pop(each, None)
        for each, state in self.states.items():
            self._settle(each, state)
        seconds = time.monotonic() - begun
        self._metrics.counter("streams_state_reads_total").inc()
        self._metrics.gauge("streams_state_read_seconds").set(seconds)
        self._metrics.gauge("streams_assigned_partitions").set(len(mine))
        self._log.info(
            "state read", partitions=len(mine), records=records, seconds=round(seconds, 3)
        )
        self._rebalances = rebalances
        return generation

    def _ask_due(self, consumer: Any, mine: frozenset[int]) -> None:
        """Ask where each partition begins: the committed offset, else the log's begin."""
        if not mine:
            return
        asked = [TopicPartition(self._raw, each) for each in sorted(mine)]
        for committed in consumer.committed(asked, timeout=PATIENCE_SECONDS):
            if committed.error:
                raise KafkaException(committed.error)
            low, _ = consumer.get_watermark_offsets(
                TopicPartition(self._raw, committed.partition), timeout=PATIENCE_SECONDS
            )
            # Retention may have cut the log behind the committed offset.
            self._due.begin(committed.partition, max(committed.offset, low))

    def _take(self, partition: int, message: Any) -> None:
        try:
            self.states[partition].load(message.key() or b"", message.value())
        except SchemaError as error:
            self._metrics.counter("streams_state_unreadable_total").inc()
            self._log.warning(
                "state record passed over: not readable by this version",
                partition=partition,
                offset=message.offset(),
                error=str(error),
            )

    def _settle(self, partition: int, state: PartitionState) -> None:
        """Put in place what was loaded, here in the thread and not at the first event."""
        try:
            len(state)
        except SchemaError as error:
            stop_process("the state cannot be read", partition=partition, error=str(error))
