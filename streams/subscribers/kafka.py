"""The ``kafka`` subscriber: records to another cluster or to other topics, as they are."""

from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from schemas.subscriber import (
    DELIVERED,
    Context,
    Event,
    MisconfiguredError,
    Outcome,
    UnavailableError,
    refused,
    retry,
)
from service.brokers import Brokers, BrokersError
from service.logs import LIBRDKAFKA
from service.settings import KafkaSettings, TopicsSettings
from service.settings.sections import TopicNames
from streams.subscribers.settings import KafkaTargetSettings

TOO_LARGE = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE})
REFUSED = TOO_LARGE | {KafkaError.INVALID_RECORD, KafkaError.RECORD_LIST_TOO_LARGE}
"""Of one record, or of the batch that it was in: sent again alone, it shows which."""

HOPELESS = frozenset(
    {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
)

Make = Callable[[dict[str, Any]], Any]


class KafkaSubscriber:
    """Two producers: the broker refuses a whole batch for one record, the second sends alone."""

    def __init__(
        self,
        settings: KafkaTargetSettings,
        kafka: KafkaSettings,
        context: Context,
        make: Make = Producer,
    ) -> None:
        """Make the producers.

        Args:
            settings: ``[subscribers.NAME]``.
            kafka: How the target is reached.
            context: Counters.
            make: ``confluent_kafka.Producer``; a test gives its own.
        """
        self._context = context
        self._seconds = settings.timeout_seconds
        self._target = settings.target
        config: dict[str, Any] = {
            **kafka.librdkafka(f"subscriber-{context.name}-target"),
            "logger": LIBRDKAFKA,
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": settings.compression,
            "linger.ms": 5,
            "partitioner": "murmur2_random",
            "message.max.bytes": settings.message_octets,
            "delivery.timeout.ms": int(settings.timeout_seconds * 1000),
            "queue.buffering.max.messages": 0,
            "queue.buffering.max.kbytes": 2_000_000,
        }
        self._producer = make(config)
        self._alone = make({**config, "batch.num.messages": 1})

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Copy the events: key, value, headers and timestamp as they are.

        Raises:
            MisconfiguredError: The target's user may not write there.
        """
        errors: list[Any] = self._send(self._producer, events)
        innocent = [i for i, error in enumerate(errors) if error and error.code() in REFUSED]
        if innocent:
            self._context.count("resent_records", len(innocent))
            again = self._send(self._alone, [events[i] for i in innocent])
            for index, error in zip(innocent, again, strict=True):
                errors[index] = error
        hopeless = next((e for e in errors if e and e.code() in HOPELESS), None)
        if hopeless:
            raise MisconfiguredError(f"the target refuses: {hopeless.str()}")
        return [_outcome(error) for error in errors]

    def tick(self) -> None:
        """Take in what the client wants to say."""
        self._producer.poll(0)
        self._alone.poll(0)

    def close(self) -> None:
        """Nothing is under way between two calls."""

    def _send(self, producer: Any, events: Sequence[Event]) -> list[Any]:
        """An error for each event, None where it is delivered."""
        errors: list[Any] = [_UNANSWERED] * len(events)

        def report_to(index: int) -> Callable[[Any, Any], None]:
            def report(error: Any, _: Any) -> None:
                errors[index] = error

            return report

        for index, event in enumerate(events):
            try:
                producer.produce(
                    self._target(event.topic),
                    event.value,
                    event.key,
                    on_delivery=report_to(index),
                    timestamp=event.timestamp_ms,
                    headers=list(event.headers),
                )
            except KafkaException as error:
                errors[index] = error.args[0]
            except BufferError as error:
                raise UnavailableError("the client's queue is full") from error
        # librdkafka gives up by itself after delivery.timeout.ms; the rest is its own overhead.
        if producer.flush(self._seconds + 5):
            producer.purge()
            producer.flush(1)
        return errors


_UNANSWERED = KafkaError(KafkaError._TIMED_OUT)  # noqa: SLF001 - librdkafka's own codes begin so


def _outcome(error: Any) -> Outcome:
    if error is None:
        return DELIVERED
    return refused(error.str()) if error.code() in REFUSED else retry(error.str())


def check_target(
    name: str,
    settings: KafkaTargetSettings,
    kafka: KafkaSettings,
    topics: TopicsSettings,
    make: Make = AdminClient,
) -> None:
    """Refuse targets that would be read again, and those that are not there.

    Args:
        name: Of the subscriber.
        settings: Where to.
        kafka: ``[kafka]``: where from.
        topics: Names here.
        make: ``AdminClient``; a test gives its own.

    Raises:
        MisconfiguredError: A target is a topic of this deployment, or there is none of that name.
        UnavailableError: A cluster does not answer.
    """
    here = _ask(make, kafka)
    there = _ask(make, settings.kafka) if settings.kafka else here
    targets = {topic: settings.target(topic) for topic in settings.topics}
    # Two ways to the same cluster have the same id.
    if here.cluster_id == there.cluster_id:
        ours = {topics.name(each.replace("_", "-")): each for each in TopicNames.model_fields}
        for topic, target in targets.items():
            if target == topics.name(topic):
                raise MisconfiguredError(
                    f"subscribers.{name}: topic {target} would be copied onto itself; give it "
                    f"another name in subscribers.{name}.names or a prefix, or another cluster"
                )
            if target in ours:
                raise MisconfiguredError(
                    f"subscribers.{name}: {topic} would be copied to {target}, which is a topic of "
                    "this deployment; give it another name"
                )
    missing = sorted(target for target in targets.values() if target not in there.topics)
    if missing:
        raise MisconfiguredError(
            f"subscribers.{name}: the target has no topic {', '.join(missing)}; make them there"
        )


def _ask(make: Make, kafka: KafkaSettings) -> Any:
    try:
        return Brokers(kafka, "subscriber-check", make).metadata()
    except BrokersError as error:
        raise UnavailableError(str(error)) from error
