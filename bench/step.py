"""What ``step`` adds to the decoder: one flow in a datagram, known session, compiled layout."""

import time
from collections.abc import Callable

from schemas.datagram import Datagram, Transport
from schemas.elements import load_registry
from schemas.field_keys import load_field_keys
from streams.pipeline import Context, step
from streams.state.layouts import Fleet
from streams.state.partition import PartitionState
from streams.wire import read_message

NOW = 1_500_000_000_000_000_000
TURNS = 50_000
ROUNDS = 5

# Template 267 with protocol, addresses, ports, UDID, process name
TEMPLATE = bytes.fromhex(
    "000a 0044 59682f00 00000000 0000007f 0002 0034 010b 0007 0004 0001 0008 0004 0007 0002"
    "000c 0004 000b 0002 b02c 0014 00000009 b034 ffff 00000009 0000 0000 0000 0000"
)
RECORD = bytes.fromhex("06 0a000001 c350 5db8d822 01bb") + bytes(range(20)) + b"\x04curl"


def message(records: int, sequence: int) -> bytes:
    """A Message with one Data Set."""
    content = RECORD * records
    head = f"000a {20 + len(content):04x} 59682f00 {sequence:08x} 0000007f 010b"
    return bytes.fromhex(f"{head} {4 + len(content):04x}") + content


def microseconds(function: Callable[[], object]) -> float:
    """Best of some rounds, per call."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        for _ in range(TURNS):
            function()
        best = min(best, time.process_time() - begin)
    return best / TURNS * 1e6


def main() -> None:
    """Print the figures."""
    context = Context(load_registry(), load_field_keys(), compile_after=1)
    state, fleet, prefix = PartitionState(), Fleet(), "00000000-0000-000000000000-0000"

    def run(payload: bytes) -> None:
        datagram = Datagram(NOW, bytes(16), 5000, 2055, Transport.UDP, None, payload)
        outcome = step(datagram, prefix, state, fleet, NOW, context)
        state.apply(outcome.changes, outcome.notes)

    run(TEMPLATE)
    run(message(1, 0))
    template = next(iter(state.siblings(bytes(16), 127, 10)))[1].templates[267].template
    reader = context.layouts.of(template).reader
    if reader is None:
        raise SystemExit("the layout was not compiled")
    for records in (1, 10):
        payload = message(records, 1)
        datagram = Datagram(NOW, bytes(16), 5000, 2055, Transport.UDP, None, payload)
        frame = microseconds(lambda payload=payload: read_message(payload))  # type: ignore[misc]
        reading = microseconds(lambda payload=payload: reader(payload, 20, len(payload)))  # type: ignore[misc]
        whole = microseconds(
            lambda datagram=datagram: step(datagram, prefix, state, fleet, NOW, context)  # type: ignore[misc]
        )
        rest = whole - frame - reading
        print(
            f"{records} records: frame {frame:.2f}, reader {reading:.2f}, step {whole:.2f} us;"
            f" step's own {rest:.2f} us = {rest / frame:.1f} frames"
        )


if __name__ == "__main__":
    main()
