"""A record becomes what ``produce`` takes."""

from typing import Any

import orjson
import pytest

from streams.agents.flights import Flight
from streams.agents.making import maker
from streams.agents.rendering import make_renderer
from streams.metrics import StreamsMetrics
from streams.pipeline.model import DeadLetter, Record
from streams.settings import StreamsSettings
from tests.agents.decoding import EXPORTER, RECEIVED_NS, Bench, event, run_of_flows

LIMIT = 2000


def made(*records: Record, settings: StreamsSettings | None = None) -> tuple[list[Any], list[Any]]:
    """What comes of records, and the letters."""
    letters: list[DeadLetter] = []
    renderer = make_renderer(settings or StreamsSettings(), LIMIT, StreamsMetrics())
    flight = Flight(None, 0, 0, lambda *_: None)
    make = maker(flight, {"flow": "x-flow"}, renderer, letters, "where")
    return [make(*each) for each in records], letters


def record(number: int, at_ns: int, value: dict[str, Any], **more: Any) -> Record:
    """A flow record."""
    return Record("flow", b"UDID", value, f"id-{number}", at_ns, EXPORTER, **more)


def test_what_a_datagram_shares_is_not_the_next_ones() -> None:
    """The receive time, in the header and as Kafka's timestamp, is each record's own."""
    times = [RECEIVED_NS, RECEIVED_NS, RECEIVED_NS + 3_000_000, RECEIVED_NS]

    sent, _ = made(*(record(number, at_ns, {}) for number, at_ns in enumerate(times)))

    assert [str(at_ns) for at_ns in times] == [dict(each[7])["received"] for each in sent]
    assert [at_ns // 1_000_000 for at_ns in times] == [each[6] for each in sent]
    assert ["id-0", "id-1", "id-2", "id-3"] == [dict(each[7])["record-id"] for each in sent]


def test_where_a_template_came_from_and_what_was_parked_stand_in_headers() -> None:
    """Only where they are so."""
    sent, _ = made(record(0, 1, {}, origin="fleet", parked=True), record(1, 1, {}))

    assert {"template-origin": "fleet", "released-by": "where"}.items() <= dict(sent[0][7]).items()
    assert ["record-id", "exporter", "received", "form"] == [name for name, _ in sent[1][7]]


@pytest.mark.parametrize("settings", [StreamsSettings(), StreamsSettings(meta="fields")])
def test_what_does_not_fit_is_cut_or_a_letter(settings: StreamsSettings) -> None:
    """The others stay as they are, and in order."""
    long = {"dh": "x" * LIMIT}
    hopeless = {f"k{number}": number for number in range(LIMIT)}
    values: list[dict[str, Any]] = [{"sa": "a"}, long, hopeless, {"sa": "b"}]

    sent, letters = made(*(record(n, 1, each) for n, each in enumerate(values)), settings=settings)

    assert [False, False, True, False] == [each is None for each in sent]
    assert ["dh"] == orjson.loads(sent[1][1])["cut"]
    assert ["a", "b"] == [orjson.loads(sent[n][1])["sa"] for n in (0, 3)]
    assert [("id-2", "too_large")] == [(each.record_id, str(each.reason)) for each in letters]


def test_a_number_beyond_64_bits_is_text() -> None:
    """As ``render`` has it; orjson alone refuses it."""
    [sent], _ = made(record(0, 1, {"n": 1 << 70}))

    assert b'{"n":"1180591620717411303424"}' == sent[1]


def test_the_octets_of_a_run_are_those_of_its_values() -> None:
    """They bound what is in the air."""
    bench = Bench(read_run=run_of_flows)

    flight = bench.work(event(b"10.0.0.1", b"10.0.0.22"))

    assert len(b'{"sa":"10.0.0.1"}{"sa":"10.0.0.22"}') == flight.octets
