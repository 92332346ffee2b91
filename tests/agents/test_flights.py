"""Events are acknowledged strictly in order, once all that follows from them is confirmed."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.agents.flights import Flight, Flights
from tests.agents.fakes import FakeEvent


def never(*_: Any) -> None:
    """No record is refused here."""
    raise AssertionError


def test_an_event_is_acknowledged_when_all_is_confirmed_and_not_before() -> None:
    """Neither the agent's part nor the deliveries alone are enough."""
    done: list[int] = []
    flights = Flights(4, 1000, lambda _: None)
    flight = flights.open(Flight(FakeEvent(1, done), 0, 7, never))
    flight.open += 2

    flight.report(None, None)
    flights.settle()
    assert [] == done
    flight.report(None, None)
    flights.settle()
    assert [] == done
    flights.close(flight)
    flights.settle()

    assert [1] == done
    assert 0 == len(flights)


@given(st.integers(1, 12), st.randoms(use_true_random=False))
def test_whatever_is_confirmed_first_the_order_holds(number: int, order: random.Random) -> None:
    """Deliveries in any order give acknowledgements in the order of the events."""
    done: list[int] = []
    flights = Flights(100, 1000, lambda _: None)
    reports = []
    for name in range(number):
        flight = flights.open(Flight(FakeEvent(name, done), 0, name, never))
        flight.open += 2
        flights.close(flight)
        reports += [flight.report] * 2
    order.shuffle(reports)

    for report in reports:
        report(None, None)
        flights.settle()
        assert list(range(len(done))) == done

    assert list(range(number)) == done


def test_the_air_is_full_by_number_and_by_octets() -> None:
    """One event may exceed the octets; then the next one waits."""
    flights = Flights(2, 1000, lambda _: None)
    first = flights.open(Flight(FakeEvent(1, []), 0, 1, never))
    first.open += 1
    first.octets = 1500
    assert not flights.full()
    flights.close(first)
    assert flights.full()

    first.report(None, None)
    flights.settle()
    assert not flights.full()
    assert 0 == flights.octets
