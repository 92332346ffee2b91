"""Each record is delivered, buried, or stops the worker."""

from typing import Any, NoReturn

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas import avro
from service.settings import TopicsSettings
from streams.agents import publisher as room
from streams.agents.flights import Flight
from streams.agents.publisher import Publisher
from streams.metrics import StreamsMetrics
from streams.pipeline.model import DeadLetter, Reason
from tests.agents.fakes import Producers

HEADERS = [("record-id", "0a-1"), ("exporter", "192.0.2.7"), ("received", "99")]
TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)


class StoppedError(Exception):
    """The worker would have ended here."""


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the process becomes an exception."""

    def stop(reason: str, **_: object) -> NoReturn:
        raise StoppedError(reason)

    monkeypatch.setattr(room, "stop_process", stop)


class Setting:
    """A publisher on fake producers, and one flight."""

    def __init__(self) -> None:
        self.makers = Producers()
        self.metrics = StreamsMetrics()
        config = {"message.max.bytes": 100_000}
        self.publisher = Publisher(config, TopicsSettings(), self.metrics, self.makers)
        self.ordinary, self.alone = self.makers.made
        self.flight = Flight(None, 3, 41, self.publisher.refused)

    def letters(self) -> list[dict[str, Any]]:
        """Dead letters that were handed to the ordinary producer."""
        return [avro.decode(each[1])[1] for each in self.ordinary.sent if each[0] == "dead-letter"]


def test_the_second_producer_sends_each_record_by_itself() -> None:
    """A batch of one cannot be refused for another record."""
    setting = Setting()

    assert "batch.num.messages" not in setting.ordinary.config
    assert 1 == setting.alone.config["batch.num.messages"]


def test_innocent_records_of_a_refused_batch_go_again_alone(stopped: None) -> None:
    """With their headers, key and time; only the guilty one becomes a dead letter."""
    del stopped
    setting = Setting()
    for number in range(3):
        value = b"v%d" % number
        setting.publisher.send(setting.flight, "flow", value, b"k", -1, 1234, HEADERS)

    setting.ordinary.settle(TOO_LARGE)

    again = [(each[0], each[1], each[2], each[6], each[7]) for each in setting.alone.sent]
    expected = [("flow", b"v%d" % number, b"k", 1234, HEADERS) for number in range(3)]
    assert expected == again
    guilty, *innocent = setting.alone.sent
    setting.alone.sent = innocent
    setting.alone.settle()
    guilty[4](TOO_LARGE, None)
    [letter] = setting.letters()
    assert (Reason.TOO_LARGE, "0a-1", "raw", 3, 41) == (
        letter["reason"],
        letter["record_id"],
        letter["raw_topic"],
        letter["raw_partition"],
        letter["raw_offset"],
    )
    assert 2 == setting.flight.open
    setting.ordinary.settle()
    assert 1 == setting.flight.open


def test_equal_records_of_a_refused_batch_each_go_again(stopped: None) -> None:
    """Two records that differ in their headers only keep both of these."""
    del stopped
    setting = Setting()
    for name in ("a", "b"):
        setting.publisher.send(setting.flight, "flow", b"v", None, -1, 0, [("record-id", name)])

    setting.ordinary.settle(TOO_LARGE)

    assert [[("record-id", "a")], [("record-id", "b")]] == [each[7] for each in setting.alone.sent]


def test_a_record_that_produce_refuses_is_a_dead_letter(stopped: None) -> None:
    """An over-sized value raises on the spot; the flight still lands."""
    del stopped
    setting = Setting()
    setting.ordinary.raises["flow"] = KafkaException(TOO_LARGE)

    setting.publisher.send(setting.flight, "flow", b"v", b"k", -1, 0, HEADERS)

    assert [Reason.TOO_LARGE] == [letter["reason"] for letter in setting.letters()]
    setting.ordinary.settle()
    assert 1 == setting.flight.open


@pytest.mark.parametrize(
    "code",
    [
        KafkaError._MSG_TIMED_OUT,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._FATAL,
    ],
)
def test_what_concerns_all_records_stops_the_worker(stopped: None, code: int) -> None:
    """Nothing is acknowledged: done again after the restart."""
    del stopped
    setting = Setting()
    setting.publisher.send(setting.flight, "flow", b"v", b"k")

    with pytest.raises(StoppedError):
        setting.ordinary.settle(KafkaError(code))

    assert 2 == setting.flight.open


def test_a_dead_letter_that_is_refused_stops_the_worker(stopped: None) -> None:
    """There is no door behind the last one."""
    del stopped
    setting = Setting()
    letter = DeadLetter(Reason.INTERNAL, "0a", bytes(16), 0, 0, 0, b"x", "y")
    setting.publisher.bury(setting.flight, letter)

    with pytest.raises(StoppedError):
        setting.ordinary.settle(TOO_LARGE)


def test_a_dead_letter_fits_whatever_it_holds() -> None:
    """Octets and detail are cut to what the topic takes."""
    setting = Setting()
    letter = DeadLetter(Reason.INTERNAL, "0a", bytes(16), 0, 0, 0, bytes(200_000), "\n" * 9000)

    setting.publisher.bury(setting.flight, letter)

    [(_, value, *_)] = setting.ordinary.sent
    assert len(value) < 100_000
    assert 1 == setting.metrics.registry.get_sample_value(
        "streams_dead_letters_total", {"reason": "internal"}
    )
