"""The fleet's memory is read to its end, then followed."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.agents.layouts_reader import LayoutsReader
from streams.agents.stop import StartError
from streams.metrics import StreamsMetrics
from streams.state.layouts import Fleet, layout_key, layout_value
from streams.wire.model import FieldSpecifier, Template
from tests.agents.fakes import FakeConsumer, FakeMessage, end_of

ONE, TWO = (Template(267, (FieldSpecifier(9, 12333, length),)) for length in (20, 65535))


def message(template: Template, offset: int) -> FakeMessage:
    """A record of the layouts topic."""
    return FakeMessage("layouts", layout_value(template), layout_key(template), 0, offset)


def reader(*batches: list[FakeMessage]) -> LayoutsReader:
    """A reader of these records."""
    consumer = FakeConsumer(batches)
    made = LayoutsReader({}, "layouts", Fleet(), StreamsMetrics(), lambda _: consumer)
    made._consumer = consumer
    return made


def test_each_layout_is_taken_once() -> None:
    """Two workers may both have written one."""
    room = reader([message(ONE, 0), message(TWO, 1), message(ONE, 2), end_of(0, 3)])

    room.poll(0)

    assert room.complete
    assert (ONE, TWO) == room.fleet.candidates(267)
    assert 2 == room.fleet.number


def test_what_comes_later_replaces_the_fleet_as_a_whole() -> None:
    """Who holds the former one is not disturbed."""
    room = reader([message(ONE, 0), end_of(0, 1)], [message(TWO, 1)])
    room.poll(0)
    before = room.fleet

    room.poll(0)

    assert (ONE,) == before.candidates(267)
    assert (ONE, TWO) == room.fleet.candidates(267)


def test_an_unreadable_layout_is_passed_over() -> None:
    """The others count."""
    room = reader([FakeMessage("layouts", b"?", b"k", 0, 0), message(ONE, 1), end_of(0, 2)])

    room.poll(0)

    assert (ONE,) == room.fleet.candidates(267)


def test_an_end_that_is_never_reached_is_an_error_at_start() -> None:
    """One line, exit code 1."""
    room = reader()

    with pytest.raises(StartError, match="layouts could not be read in 0 s"):
        room.start(0)


def test_an_error_for_good_is_raised() -> None:
    """The thread that follows ends the worker."""
    error = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    room = reader([FakeMessage("layouts", None, None, 0, 0, error)])

    with pytest.raises(KafkaException):
        room.poll(0)
