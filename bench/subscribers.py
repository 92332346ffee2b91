"""Lines per CPU-second of the subscribers, without Kafka: what a delivery of 1,000 costs."""

import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from bench.table import Row, emit
from schemas.subscriber import Event
from streams.subscribers.contract import ContractContext, make_events
from streams.subscribers.file import FileSubscriber
from streams.subscribers.json_line import json_line
from streams.subscribers.make import line_writer
from streams.subscribers.settings import FileSettings, SyslogSettings
from streams.subscribers.syslog import SyslogSubscriber

BATCH = 1000
SECONDS = 1.0
"""Of CPU time for each figure: short, and not disturbed by others on the machine."""

# A flow of a v3 client with two modules; 838 octets as a line.
_REST = (
    ',"sa":"192.168.3.130","sp":56939,"da":"192.168.3.2","dp":53,"fss":1534755850,'
    '"fst":"Mon Aug 20 09:04:10 2018","fes":1534755850,"fet":"Mon Aug 20 09:04:10 2018",'
    '"udid":"00112233445566778899AABBCCDDEEFF01234567","liuid":"EXAMPLE\\\\ana",'
    '"liuida":"EXAMPLE","liuidp":"ana","liuat":2,"pa":"NT AUTHORITY\\\\NETWORK SERVICE",'
    '"paa":"NT AUTHORITY","pap":"NETWORK SERVICE","puat":1,"pn":"svchost.exe",'
    f'"ph":"{"0A" * 32}","ppa":"NT AUTHORITY\\\\SYSTEM","ppuat":2,"ppn":"services.exe",'
    f'"pph":"{"1B" * 32}","ibc":49,"obc":33,"ds":"localdomain","iid":32,'
    f'"mnl":["dnsrslvr.dll","net.dll"],"mhl":["{"2C" * 32}","{"3D" * 32}"]'
)


def per_cpu_second(work: Callable[[], object], units: int) -> float:
    """How many units a second of this process's CPU time is enough for."""
    work()
    begin, done = time.process_time(), 0
    while time.process_time() - begin < SECONDS:
        work()
        done += units
    return done / (time.process_time() - begin)


def main() -> None:
    """Measure each."""
    events = make_events(BATCH, value=_REST)
    settings = SyslogSettings.model_validate({"type": "syslog", "host": "127.0.0.1"})
    writer = line_writer(settings)
    octets = len(writer.write(events[0], 0).octets)
    show(f"a line of {octets} octets", lambda: [writer.write(e, 1.0) for e in events], events)
    show("a line of JSON", lambda: [json_line(e, meta=True) for e in events], events)
    udp(events)
    with tempfile.TemporaryDirectory() as folder:
        kinds: tuple[tuple[str, dict[str, object]], ...] = (
            ("file, JSON, fsync a batch", {}),
            ("file, JSON, no fsync", {"fsync": "never"}),
            ("file, line, fsync a batch", {"format": "line"}),
            ("file, JSON, gzip", {"compression": "gzip", "rotate_octets": 20_000_000}),
        )
        for name, values in kinds:
            file(name, Path(folder) / name.replace(" ", "-"), events, values)


def udp(events: list[Event]) -> None:
    """To a socket of ours that nobody reads: the kernel drops what is too much."""
    with socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        settings = SyslogSettings.model_validate(
            {"type": "syslog", "host": "127.0.0.1", "flow_port": receiver.getsockname()[1]}
        )
        subscriber = SyslogSubscriber(settings, ContractContext(), line_writer(settings))
        show("syslog over UDP", lambda: subscriber.deliver(events), events)
        subscriber.close()


def file(name: str, directory: Path, events: list[Event], values: dict[str, object]) -> None:
    """Into files of a temporary folder, the oldest removed."""
    settings = FileSettings.model_validate(
        {"type": "file", "directory": directory, "keep_files": 2, **values}
    )
    subscriber = FileSubscriber(settings, ContractContext(), line_writer(settings))
    show(name, lambda: subscriber.deliver(events), events)
    subscriber.close()


def show(name: str, work: Callable[[], object], events: list[Event]) -> None:
    """Measure, with the bare JSON reader beside it, and print."""
    beside = per_cpu_second(lambda: [orjson.loads(e.value or b"") for e in events], BATCH)
    value = per_cpu_second(work, BATCH)
    emit([Row("subscribers", name, value, "records a CPU-second", beside, "orjson.loads")])


if __name__ == "__main__":
    main()
