"""Workers that are killed, stopped and joined while records flow, and the checker behind them."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from confluent_kafka import Message, Producer

from envizzy import topics
from envizzy.config import Settings, read
from envizzy.generator.fleet import Behaviour, Fleet
from envizzy.lab.checker import KINDS, Checker, Published, Report
from envizzy.lab.processes import Child, envizzy, spawn
from envizzy.lab.reader import TopicReader
from schemas import avro, raw_batch
from schemas.addresses import exporter_octets, raw_partition
from schemas.records import HEADER_EXPORTER, HEADER_ORIGIN, HEADER_RECORD_ID
from tests.brokers import Broker

LINGER_NS = 20_000_000
"""As ingest: so long datagrams wait for company."""

FREEZE_SESSIONS = 1.8
"""How long a frozen worker stands still, in session time-outs: the group has gone on without it."""

TICK_NS = 1_000_000_000
"""As ingest: an empty batch for each partition, so that time passes."""


UP_LINE = b"streams worker starts"
"""In the log of a worker: from here on SIGTERM is answered."""

UP_SECONDS = 60.0
"""Patience with the start of a process on a busy machine."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that befalls the workers.

    Attributes:
        share: Of the records, after which it comes.
        what: ``kill`` (-9, started again), ``stop`` (SIGTERM, started again), ``join``, ``leave``,
            ``freeze`` (SIGSTOP for nearly two sessions, then SIGCONT: it writes late).
    """

    share: float
    what: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Attributes:
        records: To be sent, of all kinds.
        rate: Records a second.
        workers: At the start.
        partitions: Of ``raw``.
        faults: In the order of their share.
        endpoints: With Templates at the start; a tenth more sends its Templates later, another
            tenth never does.
        patience: Seconds without any record after the last one was sent: what is missing is lost.
        instances: Whether the workers have names (static membership).
    """

    records: int
    rate: float
    workers: int = 2
    partitions: int = 8
    faults: tuple[Fault, ...] = ()
    endpoints: int = 40
    patience: float = 120.0
    instances: bool = False


@dataclass(slots=True)
class Result:
    """What came of a run.

    Attributes:
        report: Of the checker.
        repeated_percent: Of the records sent.
        exits: Exit codes of workers that were asked to stop.
        seconds: Of the whole run.
    """

    report: Report
    repeated_percent: float
    exits: list[int]
    seconds: float


