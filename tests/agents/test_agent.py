"""The agent: the gate, what is passed over, and acknowledgement."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from streams.agents.agent import make_agent
from streams.agents.consumer import Due
from streams.agents.flights import Flights
from tests.agents.decoding import Bench, event
from tests.agents.fakes import FakeEvent


class FakeStream:
    """Gives events as Faust does."""

    def __init__(self, *events: Any) -> None:
        self._events = events

    def noack(self) -> "FakeStream":
        """As Faust's."""
        return self

    async def events(self) -> Any:
        """As Faust's."""
        for each in self._events:
            yield each


def arriving(name: int, generation: int, done: list[int]) -> Any:
    """A Faust event of partition 3 whose offset is its name."""
    made = FakeEvent(name, done)
    made.value = event(b"10.0.0.1")  # type: ignore[attr-defined]
    made.message = SimpleNamespace(  # type: ignore[attr-defined]
        partition=3, offset=name, generation_id=generation
    )
    return made


@dataclass
class FakeReader:
    """A gate that says which generation is loaded after the next load."""

    loaded: int | None
    next: int | None
    loads: int = 0

    async def load(self) -> int | None:
        """As the state reader's."""
        self.loads += 1
        self.loaded = self.next
        return self.loaded


def run_agent(reader: FakeReader, *events: Any) -> tuple[Bench, list[Any], Flights]:
    """Let the agent take some events; the first offset due is 5."""
    bench, forgotten, due = Bench(), [], Due()
    due.begin(3, 5)
    flights = Flights(32, 1 << 20, lambda _: None)
    agent = make_agent(
        bench.decoder,
        flights,
        reader,  # type: ignore[arg-type] # a stand-in
        due,
        bench.publisher.refused,
        forgotten.append,
        bench.metrics,
    )
    asyncio.run(agent(FakeStream(*events)))
    return bench, forgotten, flights


def test_the_agent_reads_the_state_of_a_new_generation_first() -> None:
    """The gate: one load, then the events of that generation."""
    done: list[int] = []
    reader = FakeReader(None, 2)

    bench, forgotten, flights = run_agent(reader, arriving(5, 2, done), arriving(6, 2, done))

    assert (1, [], 2) == (reader.loads, forgotten, len(bench.on("flow")))
    bench.producer.settle()
    flights.settle()
    assert [5, 6] == done


def test_an_event_of_another_generation_is_left_to_its_next_owner() -> None:
    """It is neither worked on nor acknowledged, and Faust forgets it."""
    done: list[int] = []
    old = arriving(5, 1, done)

    bench, forgotten, flights = run_agent(FakeReader(None, 2), old)

    assert ([old.message], [], 0, []) == (forgotten, bench.on("flow"), len(flights), done)


def test_an_event_behind_the_one_due_stops_the_worker(stopped: type[Exception]) -> None:
    """Acknowledging it would lose those between."""
    with pytest.raises(stopped):
        run_agent(FakeReader(2, 2), arriving(6, 2, []))
