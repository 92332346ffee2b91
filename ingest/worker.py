"""One receiving process: sockets, batches, Kafka, and the second's work, in one loop."""

import contextlib
import selectors
import time
from collections.abc import Callable, Sequence

from ingest.batch import Batcher
from ingest.counts import Count, Row
from ingest.handover import Handover
from ingest.receive import DATAGRAMS_A_TURN, receive
from ingest.settings import IngestSettings
from ingest.sockets import Opened
from ingest.sources import Sources
from ingest.topic import TopicCheck
from service.exits import Exit
from service.logs import Logger, Repeats
from service.settings import KafkaSettings, TopicsSettings

_IDLE_SECONDS = 0.2
"""Longest wait with nothing to do: a stop is seen within it."""

_GATHER_SECONDS = 0.001
"""What came is left in the kernel for so long, unless there was much: a turn for each datagram
costs as much as the datagram."""

_TICK_QUEUE = 4
"""Ticks of so many seconds may wait for Kafka: when it is away they would only fill the queue."""


class Worker:
    """The loop of one process.

    Args of the constructor:
        sockets: Its own.
        index: Of the process; number 0 checks the topic and sends the ticks.
        row: Its counts.
        repeat_seconds: Between two logs of one event.
    """

    def __init__(
        self,
        settings: IngestSettings,
        kafka: KafkaSettings,
        topics: TopicsSettings,
        sockets: Sequence[Opened],
        index: int,
        row: Row,
        log: Logger,
        repeat_seconds: float,
    ) -> None:
        self._settings = settings
        self._sockets = sockets
        self._row = row
        self._log = log
        self._repeats = Repeats(repeat_seconds)
        self._partitions = topics.raw_partitions
        self._sources = Sources(
            self._partitions, settings.allow, settings.deny, settings.sessions_per_address
        )
        self._batcher = Batcher(
            self._partitions,
            settings.linger_ms,
            settings.max_linger_ms,
            settings.batch_octets,
            settings.batches_per_second,
        )
        self._handover = Handover(
            kafka,
            topics.name("raw"),
            settings.queue_octets,
            settings.queue_batches,
            row,
            log,
            self._repeats,
        )
        self._is_busy = False  # the last turn left datagrams in a socket
        self._ticks = index == 0
        self._check = (
            TopicCheck(self._handover.producer, topics.name("raw"), self._partitions)
            if index == 0
            else None
        )
        row[Count.STARTS] += 1
        # What a predecessor left in the gauges is not ours.
        row[Count.KAFKA_UP] = row[Count.WAITING] = row[Count.SESSIONS] = 0
        row[Count.BEAT_NS] = time.monotonic_ns()

    def run(self, should_stop: Callable[[], bool]) -> Exit:
        """Receive until told to stop, then deliver what is queued."""
        with selectors.DefaultSelector() as selector:
            for opened in self._sockets:
                selector.register(opened.socket, selectors.EVENT_READ, opened)
            while not should_stop() and self._problem() is None:
                self._turn(selector)
        return self._end()

    def _turn(self, selector: selectors.BaseSelector) -> None:
        wait_ns = self._batcher.wait_ns(time.time_ns())
        wait = _IDLE_SECONDS if wait_ns is None else min(_IDLE_SECONDS, wait_ns / 1e9)
        ready = selector.select(wait)
        if ready and not self._is_busy:
            time.sleep(_GATHER_SECONDS)
        self._is_busy = False
        for key, _ in ready:
            taken = receive(
                key.data,
                self._batcher,
                self._sources,
                self._handover.send,
                self._row,
                self._settings.max_datagram_octets,
            )
            self._is_busy |= taken == DATAGRAMS_A_TURN
        now_ns = time.time_ns()
        for batch in self._batcher.due(now_ns):
            self._handover.send(batch)
        ticks = self._batcher.pass_second(now_ns)
        if ticks is not None:
            if self._ticks and len(self._handover.producer) < _TICK_QUEUE * self._partitions:
                for tick in ticks:
                    self._handover.send(tick)
            self._pass_second(now_ns)
        self._handover.serve()

    def _pass_second(self, now_ns: int) -> None:
        row = self._row
        self._sources.pass_time(now_ns)
        for address in self._sources.hidden:
            row[Count.HIDDEN] += 1
            self._repeats.warning(
                self._log,
                "one address sends many sessions: a NAT or proxy hides the sources",
                address=address,
                sessions_over=self._settings.sessions_per_address,
            )
        self._sources.hidden.clear()
        before = row[Count.KERNEL]
        row[Count.KERNEL] = sum(opened.read_drops() for opened in self._sockets)
        if row[Count.KERNEL] > before:
            self._repeats.warning(
                self._log,
                "the kernel dropped datagrams: the receive buffer was full",
                dropped=row[Count.KERNEL],
                remedy="more ingest.processes, or a larger ingest.receive_buffer_octets",
            )
        row[Count.LINGER_US] = self._batcher.linger_ns // 1000
        row[Count.SESSIONS] = self._sources.count
        up = self._handover.is_up() and (self._check is None or self._check.done)
        if up and not row[Count.KAFKA_UP]:
            self._log.info("Kafka takes the datagrams")
        row[Count.KAFKA_UP] = int(up)
        row[Count.BEAT_NS] = time.monotonic_ns()

    def _problem(self) -> str | None:
        if self._check is not None and self._check.problem is not None:
            return self._check.problem
        return self._handover.fatal

    def _end(self) -> Exit:
        problem = self._problem()
        if problem is not None:
            self._log.error(problem)
        if self._check is not None:
            # Its last question ends while Kafka confirms the rest: supervisors wait for 10 s.
            self._check.ask_no_more()
        # What the kernel still holds came before the stop.
        if problem is None:
            for opened in self._sockets:
                self._drain(opened)
        for batch in self._batcher.all(time.time_ns()):
            self._handover.send(batch)
        lost = self._handover.flush(self._settings.stop_seconds if problem is None else 0.0)
        if self._check is not None:
            self._check.stop()
        for opened in self._sockets:
            with contextlib.suppress(OSError):  # the parent's copy is closed by itself
                opened.socket.close()
        row = self._row
        row[Count.WAITING] = row[Count.KAFKA_UP] = 0
        if lost:
            self._log.error(
                "stopped with datagrams that Kafka had not confirmed: they are lost", datagrams=lost
            )
        self._log.info(
            "ingest stopped", datagrams=row[Count.DATAGRAMS], delivered=row[Count.DELIVERED]
        )
        if self._handover.fatal is not None:
            return Exit.INTERNAL
        return Exit.OK if problem is None else Exit.ERROR

    def _drain(self, opened: Opened) -> None:
        """Take what waits, but not for ever: senders do not stop because we do."""
        deadline = time.monotonic() + _IDLE_SECONDS
        while time.monotonic() < deadline:
            taken = receive(
                opened,
                self._batcher,
                self._sources,
                self._handover.send,
                self._row,
                self._settings.max_datagram_octets,
            )
            self._handover.serve()
            if taken < DATAGRAMS_A_TURN:
                return
