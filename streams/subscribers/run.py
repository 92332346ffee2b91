"""Subscribers at work: what ``envizzy subscribe`` starts."""

import signal
import threading
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.subscriber import MisconfiguredError, UnavailableError
from service.exits import Exit
from service.health import HealthError, Verdict, serve
from service.lag import LagMonitor
from service.logs import configure, logger
from service.metrics import Metrics
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings
from streams.subscribers.letters import Letters
from streams.subscribers.make import Deployment, make_subscriber
from streams.subscribers.metrics import TABLE, Counters
from streams.subscribers.runner import Runner
from streams.subscribers.settings import SubscriberSettings
from streams.subscribers.source import Source, consumer_config
from streams.subscribers.stop import LiveContext, Stop

_LOOK_SECONDS = 0.2


class StartError(Exception):
    """Nothing can begin; the message is one line that says what and how to mend it."""


class At(NamedTuple):
    """One subscriber at work.

    Attributes:
        runner: In the thread.
        source: Its consumer.
        lag: Asks the brokers how far behind it is.
        thread: Ends when it fails or is asked to stop.
        failure: One entry when it has failed.
    """

    runner: Runner
    source: Source
    lag: LagMonitor
    thread: threading.Thread
    failure: list[Exception]


def run(
    subscribers: Mapping[str, SubscriberSettings],
    kafka: KafkaSettings,
    topics: TopicsSettings,
    logs: LogSettings,
    health: HealthSettings,
    message_octets: int,
) -> int:
    """Run subscribers, a thread each, until SIGTERM or SIGINT, or until one fails.

    Args:
        subscribers: Name to settings.
        kafka: ``[kafka]``.
        topics: ``[topics]``.
        logs: ``[logs]``.
        health: ``[health]``.
        message_octets: Largest dead letter.

    Returns:
        ``Exit``: 0 after a stop in good order, 1 where one cannot begin or its destination will
        never take anything, 70 for what a restart cures.
    """
    # Several may run on a host, and no two processes may write one file.
    configure(logs, service="subscribe-" + "-".join(subscribers))
    log = logger("streams.subscribers")
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.request())
    metrics = Metrics(TABLE)
    deployment = Deployment(kafka, topics)
    begun: list[At] = []
    try:
        check_topics(subscribers, kafka, topics)
        for name, settings in subscribers.items():
            begun.append(_begin(name, settings, deployment, metrics, stop, message_octets))
        server = (
            serve(
                health.host,
                health.subscribers_port,
                metrics.registry,
                lambda: healthy(begun),
                lambda: ready(begun),
            )
            if health.enabled
            else None
        )
    except (StartError, HealthError, MisconfiguredError, UnavailableError) as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.ERROR
    for each in begun:
        each.thread.start()
        each.lag.start()
    log.info(
        "subscribers start",
        subscribers=list(subscribers),
        kafka=kafka.bootstrap_servers,
        health=server.port if server else None,
    )
    code = _await(begun, stop)
    if server:
        server.close()
    log.info("subscribers stopped", exit_code=int(code))
    return code


def check_topics(
    subscribers: Mapping[str, SubscriberSettings], kafka: KafkaSettings, topics: TopicsSettings
) -> None:
    """See whether the topics are there.

    Raises:
        StartError: Kafka does not answer, or a topic is missing.
    """
    admin = AdminClient({**kafka.librdkafka("subscriber-check"), "log_level": 0})
    try:
        found = admin.list_topics(timeout=kafka.timeout_seconds).topics
    except KafkaException as error:
        raise StartError(
            f"Kafka does not answer at {kafka.bootstrap_servers} within "
            f"{kafka.timeout_seconds:g} s ({error.args[0].str()}): start it, or set [kafka] "
            "bootstrap_servers"
        ) from error
    needed = {"dead-letter", *(t for each in subscribers.values() for t in each.topics)}
    missing = sorted(topics.name(each) for each in needed if topics.name(each) not in found)
    if missing:
        raise StartError(f"no topic {', '.join(missing)}: make them by 'envizzy topics create'")


def healthy(begun: Sequence[At]) -> Verdict:
    """Whether all threads live; where one is gone the process is about to end."""
    dead = [each.runner.name for each in begun if each.failure]
    return Verdict(not dead, f"ended: {', '.join(dead)}" if dead else "ok")


def ready(begun: Sequence[At]) -> Verdict:
    """Whether each has partitions, its destination takes, and the lag does not grow."""
    problems = [
        f"{each.runner.name}: the destination takes nothing: {each.runner.trouble}"
        for each in begun
        if each.runner.trouble
    ]
    problems += [
        f"{each.runner.name}: no partitions yet"
        for each in begun
        if not each.source.owned() and not each.runner.trouble
    ]
    problems += [
        f"{each.runner.name}: the lag grows: {each.lag.events} records; start another process"
        for each in begun
        if each.lag.is_growing() and not each.runner.trouble
    ]
    return Verdict(not problems, "; ".join(problems) or "delivering")


def _begin(
    name: str,
    settings: SubscriberSettings,
    deployment: Deployment,
    metrics: Metrics,
    stop: Stop,
    message_octets: int,
) -> At:
    kafka, topics = deployment
    counters = Counters(metrics, name)
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
    failure: list[Exception] = []

    def work() -> None:
        try:
            runner.run()
        except Exception as error:  # noqa: BLE001 - told and turned into an exit code by _await
            failure.append(error)

    thread = threading.Thread(target=work, name=f"subscriber-{name}", daemon=True)
    return At(runner, source, lag, thread, failure)


def _await(begun: Sequence[At], stop: Stop) -> Exit:
    """Until all have ended; the first that fails ends the others in good order."""
    log = logger("streams.subscribers")
    while any(each.thread.is_alive() for each in begun):
        if any(each.failure for each in begun):
            stop.request()
        time.sleep(_LOOK_SECONDS)
    for each in begun:
        each.lag.stop()
    code = Exit.OK
    for each in begun:
        for error in each.failure:
            if isinstance(error, MisconfiguredError):
                log.error(str(error), subscriber=each.runner.name)
                code = code or Exit.ERROR
            else:
                log.error("ended", subscriber=each.runner.name, exc_info=error)
                code = Exit.INTERNAL
    return code
