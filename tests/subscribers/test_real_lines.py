"""From a message with a line's values to the line, through decoder and syslog, byte by byte."""

import re
from calendar import timegm
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import strptime
from typing import NamedTuple

import pytest

from envizzy.captures import Captured
from envizzy.decode.records import Replay
from envizzy.generator.current import current_layouts, site_table
from envizzy.generator.encode import message, record, set_of, templates
from envizzy.generator.layouts import PUBLIC_V3, VARIABLE, Field, Layout
from schemas.subscriber import Event
from streams.agents.context import make_context
from streams.interpret import render
from streams.settings import StreamsSettings
from streams.subscribers.contract import ContractContext, deliver_all
from streams.subscribers.make import line_writer
from streams.subscribers.settings import SyslogSettings
from streams.subscribers.syslog import SyslogSubscriber
from tests.corpus.corpus import corpus_root
from tests.subscribers.receivers import UdpReceiver

LINES = Path(__file__).parent / "lines"
EMPTY = "''"

# The order of the real line is the order of the Template; the ids from 12364 on are not public,
# so any will do as long as the site's table names them.
CURRENT = current_layouts(9)
LAYOUTS: Mapping[str, Layout] = {
    "flow-v3": PUBLIC_V3[267],
    "endpoint-v3": PUBLIC_V3[262],
    "flow-v9": CURRENT[267]._replace(version="nvzFlow_v9"),
}


class Case(NamedTuple):
    """A line and the kind of its record."""

    line: str
    layout: Layout
    kind: str


def case(path: Path) -> Case:
    """The line of a file; its name says which Template it is of."""
    line = next(x for x in path.read_text().splitlines() if x and not x.startswith("#"))
    name = path.stem.removeprefix("line-")
    kind, version = name.split("-")[:2]
    return Case(line, LAYOUTS[f"{kind}-{version}"], kind)


def real_v3() -> list[Path]:
    """Real v3 lines, where they are at hand: their licence is not clear."""
    root = corpus_root()
    folder = root.parent / "nvzflow-samples" if root else None
    return sorted(folder.glob("line-*-v3-botsv3.txt")) if folder and folder.is_dir() else []


def value_of(field: Field, texts: Mapping[str, str]) -> object:
    """What a client sent, from what the collector printed."""
    text = texts.get(field.key, "")
    if text == EMPTY:
        text = ""
    if field.form == "number":
        return int(text)
    if field.form in ("texts", "hexes"):
        return text.split()
    return text.replace('\\"', '"')


def message_of(given: Case) -> bytes:
    """The client's message: the Template, and the record with the line's values."""
    texts = dict(re.findall(r'(\w+)="((?:[^"\\]|\\"|\\(?!"))*)"', given.line))
    values = {field.key: value_of(field, texts) for field in given.layout.fields}
    sets = templates([given.layout])
    sets += set_of(given.layout.template_id, record(given.layout, values))
    return message(sets, int(texts.get("fes", "1534772240")), 1)


def layout_text(layout: Layout) -> str:
    """As ``[streams] versions`` writes it."""
    parts = [
        f"{f.enterprise_number}:{f.element_id}/{'v' if f.length == VARIABLE else f.length}"
        for f in layout.fields
    ]
    return " ".join(parts)


def line_received(given: Case, folder: Path) -> bytes:
    """What a syslog server gets for the client's message."""
    header = re.fullmatch(r"(\w{3} [ \d]\d [\d:]{8}) (\S+)  fv=.*", given.line)
    assert header is not None
    settings = StreamsSettings(versions={layout_text(given.layout): given.layout.version})
    site = folder / "site.csv"
    site.write_text(site_table(CURRENT))
    replay = Replay(make_context(settings, (site,)))
    captured = Captured(bytes(10) + b"\xff\xff\x0a\x01\x02\x03", 2055, 2055, 1, message_of(given))
    (made,) = [*replay.feed(captured), *replay.finish()]
    assert given.kind == made.kind
    event = Event(given.kind, given.kind, 0, 0, made.key, render(made.value), 1, ())

    context = ContractContext()
    context.time = float(timegm(strptime(f"2018 {header[1]}", "%Y %b %d %H:%M:%S")))
    receiver = UdpReceiver()
    subscriber_settings = SyslogSettings.model_validate(
        {
            "type": "syslog",
            "host": "127.0.0.1",
            f"{given.kind}_port": receiver.port,
            "hostname": header[2],
            "priority": "none",
        }
    )
    subscriber = SyslogSubscriber(subscriber_settings, context, line_writer(subscriber_settings))
    deliver_all(subscriber, [event])
    subscriber.close()
    (line,) = receiver.received()
    receiver.close()
    return line


@pytest.mark.parametrize("path", sorted(LINES.glob("*.txt")), ids=lambda path: path.stem)
def test_a_message_with_a_lines_values_gives_the_line(path: Path, tmp_path: Path) -> None:
    """The header too, at the time and with the host name of the line."""
    given = case(path)

    assert given.line.encode() == line_received(given, tmp_path)


@pytest.mark.parametrize("name", ["line-flow-v3-botsv3", "line-endpoint-v3-botsv3"])
def test_a_message_with_a_real_v3_lines_values_gives_the_real_line(
    name: str, tmp_path: Path
) -> None:
    """As above, with what the original wrote."""
    found = {path.stem: path for path in real_v3()}
    if name not in found:
        pytest.skip("no samples of real lines beside the corpus")
    given = case(found[name])

    assert given.line.encode() == line_received(given, tmp_path)


def everything() -> Sequence[Path]:
    """All lines at hand."""
    return [*sorted(LINES.glob("*.txt")), *real_v3()]


@pytest.mark.parametrize("path", everything(), ids=lambda path: path.stem)
def test_a_changed_value_changes_the_line(path: Path, tmp_path: Path) -> None:
    """The line comes from the message, and from nowhere else."""
    given = case(path)
    changed = given._replace(line=re.sub(r'udid="[0-9A-F]{4}', 'udid="BEEF', given.line))

    assert changed.line != given.line
    assert changed.line.encode() == line_received(changed, tmp_path)
