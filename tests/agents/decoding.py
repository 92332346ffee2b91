"""A decoder on fake producers, and what it is fed with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from schemas import avro, raw_batch
from schemas.datagram import Datagram
from service.settings import TopicsSettings
from streams.agents.decode import Decoder
from streams.agents.exporters import ExporterRecords, ExportersReader
from streams.agents.flights import Flight
from streams.agents.publisher import Publisher
from streams.agents.rendering import make_renderer
from streams.metrics import StreamsMetrics
from streams.pipeline.context import Context
from streams.pipeline.model import NOTHING, Outcome, Record
from streams.pipeline.steady import Run
from streams.settings import StreamsSettings
from streams.state.layouts import Fleet
from streams.state.model import Numbering, SessionKey
from streams.state.partition import PartitionState
from tests.agents.fakes import Producers

EXPORTER = bytes(10) + b"\xff\xff\xc0\x00\x02\x07"
RECEIVED_NS = 1_700_000_000_123_456_789
LIMIT = 20_000
SESSION = SessionKey(EXPORTER, 4739, 0, 10)


def event(*payloads: bytes) -> bytes:
    """A RawBatch."""
    items = [
        raw_batch.encode_datagram(RECEIVED_NS, EXPORTER, 4739, 2055, 0, None, payload)
        for payload in payloads
    ]
    return raw_batch.seal(RECEIVED_NS + 5, items)


def flow(datagram: Datagram, prefix: str, **value: Any) -> Record:
    """A flow record of a datagram."""
    return Record(
        "flow", b"UDID", value, prefix + "-0000-0000", datagram.received_at_ns, datagram.exporter
    )


def one_flow(datagram: Datagram, prefix: str, *_: Any) -> Outcome:
    """A pipeline that publishes each payload; the payload ``bug`` is one."""
    if datagram.payload == b"bug":
        raise ZeroDivisionError
    record = flow(datagram, prefix, sa=datagram.payload.decode())
    return Outcome([record], [], [], [], {"datagrams": 1, "flow_records": 1})


def no_run(datagrams: Sequence[Datagram], begin: int, *_: Any) -> Run[Any]:
    """Every datagram needs ``step``."""
    del datagrams
    return Run(begin, (), {}, {})


def run_of_flows(datagrams: Sequence[Datagram], begin: int, at: str, *others: Any) -> Run[Any]:
    """A run to the first payload ``step``; the payload ``bug`` is a defect."""
    make = others[-1]
    records: list[Any] = []
    end = begin
    for index, datagram in enumerate(datagrams[begin:], begin):
        if datagram.payload == b"step":
            break
        records += [make(*each) for each in one_flow(datagram, f"{at}{index:04x}").records]
        end = index + 1
    counts = {"datagrams": end - begin, "flow_records": len(records)}
    return Run(end, records, counts, {SESSION: Numbering(end, end + 1)})


@dataclass
class Bench:
    """A decoder on fake producers."""

    read_run: Callable[..., Run[Any]] = no_run
    step: Callable[..., Outcome] = one_flow
    advance: Callable[..., Outcome] = lambda *_: NOTHING
    settings: StreamsSettings = field(default_factory=StreamsSettings)
    context: Context | None = None
    state: PartitionState = field(default_factory=PartitionState)

    def __post_init__(self) -> None:
        """Wire it."""
        self.metrics = StreamsMetrics()
        makers = Producers()
        self.publisher = Publisher(
            {"message.max.bytes": LIMIT}, TopicsSettings(), self.metrics, makers
        )
        self.producer = makers.made[0]
        self.decoder = Decoder(
            self.read_run,
            self.step,
            self.advance,
            self.context,  # type: ignore[arg-type] # the faked steps look at none
            SimpleNamespace(fleet=Fleet()),
            {3: self.state},
            self.publisher,
            make_renderer(self.settings, LIMIT - 512, self.metrics),
            self.metrics,
            "0badcafe",
            3,
            LIMIT,
            ExporterRecords(
                ExportersReader({}, "exporter"),
                self.publisher,
                self.context,  # type: ignore[arg-type] # no router flows are faked
                self.metrics,
                "0badcafe",
            ),
        )

    def work(self, value: bytes, offset: int = 41) -> Flight:
        """Do one event."""
        flight = Flight(None, 3, offset, self.publisher.refused)
        self.decoder.work(flight, value)
        return flight

    def on(self, topic: str) -> list[tuple[Any, ...]]:
        """What was sent to a topic."""
        return [each for each in self.producer.sent if each[0] == topic]

    def letters(self) -> list[dict[str, Any]]:
        """The dead letters."""
        return [avro.decode(each[1])[1] for each in self.on("dead-letter")]
