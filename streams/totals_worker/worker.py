"""One totals worker: what ``envizzy totals`` starts."""

import gc
import signal
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException

from schemas.topics import NETFLOW, NETFLOW_1M
from service.exits import Exit
from service.health import HealthError, Verdict, serve
from service.logs import LIBRDKAFKA, Repeats, configure, logger
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings
from streams.totals_worker.checks import check_topics
from streams.totals_worker.desk import Desk
from streams.totals_worker.errors import Restart, StartError
from streams.totals_worker.metrics import TotalsMetrics
from streams.totals_worker.outputs import Outputs, outputs_config
from streams.totals_worker.publisher import TotalsPublisher, producer_config
from streams.totals_worker.settings import TotalsSettings

WAIT_SECONDS = 0.1
"""How long a turn waits for records."""

MEASURE_SECONDS = 1.0

STUCK_SECONDS = 120.0
"""A turn that takes longer is not coming back: a restart helps."""

POLL_INTERVAL_MS = 600_000
"""Reading back may take minutes; then the group must not think that we are dead."""

COLLECT_AFTER = 100_000
"""New objects before the cycle collector looks. What the hot path makes has no cycles; looked at
more often, the totals in memory (a list each) cost as much as adding to them."""

COLLECT_GENERATIONS = 100
"""Collections before an older generation is looked at."""


def consumer_config(settings: TotalsSettings, kafka: KafkaSettings, group: str) -> dict[str, Any]:
    """Configuration of the consumer of ``netflow``."""
    config: dict[str, Any] = {
        **kafka.librdkafka("totals"),
        "logger": LIBRDKAFKA,
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": int(settings.session * 1000),
        "heartbeat.interval.ms": int(settings.session * 1000 / 4),
        "max.poll.interval.ms": max(POLL_INTERVAL_MS, int(settings.session * 1000)),
        "max.partition.fetch.bytes": settings.fetch_octets,
        # Tansu answers a waiting fetch only at its end.
        "fetch.wait.max.ms": 50,
    }
    if settings.instance_id:
        config["group.instance.id"] = settings.instance_id
    return config


