"""Makes the subscriber that a table of settings asks for."""

import socket
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from schemas.subscriber import Context, Event, MisconfiguredError, Subscriber
from service.settings import KafkaSettings, TopicsSettings
from streams.subscribers.connection import tls_context
from streams.subscribers.file import FileSubscriber
from streams.subscribers.hec import HecSubscriber
from streams.subscribers.hec_client import HecClient
from streams.subscribers.hec_events import Body, HecEvents
from streams.subscribers.json_line import require_object
from streams.subscribers.kafka import KafkaSubscriber, check_target
from streams.subscribers.line import LineWriter
from streams.subscribers.plugin import make_plugin
from streams.subscribers.relp import RelpSubscriber
from streams.subscribers.settings import (
    FileSettings,
    KafkaTargetSettings,
    LineSettings,
    PluginSettings,
    RelpSettings,
    SplunkHecSettings,
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
        _hostname(settings),
        ZoneInfo(settings.local_time_zone),
        record_id=settings.record_id,
    )


def _hostname(settings: LineSettings) -> str:
    return settings.hostname or socket.gethostname()


def _syslog(settings: SyslogSettings, context: Context, _: Deployment) -> Subscriber:
    return SyslogSubscriber(settings, context, line_writer(settings))


def _relp(settings: RelpSettings, context: Context, _: Deployment) -> Subscriber:
    return RelpSubscriber(settings, context, line_writer(settings))


def _hec(settings: SplunkHecSettings, context: Context, _: Deployment) -> Subscriber:
    events = HecEvents(settings, _hostname(settings), _hec_body(settings, context))
    token = _token(settings, context.name)
    client = HecClient(settings, token, str(uuid.uuid4()), tls_context(settings))
    return HecSubscriber(settings, context, events, client)


def _hec_body(settings: SplunkHecSettings, context: Context) -> Body:
    if settings.format == "json":
        return lambda event: orjson.Fragment(require_object(event.value or b""))
    lines = line_writer(settings)

    def line(event: Event) -> str:
        return lines.write(event, context.now(), settings.line_octets).octets.decode()

    return line


def _token(settings: SplunkHecSettings, name: str) -> str:
    if settings.token is not None:
        return settings.token.get_secret_value().strip()
    file = settings.token_file
    try:
        token = file.read_text(encoding="ascii").strip() if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise MisconfiguredError(f"subscribers.{name}.token_file: {error}") from error
    if not token or not token.isprintable():
        raise MisconfiguredError(f"subscribers.{name}.token_file: {file} holds no token")
    return token


def _file(settings: FileSettings, context: Context, _: Deployment) -> Subscriber:
    return FileSubscriber(settings, context, line_writer(settings))


def _kafka(settings: KafkaTargetSettings, context: Context, deployment: Deployment) -> Subscriber:
    check_target(context.name, settings, deployment.kafka, deployment.topics)
    return KafkaSubscriber(settings, settings.kafka or deployment.kafka, context)


def _plugin(settings: PluginSettings, context: Context, _: Deployment) -> Subscriber:
    return make_plugin(settings.plugin, settings.settings, context)


_MAKERS: Mapping[type[SubscriberSettings], Callable[[Any, Context, Deployment], Subscriber]] = {
    SyslogSettings: _syslog,
    RelpSettings: _relp,
    SplunkHecSettings: _hec,
    FileSettings: _file,
    KafkaTargetSettings: _kafka,
    PluginSettings: _plugin,
}
