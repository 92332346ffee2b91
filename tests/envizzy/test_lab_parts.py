"""Parts of the lab that need no broker."""

from pathlib import Path

import orjson
import pytest
from rich.console import Console

from envizzy.generator.fleet import Sent
from envizzy.lab import run as run_module
from envizzy.lab.errors import LabError
from envizzy.lab.observe import Latencies
from envizzy.lab.processes import await_ready, envizzy, spawn
from envizzy.lab.reader import AccountReader
from envizzy.lab.replay import datagrams
from envizzy.lab.summary import Summary
from envizzy.lab.view import Figures, Talk, render
from envizzy.lab.watch import Rate

SENT = Sent("flow", 1, 2, "127.16.0.2", "UD", "UD/6/1/2/3", "d", "o", True, {"pr": 6})


def flow(**value: object) -> dict[str, object]:
    """A flow record with what the table shows."""
    return {"liuid": "anna", "pn": "a.exe", "da": "192.0.2.1", "sp": 1, "dh": "Unknown", **value}


def test_cumulative_counters_are_not_added_up() -> None:
    """Two reports of one flow: its totals grow, it stays one flow."""
    talk = Talk()
    talk.add(flow(ibc=10, obc=5))
    talk.add(flow(ibc=100, obc=7))
    talk.add(flow(sp=2, ibc=1, obc=1, dh="example.org"))

    assert (2, 109) == (talk.users["anna"], talk.octets["user", "anna"])
    assert {"192.0.2.1": 1, "example.org": 1} == dict(talk.destinations)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_names_can_be_read_and_all_fits_the_terminal(width: int, height: int) -> None:
    """Three tables side by side leave room for names; nothing is cut off below."""
    talk = Talk()
    for port in range(9):
        talk.add(
            flow(liuid=f"EXAMPLE\\anna.be{port}", pn=f"svchost-{port}.exe", sp=port, ibc=123456)
        )
    talk.add(flow(dh="a-name-longer-than-any-of-the-others.and-its-domain.example", ibc=987_654))
    figures = Figures("lab", tuple((f"figure {each}", "12345") for each in range(7)))
    console = Console(width=width, height=height)
    with console.capture() as captured:
        console.print(render(figures, talk, width=width, height=height))
    lines = captured.get().splitlines()

    ranked = lines[lines.index(next(line for line in lines if "users" in line)) + 1]
    assert all(name in ranked for name in ("EXAMPLE\\anna.be0", "svchost-0.exe", "192.0.2.1"))
    assert "987.7 k" in lines[-1]
    assert len(lines) < height


def _interrupted(folders: list[Path]) -> None:
    with run_module._folder() as folder:
        folders.append(folder)
        (folder / "ingest.log").write_text("started")
        raise KeyboardInterrupt


def test_a_second_ctrl_c_leaves_no_folder() -> None:
    """It ends the lab at once; what was written for it goes too."""
    folders: list[Path] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(folders)

    assert not folders[0].exists()


def test_latencies_are_quantiles_of_milliseconds() -> None:
    """None where nothing came."""
    latencies = Latencies()
    assert latencies.quantile(0.5) is None
    for milliseconds in range(1, 101):
        latencies.add(0, milliseconds * 1_000_000)

    assert (51.0, 100.0) == (latencies.quantile(0.5), latencies.quantile(0.99))


def test_a_rate_looks_at_the_last_seconds_only() -> None:
    """A burst long ago does not count."""
    rate = Rate()
    totals = [(0.0, 0), (1.0, 1000), (5.0, 1000), (8.0, 1030)]

    assert [0.0, 1000.0, 200.0, 10.0] == [rate.at(now, total) for now, total in totals]


def test_the_account_is_followed_as_it_grows(tmp_path: Path) -> None:
    """Half a line waits for its rest; totals stand between the records."""
    account = AccountReader(tmp_path / "account")
    assert [] == list(account.read())
    line = orjson.dumps(tuple(SENT)) + b"\n"
    with account.path.open("wb", buffering=0) as file:
        file.write(line + line[:10])
        assert [SENT] == list(account.read())
        file.write(line[10:] + b'{"datagrams":3,"records":2}\n')
        assert [SENT] == list(account.read())

    assert (3, 2) == (account.datagrams, account.records)


def test_the_summary_has_the_documented_keys_in_order() -> None:
    """Programs read it."""
    keys = list(Summary(*range(13)).as_dict())

    assert ["datagrams_sent", "datagrams_received", "records_sent"] == keys[:3]
    assert ["lost", "latency_ms_p50", "latency_ms_p99"] == keys[-3:]


def test_a_child_that_ends_at_its_start_is_explained(tmp_path: Path) -> None:
    """With its exit code and the end of its log."""
    child = spawn("ingest", envizzy("ingest", "--config", "none.toml"), tmp_path / "log")

    with pytest.raises(LabError, match=r"(?s)ingest ended with 2 at its start:.*none\.toml"):
        await_ready(child, "http://127.0.0.1:1/readyz", 30)


def test_a_capture_without_datagrams_is_refused(tmp_path: Path) -> None:
    """There would be nothing to replay."""
    empty = tmp_path / "empty.hex"
    empty.write_text("# nothing\n")

    with pytest.raises(LabError, match=r"empty\.hex"):
        datagrams([empty])
