"""Record topics on a real broker, and ``envizzy subscribe`` as a process, for one test."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, Producer

from envizzy.lab.processes import Child, await_ready, envizzy, fetch, free_port, spawn
from schemas import avro
from schemas.subscriber import Event
from tests.brokers import Broker, create_topics

READY_SECONDS = 60.0
PATIENCE_SECONDS = 120.0
"""For a condition; a stall of 20 s is usual where others use the machine."""

FOR_EVER = {"retention.ms": "-1"}

TOPICS = ("flow", "endpoint", "interface", "netflow", "dead-letter")


def until(true: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a condition.

    Raises:
        AssertionError: It did not come; it says what was waited for.
    """
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


@dataclass
class Records:
    """Topics with a prefix of the test's own."""

    broker: Broker
    prefix: str
    folder: Path
    settings: str
    children: list[Child] = field(default_factory=list)
    health_port: int = 0

    def publish(self, events: Sequence[Event]) -> None:
        """Put events on their topics as the streams workers do, and wait until they are there."""
        producer = Producer({"bootstrap.servers": self.broker.bootstrap, "linger.ms": 20})
        for event in events:
            producer.produce(
                self.prefix + event.topic,
                event.value,
                event.key,
                timestamp=event.timestamp_ms,
                headers=list(event.headers),
            )
            producer.poll(0)
        assert 0 == producer.flush(60)

    def start(self, *names: str, ready: bool = True, env: Mapping[str, str] | None = None) -> Child:
        """Start a process of subscribers."""
        file = self.folder / "envizzy.toml"
        file.write_text(
            f'[kafka]\nbootstrap_servers = "{self.broker.bootstrap}"\n'
            f'[topics]\nprefix = "{self.prefix}"\n{self.settings}'
        )
        at = self.health_port = free_port()
        command = envizzy("subscribe", *names, "--config", str(file), "--health-port", str(at))
        log = self.folder / f"subscribe-{len(self.children)}.log"
        child = spawn("subscribe", command, log, env)
        self.children.append(child)
        if ready:
            await_ready(child, f"http://127.0.0.1:{at}/readyz", READY_SECONDS)
        return child

    def metric(self, name: str) -> float:
        """The sum of a metric of the process started last; 0 where it does not answer."""
        text = fetch(f"http://127.0.0.1:{self.health_port}/metrics")
        lines = (line for line in text.splitlines() if line.partition("{")[0] == name)
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def read(
        self, topic: str, number: int, covers: Callable[[list[Event]], bool] = lambda _: True
    ) -> list[Event]:
        """The first events of a topic (its full name): so many, and until they cover something.

        What is repeated counts among the first ones, too.
        """
        consumer = Consumer(
            {
                "bootstrap.servers": self.broker.bootstrap,
                "group.id": f"{self.prefix}test-{time.monotonic_ns()}",
                "auto.offset.reset": "earliest",
            }
        )
        consumer.subscribe([topic])
        found: list[Event] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (len(found) < number or not covers(found)) and time.monotonic() < deadline:
            for m in consumer.consume(number, 0.5):
                if m.error() is None:
                    at = m.timestamp()[1]
                    place = (m.topic(), m.topic(), m.partition(), m.offset())
                    found.append(Event(*place, m.key(), m.value(), at, m.headers() or ()))
        consumer.close()
        return found

    def letters(self, number: int) -> list[dict[str, object]]:
        """The first dead letters."""
        found = self.read(f"{self.prefix}dead-letter", number)
        return [avro.decode(each.value or b"")[1] for each in found]


@contextlib.contextmanager
def records(broker: Broker, prefix: str, folder: Path, settings: str) -> Iterator[Records]:
    """Topics of the test's own; all processes are gone in the end."""
    # The records of tests are old: the broker's own retention would remove them within a minute.
    create_topics(broker, {prefix + topic: (2, FOR_EVER) for topic in TOPICS})
    made = Records(broker, prefix, folder, settings)
    try:
        yield made
    finally:
        for child in made.children:
            child.kill()
