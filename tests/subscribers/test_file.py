"""Files: the contract, rotation, and what a crash leaves."""

import errno
import gzip
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import pytest

from schemas.subscriber import DELIVERED, Event, Fate, MisconfiguredError, UnavailableError
from streams.subscribers.contract import ContractContext, SubscriberContract, make_events
from streams.subscribers.file import FileSubscriber
from streams.subscribers.make import line_writer
from streams.subscribers.settings import FileSettings

SUFFIX = {"json": ".jsonl", "line": ".log"}


def make(
    directory: Path, context: ContractContext | None = None, **values: object
) -> FileSubscriber:
    """A subscriber with settings of the test's own."""
    settings = FileSettings.model_validate({"type": "file", "directory": directory, **values})
    return FileSubscriber(settings, context or ContractContext(), line_writer(settings))


def lines(directory: Path) -> list[bytes]:
    """All lines, completed files first; the last file must not end in half a line."""
    found: list[bytes] = []
    for file in sorted(directory.glob("flow*")):
        octets = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        assert octets.endswith(b"\n") or not octets
        found += octets.split(b"\n")[:-1]
    return found


class TestFileContract(SubscriberContract):
    """JSON lines in one file."""

    values: Mapping[str, object] = {}

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> None:
        self.directory = tmp_path / "out"

    def make(self, context: ContractContext) -> FileSubscriber:
        """With the settings of the class."""
        return make(self.directory, context, **self.values)

    def received(self) -> Sequence[bytes]:
        """The lines of all files."""
        return lines(self.directory)

    def away(self) -> None:
        """Something else stands where the file should be."""
        self.path = self.directory / f"flow{SUFFIX[str(self.values.get('format', 'json'))]}"
        self.kept = self.path.exists()
        if self.kept:
            self.path.rename(self.directory / "kept")
        self.path.mkdir()

    def back(self) -> None:
        """The file is there again."""
        self.path.rmdir()
        if self.kept:
            (self.directory / "kept").rename(self.path)


class TestLineFileContract(TestFileContract):
    """The collector's lines in small compressed files."""

    values: Mapping[str, object] = {
        "format": "line",
        "rotate_octets": 3000,
        "compression": "gzip",
    }

    can_refuse = True

    def refusable(self, event: Event) -> Event:
        """A value of which no line can be made."""
        return event._replace(value=b"{")


def test_json_lines_carry_the_record_id(tmp_path: Path) -> None:
    """By it repeats are told; the value stays as it is, what is ours stands behind."""
    subscriber = make(tmp_path)
    (event,) = make_events(1)
    subscriber.deliver([event])
    subscriber.close()

    (line,) = lines(tmp_path)
    assert line.startswith((event.value or b"")[:-1])
    assert {
        "_id": "0a0b0c0d-0-0-0-0-0",
        "_exporter": "192.0.2.7",
        "_received": "1534755854000000000",
    } == {key: value for key, value in orjson.loads(line).items() if key.startswith("_")}


@pytest.mark.parametrize(
    ("value", "meta"),
    [
        (b'{"pr":17}', False),
        (b'{"pr":17,"_id":"x"}', True),
    ],
)
def test_a_line_is_the_value_where_nothing_is_to_be_added(
    tmp_path: Path, value: bytes, *, meta: bool
) -> None:
    """Without meta, or where the value has it by meta = "fields"."""
    subscriber = make(tmp_path, meta=meta)
    subscriber.deliver([make_events(1)[0]._replace(value=value)])
    subscriber.close()

    assert [value] == lines(tmp_path)


def test_text_that_looks_like_a_record_id_is_text(tmp_path: Path) -> None:
    """An endpoint cannot make its record lose the record id."""
    subscriber = make(tmp_path)
    value = orjson.dumps({"dh": ',"_id":"forged"'})
    subscriber.deliver([make_events(1)[0]._replace(value=value)])
    subscriber.close()

    assert "0a0b0c0d-0-0-0-0-0" == orjson.loads(lines(tmp_path)[0])["_id"]


def test_files_are_completed_by_size_and_the_oldest_go(tmp_path: Path) -> None:
    """Their names have time and number; no line is split; the number goes on after a restart."""
    values = {"rotate_octets": 1000, "keep_files": 2}
    context = ContractContext()
    for first in (0, 30):
        subscriber = make(tmp_path, context, **values)
        subscriber.deliver(make_events(30, first=first))
        subscriber.close()

    names = sorted(path.name for path in tmp_path.glob("flow*"))
    assert 3 == len(names)
    assert "flow.jsonl" == names[-1]
    assert all(re.fullmatch(r"flow-20180820T090414Z-0000\d\d\.jsonl", n) for n in names[:-1])
    number = context.counts["files"]
    assert [f"{number - 1:06}", f"{number:06}"] == [name[22:28] for name in names[:-1]]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.glob("flow-*"))


