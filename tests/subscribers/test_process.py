"""``envizzy subscribe`` as a process on real brokers: nothing is lost, whatever ends it."""

import contextlib
import os
import re
import signal
import time
from pathlib import Path

import orjson
import pytest

from schemas.subscriber import Event
from service.exits import Exit
from streams.subscribers.contract import make_events, marks
from tests.brokers import Broker, create_topics
from tests.subscribers.deployment import FOR_EVER, records, until

LOOKS = 100
"""At files that are being written."""

NUMBER = 4000


def archived(directory: Path) -> list[bytes]:
    """The lines of all files; each is whole.

    A file may be turned over between the list of names and its reading, or be read while it is
    written: then once more. A half line that stays is a mistake.
    """
    for _ in range(LOOKS):
        with contextlib.suppress(FileNotFoundError, orjson.JSONDecodeError):
            return _lines(directory)
        time.sleep(0.05)
    return _lines(directory)


def _lines(directory: Path) -> list[bytes]:
    return [
        line
        for file in sorted(directory.glob("flow*"))
        for line in file.read_bytes().splitlines()
        if orjson.loads(line)
    ]


def wanted(events: list[Event]) -> set[bytes]:
    """The marks that must arrive."""
    return set(marks([event.value or b"" for event in events]))


def arrived(events: list[Event], *folders: Path) -> bool:
    """Whether all are in each folder."""
    return all(wanted(events) <= set(marks(archived(folder))) for folder in folders)


def test_kills_and_stops_lose_nothing(broker: Broker, prefix: str, tmp_path: Path) -> None:
    """Files and a copy, side by side: kill -9, SIGTERM, and a start again each time."""
    out = tmp_path / "out"
    settings = (
        f'[subscribers.archive]\ntype = "file"\ndirectory = "{out}"\ntopics = ["flow"]\n'
        "rotate_octets = 100000\nbatch_records = 200\nsession_seconds = 6\n"
        f'[subscribers.copy]\ntype = "kafka"\nprefix = "{prefix}copy-"\ntopics = ["flow"]\n'
        "session_seconds = 6\n"
    )
    create_topics(broker, {f"{prefix}copy-flow": (2, FOR_EVER)})
    events = make_events(NUMBER)
    with records(broker, prefix, tmp_path, settings) as deployment:
        deployment.publish(events[: NUMBER // 2])
        child = deployment.start("archive", "copy")
        until(lambda: len(archived(out)) > NUMBER // 8, "some lines")
        child.kill()
        deployment.publish(events[NUMBER // 2 :])
        child = deployment.start("archive", "copy")
        until(lambda: len(archived(out)) > NUMBER * 5 // 8, "more lines")
        assert Exit.OK == child.stop(), child.tail()
        deployment.start("archive", "copy")
        until(lambda: wanted(events) <= set(marks(archived(out))), "all lines")

        def covers(found: list[Event]) -> bool:
            return wanted(events) <= set(marks([each.value or b"" for each in found]))

        copied = deployment.read(f"{prefix}copy-flow", NUMBER, covers)
        assert wanted(events) == set(marks([each.value or b"" for each in copied]))
        first = next(e for e in copied if e.header("record-id") == events[0].header("record-id"))
        assert (
            events[0].key,
            events[0].value,
            events[0].timestamp_ms,
            list(events[0].headers),
        ) == (
            first.key,
            first.value,
            first.timestamp_ms,
            list(first.headers),
        )
    repeated = len(archived(out)) - NUMBER
    print(f"{broker.kind}: {NUMBER} records, {repeated} repeated in files")


@pytest.mark.kafka
def test_a_process_that_dies_is_started_again(tansu: Broker, prefix: str, tmp_path: Path) -> None:
    """Each name is a process under one supervisor; the death of one disturbs no other."""
    folders = {name: tmp_path / name for name in ("one", "two")}
    settings = "".join(
        f'[subscribers.{name}]\ntype = "file"\ndirectory = "{folder}"\ntopics = ["flow"]\n'
        "session_seconds = 6\n"
        for name, folder in folders.items()
    )
    events = make_events(200)
    with records(tansu, prefix, tmp_path, settings) as deployment:
        child = deployment.start("one", "two")
        deployment.publish(events[:100])
        until(lambda: arrived(events[:100], *folders.values()), "half of the lines")
        pid = child.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(int(children[1]), signal.SIGKILL)
        until(lambda: deployment.metric("subscribers_process_starts_total") == 3, "a start")
        deployment.publish(events[100:])
        until(lambda: arrived(events, *folders.values()), "the rest")
        assert Exit.OK == child.stop(), child.tail()
    log = child.log.read_text()
    assert re.search(r"a process ended and is started again .*code=-9 .*process=two", log)
    assert 100 == len(archived(folders["one"])) - 100
    assert ["one", "two"] == sorted(re.findall(r"subscriber stopped .*subscriber=(\w+)", log))


def test_a_refused_record_is_a_dead_letter(broker: Broker, prefix: str, tmp_path: Path) -> None:
    """With the answer, its octets and where it stands; those behind it arrive."""
    out = tmp_path / "out"
    settings = f'[subscribers.archive]\ntype = "file"\ndirectory = "{out}"\nformat = "line"\n'
    events = make_events(9)
    events[4] = events[4]._replace(value=b"no record")
    with records(broker, prefix, tmp_path, settings) as deployment:
        deployment.publish(events)
        deployment.start("archive")
        (letter,) = deployment.letters(1)
        until(lambda: wanted(events) <= set(marks([(out / "flow.log").read_bytes()])), "the rest")

    assert ("destination", b"no record") == (letter["reason"], letter["octets"])
    assert f"{prefix}flow" == letter["raw_topic"]
    assert str(letter["detail"]).startswith("subscriber archive: ")
    assert events[4].header("record-id") == letter["record_id"]


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ('type = "kafka"\nprefix = "PREFIX"\n', "would be copied onto itself"),
        ('type = "kafka"\nprefix = "none-"\n', "the target has no topic"),
        ('type = "file"\ndirectory = "/dev/null/x"\n', "Not a directory"),
        ('type = "file"\ndirectory = "."\ntopics = ["exporter"]\n', "no topic"),
    ],
)
def test_what_cannot_work_ends_with_one_line(
    tansu: Broker, prefix: str, tmp_path: Path, settings: str, problem: str
) -> None:
    """Before anything is read."""
    table = "[subscribers.x]\n" + settings.replace("PREFIX", prefix)
    with records(tansu, prefix, tmp_path, table) as deployment:
        child = deployment.start("x", ready=False)
        assert Exit.ERROR == child.process.wait(60)

    assert problem in child.tail()
    assert "Traceback" not in child.tail()


@pytest.mark.kafka
def test_one_that_cannot_work_ends_all_loudly(tansu: Broker, prefix: str, tmp_path: Path) -> None:
    """Nobody is left with half of the destinations and a service that looks well."""
    table = (
        f'[subscribers.good]\ntype = "file"\ndirectory = "{tmp_path / "out"}"\n'
        f'[subscribers.bad]\ntype = "kafka"\nprefix = "{prefix}"\n'
    )
    with records(tansu, prefix, tmp_path, table) as deployment:
        child = deployment.start("good", "bad", ready=False)
        assert Exit.ERROR == child.process.wait(60)
    log = child.log.read_text()
    assert 1 == log.count("would be copied onto itself")
    assert re.search(r"a process ended for good: all end .*code=1 .*process=bad", log)
