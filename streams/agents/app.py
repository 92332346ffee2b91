"""The Faust seam: the app and its one topic, pinned as the design measured them."""

import importlib.util
from collections.abc import Callable
from typing import Any

import faust
from faust.transport.drivers import aiokafka

from service.settings import KafkaSettings
from streams.agents.stop import StartError
from streams.settings import StreamsSettings

HEARTBEATS_A_SESSION = 3
"""Heartbeats within a session time-out; Kafka's own advice."""


def require_compiled_streams() -> None:
    """Refuse Faust's pure-Python streams.

    They acknowledge events that they skip as stale; the Cython ones do not.

    Raises:
        StartError: The compiled module is missing.
    """
    if importlib.util.find_spec("faust._cython.streams") is None:
        raise StartError(
            "faust._cython.streams is missing: the pure-Python streams lose events; "
            "install the wheel of faust-streaming for this platform (not --no-binary)"
        )


class _App(faust.App):  # type: ignore[misc] # Faust is not typed from outside
    """Faust's app without its folders: nothing is kept there with a store in memory."""

    def _create_directories(self) -> None:
        """Leave the current folder alone, which may be read-only."""


def make_app(
    group: str,
    settings: StreamsSettings,
    kafka: KafkaSettings,
    consumer: type[aiokafka.Consumer],
) -> faust.App:
    """Make the app: no tables, no topics of its own, no web server.

    Args:
        group: Consumer group, topics' prefix included.
        settings: Session, commit interval, buffers.
        kafka: How to reach the brokers.
        consumer: ``streams.agents.consumer.seeking``.
    """
    app = _App(
        group,
        broker=kafka.faust_urls(),
        broker_credentials=kafka.faust_credentials(),
        broker_client_id=f"{kafka.client_id}-streams",
        broker_commit_interval=settings.commit_interval_seconds,
        broker_session_timeout=settings.session,
        broker_heartbeat_interval=settings.session / HEARTBEATS_A_SESSION,
        consumer_group_instance_id=settings.instance_id,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=settings.fetch_octets,
        stream_buffer_maxsize=settings.buffered_events,
        store="memory://",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )

    class Transport(aiokafka.Transport):  # type: ignore[misc] # Faust is not typed from outside
        """Faust's transport with our consumer."""

        Consumer = consumer

    # The setter is public; the class attribute is the documented place of a subclass. Setting it
    # here and not on aiokafka.Transport leaves other apps of the process alone.
    app.transport = Transport(app.conf.broker_consumer, app, app.loop)
    return app


def raw_topic(app: faust.App, name: str) -> Any:
    """The ``raw`` topic; only the raw serializer leaves the octets alone."""
    return app.topic(
        name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )


def wire(
    app: faust.App,
    topic: Any,
    agent: Callable[[Any], Any],
    rebalanced: Callable[[], Any],
    tasks: list[Callable[[], Any]],
) -> None:
    """Give the app its agent, its hook and its tasks.

    Args:
        app: As made above.
        topic: ``raw``.
        agent: Takes the stream.
        rebalanced: Awaited by Faust after each rebalance, before events flow.
        tasks: Run as long as the app does.
    """
    app.agent(topic, name="decode")(agent)

    async def on_rebalance_complete(_: Any = None, **__: Any) -> None:
        """Faust awaits this in its recovery, outside the coordinator: heartbeats go on."""
        await rebalanced()

    app.on_rebalance_complete.connect(on_rebalance_complete, weak=False)
    for task in tasks:
        app.task(task)
