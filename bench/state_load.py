"""How fast records of the ``state`` topic are taken over: keys per CPU-second."""

import time

from bench.table import Row, emit
from streams.state import codec
from streams.state.model import TEMPLATES, Session, SessionKey, TemplateEntry
from streams.state.partition import PartitionState
from streams.wire import FieldSpecifier, Template

KEYS = 100_000


def main() -> None:
    """Print the figures."""
    template = Template(267, tuple(FieldSpecifier(9, 12332 + item, 4) for item in range(25)))
    session = Session({267: TemplateEntry(template, 1, 2)}, 3, 4)
    value = codec.encode_value(session, 5)
    records = []
    for number in range(KEYS):
        exporter = bytes(10) + b"\xff\xff" + (number // 4).to_bytes(4)
        key = (SessionKey(exporter, number % 65536, 127, 10), TEMPLATES)
        records.append((codec.encode_key(key), value))
    state = PartitionState()
    begin = time.process_time()
    for octets, content in records:
        state.load(octets, content)
    loaded = time.process_time()
    state.session(SessionKey(bytes(16), 0, 0, 10))
    settled = time.process_time()
    for octets, _ in records[: KEYS // 10]:
        state.session(codec.decode_key(octets)[0])
    decoded = time.process_time()
    unit = "keys per CPU-second"
    emit(
        [
            Row("state", "records loaded", KEYS / (loaded - begin), unit),
            Row("state", "first look-up included", KEYS / (settled - begin), unit),
            Row("state", "sessions used first", KEYS / 10 / (decoded - settled), unit),
        ]
    )


if __name__ == "__main__":
    main()
