"""The Faust agent: ten lines; what follows from an event is the decoder's."""

from collections.abc import Callable
from typing import Any

from streams.agents.consumer import Due
from streams.agents.decode import Decoder
from streams.agents.flights import Flight, Flights
from streams.agents.state_reader import StateReader
from streams.agents.stop import stop_process
from streams.metrics import StreamsMetrics


def make_agent(
    decoder: Decoder,
    flights: Flights,
    reader: StateReader,
    due: Due,
    refused: Callable[..., None],
    forget: Callable[[Any], None],
    metrics: StreamsMetrics,
) -> Callable[[Any], Any]:
    """Make the agent.

    Args:
        decoder: Does the work.
        flights: Acknowledge in order.
        reader: The gate: an event is worked on only with the state of its generation.
        due: No event is passed over.
        refused: The publisher's.
        forget: Takes an event that is not ours any more out of Faust's account.
        metrics: Counted into.
    """

    async def decode(stream: Any) -> None:
        """Each event of ``raw``, without automatic acknowledgement."""
        async for event in stream.noack().events():
            message = event.message
            if message.generation_id != reader.loaded:
                metrics.counter("streams_gate_reads_total").inc()
                if message.generation_id != await reader.load():
                    forget(message)  # its next owner does it; else the rebalance waits for it
                    continue
            passed = due.passed_over(message.partition, message.offset)
            if passed is not None:
                stop_process(
                    "events passed over",
                    partition=message.partition,
                    offset=message.offset,
                    due=passed,
                )
            flight = flights.open(Flight(event, message.partition, message.offset, refused))
            decoder.work(flight, event.value)
            flights.close(flight)
            await flights.room()

    return decode