@dataclass(slots=True)
class Chaos:
    """A run in progress."""

    broker: Broker
    prefix: str
    folder: Path
    plan: Plan
    say: Callable[[str], object] = print
    checker: Checker = field(default_factory=Checker)
    workers: dict[str, Child] = field(default_factory=dict)
    exits: list[int] = field(default_factory=list)
    logged: dict[str, int] = field(default_factory=dict)
    started: int = 0
    frozen: dict[str, float] = field(default_factory=dict)
    undelivered: list[str] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(7))
    _file: Path = Path()

    def run(self) -> Result:
        """Do it.

        Returns:
            What came of it; the caller judges.
        """
        begun = time.monotonic()
        settings = self._settings()
        topics.create(settings.kafka, settings.topics)
        names = {settings.topics.name(kind): kind for kind in (*KINDS, "dead-letter")}
        for index in range(self.plan.workers):
            self.start(f"w{index}")
        reader = TopicReader(settings.kafka.librdkafka("chaos"), list(names))
        try:
            self._flow(settings, reader, names)
            self._rest(reader, names)
        finally:
            reader.close()
            self.thaw(all_=True)
            for child in self.workers.values():
                self.exits.append(self.stop(child))
        report = self.checker.report()
        if not report.sound:
            for child in self.workers.values():
                self.say(f"--- {child.name}: {child.process.poll()}\n{child.tail()}")
        percent = 100.0 * report.repeated / max(1, report.sent)
        return Result(report, percent, self.exits, time.monotonic() - begun)

    def start(self, name: str) -> None:
        """Start a worker."""
        self.started += 1
        command = envizzy("streams", "--config", str(self._file), "--health-port", "0")
        env = {"ENVIZZY_STREAMS__INSTANCE_ID": name} if self.plan.instances else {}
        log = self.folder / f"{name}.log"
        self.logged[name] = log.stat().st_size if log.exists() else 0
        self.workers[name] = spawn(name, command, log, env)

    def stop(self, child: Child) -> int:
        """SIGTERM, as a supervisor sends it to a service that has come up.

        Before Python runs our code nothing can answer: on a busy machine that takes seconds.
        """
        deadline = time.monotonic() + UP_SECONDS
        while not child.ended and UP_LINE not in child.log.read_bytes()[self.logged[child.name] :]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{child.name} does not come up:\n{child.tail()}")
            time.sleep(0.05)
        return child.stop()

    def befall(self, fault: Fault) -> None:
        """Let a fault come over a worker that is not frozen."""
        name = self._random.choice(sorted(self.workers.keys() - self.frozen.keys()))
        self.say(f"{fault.what} {name if fault.what != 'join' else f'w{self.started}'}")
        if fault.what == "kill":
            self.workers[name].kill()
            self.start(name)
        elif fault.what == "freeze":
            self.workers[name].process.send_signal(signal.SIGSTOP)
            self.frozen[name] = time.monotonic() + FREEZE_SESSIONS * self.broker.session_seconds
        elif fault.what in ("stop", "leave"):
            self.exits.append(self.stop(self.workers.pop(name)))
            if fault.what == "stop":
                self.start(name)
        else:
            self.start(f"w{self.started}")

    def thaw(self, *, all_: bool = False) -> None:
        """Let those go on whose time is over."""
        for name, until in list(self.frozen.items()):
            if all_ or time.monotonic() >= until:
                self.say(f"thaw {name}")
                self.workers[name].process.send_signal(signal.SIGCONT)
                del self.frozen[name]

    def _settings(self) -> Settings:
        self._file = self.folder / "chaos.toml"
        self._file.write_text(
            f'[kafka]\nbootstrap_servers = "{self.broker.bootstrap}"\n'
            f'[topics]\nprefix = "{self.prefix}"\nraw_partitions = {self.plan.partitions}\n'
            "record_partitions = 4\n[streams]\nprocesses = 1\n"
            f"session_seconds = {self.broker.session_seconds}\n"
        )
        return read(self._file).settings

    def _fleets(self, now_ns: int) -> list[Fleet]:
        plan, tenth = self.plan, max(1, self.plan.endpoints // 10)
        shares = (("start", plan.endpoints), ("late", tenth), ("never", tenth))
        all_ = sum(count for _, count in shares)
        fleets, first = [], 0
        for templates, count in shares:
            behaviour = Behaviour(
                endpoints=count, rate=plan.rate * count / all_, first=first, templates=templates
            )
            fleets.append(Fleet(behaviour, now_ns))
            first += count
        return fleets

    def _flow(self, settings: Settings, reader: TopicReader, names: dict[str, str]) -> None:
        """Send at the rate, let the faults come, and read along."""
        producer = Producer(
            {**settings.kafka.librdkafka("chaos"), "enable.idempotence": True, "linger.ms": 5}
        )
        raw, faults = settings.topics.name("raw"), list(self.plan.faults)
        fleets = self._fleets(time.time_ns())
        ticked_ns = 0
        while self.checker.sent < self.plan.records:
            now_ns = time.time_ns()
            for partition, items in enumerate(self._due(fleets, now_ns)):
                if items or now_ns - ticked_ns > TICK_NS:
                    sealed = raw_batch.seal(now_ns, items)
                    producer.produce(raw, sealed, partition=partition, on_delivery=self._delivered)
            if now_ns - ticked_ns > TICK_NS:
                ticked_ns = now_ns
            producer.poll(0)
            self._take(reader.read(0.0), names)
            self.thaw()
            if faults and self.checker.sent >= faults[0].share * self.plan.records:
                self.befall(faults.pop(0))
            time.sleep(max(0.0, (now_ns + LINGER_NS - time.time_ns()) / TICK_NS))
        for partition in range(self.plan.partitions):
            producer.produce(raw, raw_batch.seal(time.time_ns(), []), partition=partition)
        if producer.flush(60) or self.undelivered:
            raise RuntimeError(f"not delivered by the generator itself: {self.undelivered}")

    def _delivered(self, error: object, _: object) -> None:
        """What Kafka did not take was not sent: the run says nothing of the workers."""
        if error is not None:
            self.undelivered.append(str(error))

    def _due(self, fleets: list[Fleet], now_ns: int) -> list[list[bytes]]:
        items: list[list[bytes]] = [[] for _ in range(self.plan.partitions)]
        for fleet in fleets:
            for emission in fleet.advance(now_ns):
                address = f"10.2.{emission.endpoint >> 8}.{emission.endpoint & 255}"
                exporter = exporter_octets(address)
                items[raw_partition(exporter, self.plan.partitions)].append(
                    raw_batch.encode_datagram(
                        now_ns, exporter, 50_000, 2055, 0, None, emission.payload
                    )
                )
                if emission.sent is not None:
                    self.checker.expect(emission.sent._replace(exporter=address))
        return items

    def _rest(self, reader: TopicReader, names: dict[str, str]) -> None:
        moved = time.monotonic()
        while self.checker.outstanding and time.monotonic() - moved < self.plan.patience:
            messages = reader.read(0.2)
            if messages:
                moved = time.monotonic()
            self._take(messages, names)
            self.thaw()
        # What is repeated comes last: read on until nothing more comes for a while.
        quiet = time.monotonic() + 2.0
        while time.monotonic() < quiet:
            self._take(reader.read(0.2), names)

    def _take(self, messages: list[Message], names: dict[str, str]) -> None:
        for record in _published(messages, names):
            if isinstance(record, Published):
                self.checker.publish(record)
            else:
                self.checker.dead_letter(*record)


def _published(
    messages: list[Message], names: dict[str, str]
) -> Iterator[Published | tuple[bytes, str]]:
    for message in messages:
        kind, value = names[message.topic() or ""], message.value() or b""
        if kind == "dead-letter":
            _, letter = avro.decode(value)
            yield letter["octets"], f"{letter['reason']} {letter['detail']}"
            continue
        headers = {name: (text or b"").decode() for name, text in message.headers() or []}
        yield Published(
            kind,
            message.partition() or 0,
            (message.key() or b"").decode(),
            headers[HEADER_RECORD_ID],
            headers[HEADER_EXPORTER],
            headers.get(HEADER_ORIGIN, ""),
            orjson.loads(value),
        )
