"""Stand-ins for the Kafka edge, for tests without a broker."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from schemas.subscriber import DELIVERED, Event, Outcome
from service.metrics import Metrics
from streams.subscribers.batch import Place
from streams.subscribers.metrics import TABLE, Counters
from streams.subscribers.stop import Stop

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class FakeSource:
    """Gives events of a list; remembers what was said to be done."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.waiting = list(events)
        self.offsets: dict[Place, int] = {}
        self.lost: set[Place] = set()
        self.pauses: list[float] = []
        self.closed = False

    def take(self, number: int, _: float) -> list[Event]:
        """The next ones."""
        taken, self.waiting = self.waiting[:number], self.waiting[number:]
        return taken

    def idle(self, seconds: float, _: Callable[[], bool]) -> None:
        """Remember the pause."""
        self.pauses.append(seconds)

    def owns(self, place: Place) -> bool:
        """Whether the test has not taken it away."""
        return place not in self.lost

    def done(self, offsets: dict[Place, int]) -> None:
        """Remember."""
        self.offsets.update(offsets)

    def close(self) -> None:
        """Remember."""
        self.closed = True


class FakeLetters:
    """Keeps dead letters; each must be flushed before its event is done."""

    def __init__(self) -> None:
        self.buried: list[tuple[Event, str]] = []
        self.safe = 0

    def bury(self, event: Event, answer: str) -> None:
        """Keep it."""
        self.buried.append((event, answer))

    def flush(self) -> None:
        """All are safe."""
        self.safe = len(self.buried)


class Scripted:
    """A subscriber that does what a test says, call by call, then delivers everything."""

    def __init__(self, *steps: Callable[[Sequence[Event]], Sequence[Outcome]]) -> None:
        self.steps = list(steps)
        self.calls: list[list[Event]] = []
        self.ticks = 0
        self.closed = 0

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """The next step."""
        self.calls.append(list(events))
        return self.steps.pop(0)(events) if self.steps else [DELIVERED] * len(events)

    def tick(self) -> None:
        """Count."""
        self.ticks += 1

    def close(self) -> None:
        """Count."""
        self.closed += 1


class Bench:
    """Counters and stop of one test."""

    def __init__(self, name: str = "test") -> None:
        self.metrics = Metrics(TABLE)
        self.counters = Counters(self.metrics, name)
        self.stop = Stop()
        self.name = name

    def value(self, metric: str) -> float | None:
        """A metric as Prometheus sees it."""
        registry: CollectorRegistry = self.metrics.registry
        return registry.get_sample_value(metric, {"subscriber": self.name})


class FakeProducers:
    """Makes producers whose broker refuses what a test says."""

    def __init__(self, refuse: Callable[[str, bytes | None], Any] = lambda *_: None) -> None:
        self.made: list[FakeProducer] = []
        self.refuse = refuse

    def __call__(self, config: dict[str, Any]) -> "FakeProducer":
        """As ``confluent_kafka.Producer``."""
        self.made.append(FakeProducer(config, self))
        return self.made[-1]


class FakeProducer:
    """Delivers at ``flush``; a batch with one refused record is refused whole, as by a broker."""

    def __init__(self, config: dict[str, Any], parent: FakeProducers) -> None:
        self.config = config
        self.parent = parent
        self.queue: list[tuple[str, bytes | None, dict[str, Any]]] = []
        self.sent: list[tuple[str, bytes | None, dict[str, Any]]] = []

    def produce(self, topic: str, value: Any, key: Any = None, **more: Any) -> None:
        """Queue it."""
        self.queue.append((topic, value, {"key": key, **more}))

    def poll(self, _: float) -> int:
        """Nothing."""
        return 0

    def purge(self) -> None:
        """Forget what is queued."""
        self.queue = []

    def flush(self, _: float) -> int:
        """Give reports."""
        queue, self.queue = self.queue, []
        size = self.config.get("batch.num.messages", len(queue) or 1)
        for begin in range(0, len(queue), size):
            batch = queue[begin : begin + size]
            error = next(filter(None, (self.parent.refuse(t, v) for t, v, _ in batch)), None)
            for topic, value, more in batch:
                if error is None:
                    self.sent.append((topic, value, more))
                more["on_delivery"](error, None)
        return 0
