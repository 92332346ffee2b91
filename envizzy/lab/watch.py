"""Reads what comes out and feeds the checker, the latencies and the table."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson
from confluent_kafka import Message

from envizzy.lab.checker import KINDS, Checker, Published
from envizzy.lab.exporters_view import Exporters
from envizzy.lab.minutes import Minutes
from envizzy.lab.observe import Latencies, record_of
from envizzy.lab.reader import AccountReader, TopicReader
from envizzy.lab.view import Talk
from envizzy.printed import plain
from schemas import avro
from schemas.errors import SchemaError
from schemas.topics import NETFLOW_1M
from service.settings import KafkaSettings, TopicsSettings
from streams.state import codec
from streams.state.model import ParkedSet

_RATE_SECONDS = 5.0
_KEPT_RECORDS = 40
"""Of a replay: so many are shown in the end."""


@dataclass(slots=True)
class Rate:
    """How many a second, over the last seconds."""

    _points: deque[tuple[float, int]] = field(default_factory=deque)

    def at(self, now: float, total: int) -> float:
        """The rate, given the total so far."""
        self._points.append((now, total))
        while now - self._points[0][0] > _RATE_SECONDS:
            self._points.popleft()
        then, before = self._points[0]
        return (total - before) / (now - then) if now > then else 0.0


@dataclass(slots=True)
class Watch:
    """One run's eyes.

    Attributes:
        kafka: How the brokers are reached.
        topics: Names of the topics.
        accounts: Of the generators.
        checker: Told everything; in a replay it knows of nothing that was sent.
        latencies: Of the records whose Template was there.
        talk: Who talks with whom.
        exporters: What the routers send.
        dead: Dead letters by reason.
        expecting: Whether the account tells what was sent; false in a replay.
        minutes: Compares ``netflow-1m`` with what was sent; None: nobody adds up.
        records: The first records that came out of a replay, with their topic.
        by_kind: Distinct records of a replay.
        seen: Records of all kinds, repeats included.
    """

    kafka: KafkaSettings
    topics: TopicsSettings
    accounts: list[AccountReader]
    checker: Checker = field(default_factory=Checker)
    latencies: Latencies = field(default_factory=Latencies)
    talk: Talk = field(default_factory=Talk)
    exporters: Exporters = field(default_factory=Exporters)
    dead: dict[str, int] = field(default_factory=dict)
    expecting: bool = True
    minutes: Minutes | None = None
    records: list[tuple[str, object]] = field(default_factory=list)
    by_kind: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    seen: int = 0
    _ids: set[str] = field(default_factory=set)
    _newest: dict[tuple[str, str], str] = field(default_factory=dict)
    _names: dict[str, str] = field(init=False)
    _reader: TopicReader = field(init=False)

    def __post_init__(self) -> None:
        """Begin to read."""
        more = () if self.minutes is None else (NETFLOW_1M,)
        kinds = (*KINDS, "dead-letter", *more)
        self._names = {self.topics.name(each): each for each in kinds}
        self._reader = TopicReader(self.kafka.librdkafka("lab"), list(self._names))

    def step(self, seconds: float) -> int:
        """Take what has come, waiting at most this long.

        Returns:
            How many records and account lines there were.
        """
        noted = 0
        messages = self._reader.read(seconds)
        arrived = time.time_ns()
        # Behind the messages: what they carry was noted before it was sent.
        for account in self.accounts:
            for sent in account.read():
                self.checker.expect(sent)
                if self.minutes is not None:
                    self.minutes.expect(sent)
                noted += 1
        for message in messages:
            self._take(message, arrived)
        return noted + len(messages)

    @property
    def outstanding(self) -> int:
        """Records of which nothing was seen yet, and flow keys whose sums are not right yet."""
        return self.checker.outstanding + (self.minutes.outstanding if self.minutes else 0)

    @property
    def at_end(self) -> bool:
        """Whether everything that is in the topics was read."""
        return self._reader.at_end

    def close(self) -> None:
        """Leave."""
        self._reader.close()

    def _take(self, message: Message, arrived: int) -> None:
        kind = self._names[message.topic()]
        if kind == "dead-letter":
            self._bury(message.value() or b"")
            return
        if kind == NETFLOW_1M:
            self._total(message)
            return
        self.seen += 1
        record, received = record_of(message, kind)
        if self.checker.publish(record) if self.expecting else self._replayed(record):
            self.latencies.add(received, arrived)
        if kind == "flow":
            self.talk.add(record.value)
        elif kind == "netflow":
            self.exporters.add(record.value)

    def _total(self, message: Message) -> None:
        if self.minutes is not None:
            value = orjson.loads(message.value() or b"")
            self.minutes.take((message.key() or b"").decode(), value)

    def _replayed(self, record: Published) -> bool:
        """Count a record by its record-id; False where it was parked (no word on latency)."""
        if record.record_id in self._ids:
            return False
        self._ids.add(record.record_id)
        self.by_kind[record.kind] += 1
        if len(self.records) < _KEPT_RECORDS:
            self.records.append((record.kind, plain(record.value)))
        place = (record.kind, "-".join(record.record_id.split("-")[:2]))
        late = record.record_id < self._newest.get(place, "")
        self._newest[place] = max(record.record_id, self._newest.get(place, ""))
        return not late

    def _bury(self, value: bytes) -> None:
        letter = avro.decode(value)[1]
        reason = str(letter["reason"])
        self.dead[reason] = self.dead.get(reason, 0) + 1
        if self.expecting:
            self.checker.dead_letter(bytes(letter["octets"]), reason)


def parked_sets(kafka: KafkaSettings, topics: TopicsSettings) -> Iterator[ParkedSet]:
    """The Sets that wait for their Template, from ``state`` read to its end."""
    reader = TopicReader(kafka.librdkafka("lab-state"), [topics.name("state")])
    newest: dict[bytes, tuple[int, bytes]] = {}
    try:
        for message in reader.to_end():
            key, value = message.key() or b"", message.value()
            if value is None:
                newest.pop(key, None)
                continue
            version = codec.version_of(value)
            if version >= newest.get(key, (0, b""))[0]:
                newest[key] = (version, value)
    finally:
        reader.close()
    for _, value in newest.values():
        try:
            found = codec.decode_value(value)
        except SchemaError:
            continue  # of a newer form: not ours to judge
        if isinstance(found, ParkedSet):
            yield found