def test_files_are_completed_by_age_even_when_nothing_comes(tmp_path: Path) -> None:
    """A forwarder that takes completed files waits no longer than that."""
    context = ContractContext()
    subscriber = make(tmp_path, context, rotate_seconds=60)
    subscriber.deliver(make_events(1))
    context.time += 59
    subscriber.tick()
    assert ["flow.jsonl"] == [path.name for path in tmp_path.glob("flow*")]
    context.time += 1
    subscriber.tick()

    assert ["flow-20180820T090514Z-000001.jsonl"] == [p.name for p in tmp_path.glob("flow*")]
    subscriber.close()


def test_half_a_line_of_a_crash_is_cut_off(tmp_path: Path) -> None:
    """It was not committed and comes again; whole lines stay."""
    half = b"x" * 70_000  # more than is read at once
    (tmp_path / "flow.jsonl").write_bytes(b'{"whole":1}\n' + half)
    subscriber = make(tmp_path, meta=False)
    subscriber.deliver([make_events(1)[0]._replace(value=b'{"next":2}')])
    subscriber.close()

    assert [b'{"whole":1}', b'{"next":2}'] == lines(tmp_path)


@pytest.mark.parametrize("packed", [False, True], ids=["before", "while compressing"])
def test_a_compression_that_a_crash_cut_short_is_done_again(
    tmp_path: Path, *, packed: bool
) -> None:
    """The completed name appears with the whole content, and nothing else is left."""
    name = "flow-20180820T090414Z-000007.jsonl"
    (tmp_path / f".{name}.part").write_bytes(b'{"a":1}\n')
    if packed:
        (tmp_path / f".{name}.gz.part").write_bytes(b"half")
    subscriber = make(tmp_path, compression="gzip", meta=False, rotate_octets=10)
    subscriber.deliver([make_events(1)[0]._replace(value=v) for v in (b'{"b":2}', b'{"c":3}')])
    subscriber.close()

    assert [b'{"a":1}', b'{"b":2}', b'{"c":3}'] == lines(tmp_path)
    found = sorted(path.name for path in tmp_path.iterdir() if path.name != ".lock")
    assert [f"{name}.gz", "flow-20180820T090414Z-000008.jsonl.gz", "flow.jsonl"] == found


def test_a_file_that_somebody_moved_away_is_made_anew(tmp_path: Path) -> None:
    """Nothing is written into a file that has no name any more."""
    subscriber = make(tmp_path, meta=False)
    subscriber.deliver(make_events(1))
    (tmp_path / "flow.jsonl").rename(tmp_path / "flow-moved")
    subscriber.deliver(make_events(1, first=1))
    subscriber.close()

    assert 2 == len(lines(tmp_path))
    assert 1 == len((tmp_path / "flow.jsonl").read_bytes().splitlines())


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written of the failed call is taken back; the rest comes again."""
    subscriber = make(tmp_path, meta=False)
    subscriber.deliver(make_events(1))
    write = os.write
    room = [20]

    def full(descriptor: int, octets: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = write(descriptor, octets[: room[0]])
        room[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(UnavailableError, match="No space left"):
        subscriber.deliver(make_events(2, first=1))
    monkeypatch.undo()
    assert 1 == len(lines(tmp_path))
    assert [DELIVERED] * 2 == subscriber.deliver(make_events(2, first=1))
    subscriber.close()

    assert 3 == len(lines(tmp_path))


def test_a_second_process_is_told(tmp_path: Path) -> None:
    """Two would cut each other's lines off."""
    first = make(tmp_path)
    with pytest.raises(MisconfiguredError, match=r"subscribers\.contract\.directory: another"):
        make(tmp_path)
    first.close()
    make(tmp_path).close()


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """With the setting and the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(MisconfiguredError, match=r"directory: .*file/out: Not a directory"):
        make(tmp_path / "file" / "out")


def test_topics_have_files_of_their_own(tmp_path: Path) -> None:
    """Any record topic, each under its default name."""
    subscriber = make(tmp_path)
    outcomes = subscriber.deliver([*make_events(2), *make_events(2, topic="netflow-1m")])
    subscriber.close()

    assert {Fate.DELIVERED} == {each.fate for each in outcomes}
    assert {"flow.jsonl", "netflow-1m.jsonl"} == {p.name for p in tmp_path.glob("*.jsonl")}