class TotalsWorker:
    """Turns until it is asked to end."""

    def __init__(
        self,
        settings: TotalsSettings,
        kafka: KafkaSettings,
        topics: TopicsSettings,
        metrics: TotalsMetrics,
        make: Any = Consumer,
    ) -> None:
        """Make the clients; nothing is joined before ``run``.

        Args:
            settings: ``[totals]``.
            kafka: ``[kafka]``.
            topics: ``[topics]``.
            metrics: Counted into.
            make: ``confluent_kafka.Consumer``; a test gives its own.
        """
        group = topics.prefix + settings.group
        self._settings = settings
        self._topic = topics.name(NETFLOW)
        self._consumer = make(consumer_config(settings, kafka, group))
        output = topics.name(NETFLOW_1M)
        config = outputs_config(kafka.librdkafka("totals-back"), f"{group}-back")
        self._desk = Desk(
            settings,
            self._topic,
            lambda take, ended: Outputs(config, output, take, ended, make),
            TotalsPublisher(producer_config(settings, kafka), output, metrics),
            metrics,
        )
        self._publisher = self._desk.publisher
        self._log = logger("totals")
        self._repeats = Repeats(60.0)
        self._stopping = False
        self._turned_at = time.monotonic()
        self._has_partitions = False
        self._stop_at = 0.0

    def stop(self, *_: object) -> None:
        """Ask for the end; may be called from a signal handler."""
        self._stopping = True

    def health(self) -> Verdict:
        """Whether it turns."""
        silent = time.monotonic() - self._turned_at
        return Verdict(silent < STUCK_SECONDS, f"last turn {silent:.1f} s ago")

    def ready(self) -> Verdict:
        """Whether it adds up."""
        if not self._has_partitions:
            return Verdict(False, "no partitions assigned")
        loading = len(self._desk.loading)
        if loading:
            return Verdict(False, f"{loading} partitions are being read back")
        return Verdict(True, f"{len(self._desk.partitions)} partitions")

    def run(self) -> None:
        """Work until ``stop``.

        Raises:
            Restart: What a restart cures.
            StartError: There is no room for totals.
            KafkaException: Kafka refuses for good.
        """
        self._consumer.subscribe(
            [self._topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )
        commit_at = measure_at = 0.0
        while not self._stopping:
            self._turned_at = now = time.monotonic()
            self._turn()
            if now >= commit_at:
                commit_at = now + self._settings.commit_interval_seconds
                self._desk.commit(self._consumer)
                self._desk.adopt_rules(self._consumer)
            if now >= measure_at:
                measure_at = now + MEASURE_SECONDS
                self._desk.measure(self._consumer)

    def close(self, *, in_order: bool) -> None:
        """Leave the group: hand over what is ours, or drop it.

        Args:
            in_order: Whether what is here can be relied on.
        """
        if not in_order:
            self._desk.forget(list(self._desk.partitions))
        self._stop_at = time.monotonic() + self._settings.stop_seconds
        self._consumer.close()
        self._desk.close()

    def _turn(self) -> None:
        loading = bool(self._desk.loading)
        for number in self._desk.read_back(WAIT_SECONDS if loading else 0.0):
            self._log.info("read back", partition=number)
            self._consumer.resume([self._desk.begin[number]])
        messages = self._consumer.consume(
            self._settings.batch_records, 0.0 if loading else WAIT_SECONDS
        )
        records = []
        for message in messages:
            error = message.error()
            if error is None:
                records.append(message)
            else:
                self._trouble(error)
        self._desk.take(records)
        self._desk.publish()
        self._desk.relieve()
        self._publisher.poll()

    def _trouble(self, error: KafkaError) -> None:
        if error.fatal():
            raise Restart(f"the consumer failed: {error.str()}")
        self._repeats.warning(self._log, "Kafka has trouble", error=error.str())

    def _assigned(self, consumer: Any, partitions: list[Any]) -> None:
        begin = self._desk.assign(consumer, [each.partition for each in partitions])
        consumer.assign(begin)
        if begin:
            consumer.pause(begin)
        self._has_partitions = bool(begin)
        self._log.info("assigned", partitions=len(begin))

    def _revoked(self, consumer: Any, partitions: list[Any]) -> None:
        left = self._settings.stop_seconds
        if self._stop_at:
            left = max(0.0, self._stop_at - time.monotonic())
        self._desk.hand_over(consumer, [each.partition for each in partitions], left)
        self._has_partitions = False
        consumer.unassign()

    def _lost(self, consumer: Any, partitions: list[Any]) -> None:
        self._log.warning("partitions lost: this worker was taken for dead")
        self._desk.forget([each.partition for each in partitions])
        self._has_partitions = False
        consumer.unassign()


def run(
    settings: TotalsSettings,
    kafka: KafkaSettings,
    topics: TopicsSettings,
    logs: LogSettings,
    health: HealthSettings,
    flow_key: str = "exporter",
) -> int:
    """Run a worker until SIGTERM or SIGINT.

    Args:
        settings: ``[totals]``.
        kafka: ``[kafka]``.
        topics: ``[topics]``.
        logs: ``[logs]``.
        health: ``[health]``.
        flow_key: ``netflow.key``.

    Returns:
        ``Exit``: 0 after a stop in good order, 1 where it cannot begin or has no room, 2 where the
        settings forbid it, 70 for what a restart cures.
    """
    configure(logs, service="totals")
    log = logger("totals")
    if flow_key == "none":
        log.error(
            'netflow.key = "none" spreads the records of a flow over all partitions, so they '
            'cannot be added up: set it to "exporter" or "flow"'
        )
        return Exit.USAGE
    signal.signal(signal.SIGTERM, _leave)
    metrics = TotalsMetrics()
    try:
        flows = check_topics(kafka, topics)
        worker = TotalsWorker(settings, kafka, topics, metrics)
        server = (
            serve(health.host, health.totals_port, metrics.registry, worker.health, worker.ready)
            if health.enabled
            else None
        )
    except (StartError, HealthError) as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.ERROR
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, COLLECT_GENERATIONS, COLLECT_GENERATIONS)
    log.info(
        "totals worker starts",
        group=topics.prefix + settings.group,
        kafka=kafka.bootstrap_servers,
        partitions=flows,
        health=server.port if server else None,
    )
    code = _guarded(worker.run, log)
    worker.close(in_order=code == Exit.OK)
    if server:
        server.close()
    log.info("totals worker stopped", exit_code=int(code))
    return code


def _guarded(work: Callable[[], None], log: Any) -> Exit:
    """Let it work; a defect of ours ends it with 70 and its traceback, and nothing is committed."""
    try:
        work()
    except StartError as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.ERROR
    except (Restart, KafkaException) as error:
        log.error("to be started again", error=str(error))  # noqa: TRY400 - the same
        return Exit.INTERNAL
    except Exception:
        log.exception("a defect of ours")
        return Exit.INTERNAL
    return Exit.OK


def _leave(*_: object) -> None:
    raise SystemExit(Exit.OK)
