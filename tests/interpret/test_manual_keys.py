"""Every row of the collector manual's key table: produced, or why it is not.

``manual_keys.csv`` has the rows: ``public`` from elements that are public, ``derived`` from another
value, ``setting`` where a setting asks for it, ``site`` from elements whose ids are not public:
only a site's table produces these, and without one their octets leave as ``e9_ID``.
"""

import csv
import io
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from envizzy.captures import Captured
from envizzy.decode.records import Replay
from envizzy.generator import encode
from envizzy.generator.current import site_table
from envizzy.generator.endpoint import SECOND, Endpoint
from envizzy.generator.layouts import PUBLIC_V3, Layout
from schemas.field_keys import ALIASES, load_field_keys
from streams.agents.context import make_context
from streams.settings import StreamsSettings
from tests.envizzy.suggest_clients import START, Client

TABLE = (Path(__file__).parent / "manual_keys.csv").read_text()
ROWS = list(csv.DictReader(io.StringIO(TABLE)))
KINDS = {"F": "flow", "E": "endpoint", "I": "interface"}
Values = dict[tuple[str, str], set[str]]


def _run(
    layouts: dict[int, Layout], site: Path | None, *, parent: bool = False
) -> tuple[Values, Values]:
    """What is published and what was sent, by kind and key."""
    settings = StreamsSettings(derive_parent_account=parent)
    replay = Replay(make_context(settings, [site] if site else []))
    published: Values = defaultdict(set)
    sent: Values = defaultdict(set)

    def feed(body: bytes, number: int) -> None:
        payload = encode.message(body, START // SECOND + number, number)
        for record in replay.feed(Captured(None, 0, 0, 0, payload)):
            for key, value in record.value.items():
                published[record.kind, key].add(str(value))

    feed(encode.templates(layouts.values()), 0)
    number = 0
    for index in range(8):
        endpoint = Endpoint(index, 1)
        all_spoken = [
            endpoint.describe(START),
            endpoint.interface(START, moved=True),
            *(endpoint.flow(START + turn * SECOND) for turn in range(20)),
        ]
        for spoken in all_spoken:
            layout = layouts[spoken.template_id]
            value: dict[str, Any] = {"eveuuid": "0" * 32, **spoken.value}
            kind = {262: "endpoint", 266: "interface"}.get(spoken.template_id, "flow")
            for key, each in value.items():
                sent[kind, key].add(str(each))
            feed(encode.set_of(layout.template_id, encode.record(layout, value)), number)
            number += 1
    return published, sent


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> tuple[Values, Values]:
    """A current client, its elements named by a site's table; the parent's account is derived."""
    layouts = Client(1, strangers=("eveuuid",)).layouts()
    site = tmp_path_factory.mktemp("site") / "site.csv"
    site.write_text(site_table(layouts))
    return _run(layouts, site, parent=True)


@pytest.fixture(scope="module")
def unnamed() -> tuple[Values, Values]:
    """The same client without one."""
    return _run(Client(1, strangers=("eveuuid",)).layouts(), None)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["key"])
def test_the_row_is_produced(
    row: dict[str, str], named: tuple[Values, Values], unnamed: tuple[Values, Values]
) -> None:
    """With the value that was sent; from where the row says."""
    place = KINDS[row["record"]], row["key"]
    if row["key"] == "fv":
        published, _ = _run(dict(PUBLIC_V3), None)
        assert {"nvzFlow_v3"} == published[place]
        return
    published, sent = named

    assert published[place]
    if row["from"] in {"public", "site"}:
        assert published[place] <= sent[place]
    without = unnamed[0].get(place)
    assert bool(without) == (row["from"] in {"public", "derived"})


def test_what_a_site_does_not_name_keeps_its_octets(unnamed: tuple[Values, Values]) -> None:
    """Each unknown element leaves under a stable name."""
    layouts = Client(1, strangers=("eveuuid",)).layouts()
    hidden = [row["key"] for row in ROWS if row["from"] == "site"]
    ids = {field.key: field.element_id for layout in layouts.values() for field in layout.fields}

    for key in hidden:
        assert any(unnamed[0].get((kind, f"e9_{ids[key]}")) for kind in KINDS.values())


def test_the_table_is_complete() -> None:
    """All keys that records may have are rows of it, none is named twice; notes where needed."""
    keys = [row["key"] for row in ROWS]

    assert len(keys) == len(set(keys))
    assert {item.key for item in load_field_keys().fields} == set(keys)
    assert [] == [
        row["key"] for row in ROWS if row["from"] in {"site", "setting"} and not row["note"]
    ]
    assert {"luat": "liuat", "pname": "pn"} == dict(ALIASES)
