"""What ``envizzy subscribe`` starts: one subscriber, or several under a supervisor."""

import signal
from collections.abc import Callable, Mapping

from service.answers import Answer, on_port, run_several
from service.brokers import Brokers, BrokersError
from service.children import run_apart
from service.exits import Exit, leave
from service.logs import Logger, configure, logger
from service.settings import HealthSettings, KafkaSettings, LogSettings, TopicsSettings
from service.supervise import Stop
from streams.subscribers.make import Deployment
from streams.subscribers.settings import SubscriberSettings
from streams.subscribers.stop import STOP_SECONDS
from streams.subscribers.work import work


class StartError(Exception):
    """Nothing can begin; the message is one line that says what and how to mend it."""


def run(
    subscribers: Mapping[str, SubscriberSettings],
    kafka: KafkaSettings,
    topics: TopicsSettings,
    logs: LogSettings,
    health: HealthSettings,
    message_octets: int,
) -> int:
    """Run subscribers, a process each, until SIGTERM or SIGINT, or until one is given up.

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
    signal.signal(signal.SIGTERM, leave)
    # In a process of its own: Kafka's client starts threads.
    checked = run_apart(lambda: _check(subscribers, kafka, topics, log), log)
    if checked != Exit.OK:
        return checked
    names = list(subscribers)
    deployment = Deployment(kafka, topics)

    def one(name: str, answer: Answer, should_stop: Callable[[], bool]) -> Exit:
        settings = subscribers[name]
        return work(name, settings, deployment, message_octets, answer, should_stop)

    if len(names) == 1:
        stop = Stop()
        stop.install()
        return one(names[0], on_port(health, health.subscribers_port, log), stop.asked)

    def member(index: int, answer: Answer, should_stop: Callable[[], bool]) -> Exit:
        configure(logs, service=f"subscribe-{names[index]}")
        return one(names[index], answer, should_stop)

    final = frozenset({Exit.ERROR, Exit.USAGE})
    port = health.subscribers_port
    return run_several(member, names, health, port, STOP_SECONDS, log, final)


def _check(
    subscribers: Mapping[str, SubscriberSettings],
    kafka: KafkaSettings,
    topics: TopicsSettings,
    log: Logger,
) -> Exit:
    try:
        check_topics(subscribers, kafka, topics)
    except StartError as error:
        log.error(str(error))  # noqa: TRY400 - one clear line, no traceback
        return Exit.ERROR
    return Exit.OK


def check_topics(
    subscribers: Mapping[str, SubscriberSettings], kafka: KafkaSettings, topics: TopicsSettings
) -> None:
    """See whether the topics are there.

    Raises:
        StartError: Kafka does not answer, or a topic is missing.
    """
    try:
        found = Brokers(kafka, "subscriber-check").metadata().topics
    except BrokersError as error:
        raise StartError(str(error)) from error
    needed = {"dead-letter", *(t for each in subscribers.values() for t in each.topics)}
    missing = sorted(topics.name(each) for each in needed if topics.name(each) not in found)
    if missing:
        raise StartError(f"no topic {', '.join(missing)}: make them by 'envizzy topics create'")
