"""One subscriber at work: one process of ``envizzy subscribe``."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from schemas.subscriber import MisconfiguredError, UnavailableError
from service.answers import Answer
from service.exits import Exit
from service.health import HealthError, Verdict
from service.lag import LagMonitor
from service.logs import Logger, logger
from service.metrics import Metrics
from streams.subscribers.letters import Letters
from streams.subscribers.make import Deployment, make_subscriber
from streams.subscribers.metrics import TABLE, Counters
from streams.subscribers.runner import Runner
from streams.subscribers.settings import SubscriberSettings
from streams.subscribers.source import POLL_SECONDS, Source, consumer_config
from streams.subscribers.stop import LiveContext, Stop

_LOOK_SECONDS = 0.2
"""Between two looks at whether to stop."""


class Work(NamedTuple):
    """What a process of a subscriber is made of.

    Attributes:
        runner: Delivers, in a thread.
        source: Its consumer.
        lag: Asks the brokers how far behind it is.
    """

    runner: Runner
    source: Source
    lag: LagMonitor

    def healthy(self) -> Verdict:
        """Whether deliveries end: one that hangs is helped by a restart."""
        seconds = self.runner.delivering_seconds()
        if seconds > POLL_SECONDS:
            return Verdict(
                ok=False, detail=f"{self.runner.name}: a delivery has not ended for {seconds:.0f} s"
            )
        return Verdict(ok=True, detail="ok")

    def ready(self) -> Verdict:
        """Whether it has partitions, its destination takes, and the lag does not grow."""
        return Verdict(not (problem := self._problem()), problem or "delivering")

    def _problem(self) -> str:
        name = self.runner.name
        if self.runner.trouble:
            return f"{name}: the destination takes nothing: {self.runner.trouble}"
        if not self.source.owned():
            return f"{name}: no partitions yet"
        if self.lag.is_growing():
            return f"{name}: the lag grows: {self.lag.events} records; start another process"
        return ""


def work(
    name: str,
    settings: SubscriberSettings,
    deployment: Deployment,
    message_octets: int,
    answer: Answer,
    should_stop: Callable[[], bool],
) -> Exit:
    """Deliver until it is to stop, or until it fails.

    Args:
        name: As in ``[subscribers.NAME]``.
        settings: Of the subscriber.
        deployment: Where the records come from.
        message_octets: Largest dead letter.
        answer: For its health and metrics.
        should_stop: Whether to stop.

    Returns:
        ``Exit``: 0 after a stop in good order, 1 where it can never work as it is set, 70 for what
        a restart cures.
    """
    log = logger("streams.subscribers").bind(subscriber=name)
    metrics, stop = Metrics(TABLE), Stop()
    counters = Counters(metrics, name)
    try:
        made = _make(name, settings, deployment, counters, stop, message_octets)
        end_answer = answer(metrics.registry, made.healthy, made.ready)
    except (MisconfiguredError, UnavailableError, HealthError) as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.INTERNAL if isinstance(error, UnavailableError) else Exit.ERROR
    counters.add("process_starts")
    failure: list[Exception] = []

    def deliver() -> None:
        try:
            made.runner.run()
        except Exception as error:  # noqa: BLE001 - told and turned into an exit code below
            failure.append(error)

    thread = threading.Thread(target=deliver, name=f"subscriber-{name}", daemon=True)
    thread.start()
    made.lag.start()
    log.info(
        "subscriber starts",
        type=getattr(settings, "type", None),
        topics=list(settings.topics),
        kafka=deployment.kafka.bootstrap_servers,
    )
    while thread.is_alive():
        if should_stop():
            stop.request()
        thread.join(_LOOK_SECONDS)
    made.lag.stop()
    end_answer()
    code = _code(failure, log)
    log.info("subscriber stopped", exit_code=int(code))
    return code


def _make(
    name: str,
    settings: SubscriberSettings,
    deployment: Deployment,
    counters: Counters,
    stop: Stop,
    message_octets: int,
) -> Work:
    kafka, topics = deployment
    subscriber = make_subscriber(settings, LiveContext(name, stop, counters), deployment)
    group = topics.prefix + (settings.group or f"subscriber-{name}")
    source = Source(
        consumer_config(settings, kafka, name, group),
        {topics.name(topic): topic for topic in settings.topics},
        counters,
        settings.commit_interval_seconds,
    )
    lag = LagMonitor(
        {**kafka.librdkafka(f"subscriber-{name}-lag"), "group.id": group},
        source.owned,
        lambda records: counters.set("lag_records", records),
    )
    letters = Letters(kafka, topics.name("dead-letter"), name, message_octets)
    runner = Runner(name, settings, subscriber, source, letters, counters, stop)
    return Work(runner, source, lag)


def _code(failure: list[Exception], log: Logger) -> Exit:
    for error in failure:
        if isinstance(error, MisconfiguredError):
            log.error(str(error))
            return Exit.ERROR
        log.error("the subscriber failed: what is not committed comes again", exc_info=error)
        return Exit.INTERNAL
    return Exit.OK
