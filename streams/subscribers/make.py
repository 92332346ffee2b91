"""Makes the subscriber that a table of settings asks for."""

import socket
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schemas.subscriber import Context, Subscriber
from service.settings import KafkaSettings, TopicsSettings
from streams.subscribers.file import FileSubscriber
from streams.subscribers.kafka import KafkaSubscriber, check_target
from streams.subscribers.line import LineWriter
from streams.subscribers.settings import (
    FileSettings,
    KafkaTargetSettings,
    LineSettings,
    SubscriberSettings,
    SyslogSettings,
)
from streams.subscribers.syslog import SyslogSubscriber


class Deployment(NamedTuple):
    """What a subscriber may have to know of the rest.

    Attributes:
        kafka: ``[kafka]``: where the records come from.
        topics: ``[topics]``.
    """

    kafka: KafkaSettings
    topics: TopicsSettings


def make_subscriber(
    settings: SubscriberSettings, context: Context, deployment: Deployment
) -> Subscriber:
    """Make it; the destination is not asked yet, unless its settings can only be judged so.

    Raises:
        MisconfiguredError: It can never work like this.
        UnavailableError: What must be asked now does not answer.
    """
    return _MAKERS[type(settings)](settings, context, deployment)


def line_writer(settings: LineSettings) -> LineWriter:
    """The writer of the collector's line as settings want it."""
    return LineWriter(
        None if settings.priority == "none" else settings.priority,
        settings.header,
        settings.hostname or socket.gethostname(),
        ZoneInfo(settings.local_time_zone),
        record_id=settings.record_id,
    )


def _syslog(settings: SyslogSettings, context: Context, _: Deployment) -> Subscriber:
    return SyslogSubscriber(settings, context, line_writer(settings))


def _file(settings: FileSettings, context: Context, _: Deployment) -> Subscriber:
    return FileSubscriber(settings, context, line_writer(settings))


def _kafka(settings: KafkaTargetSettings, context: Context, deployment: Deployment) -> Subscriber:
    check_target(context.name, settings, deployment.kafka, deployment.topics)
    return KafkaSubscriber(settings, settings.kafka or deployment.kafka, context)


_MAKERS: Mapping[type[SubscriberSettings], Callable[[Any, Context, Deployment], Subscriber]] = {
    SyslogSettings: _syslog,
    FileSettings: _file,
    KafkaTargetSettings: _kafka,
}
