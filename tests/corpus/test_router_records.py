"""Router flows of every case as ``--records`` has them, against two decoders that are not ours.

What differs stands in ``router_deviations.toml``, exactly: how many records differ in which field.
"""

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from envizzy.captures import read
from envizzy.decode.records import record_lines
from streams.interpret.router import protocol_name
from streams.settings import StreamsSettings
from tests.corpus.compare import differing, tshark_same, without_extra
from tests.corpus.corpus import Case, cases, corpus_root, decoded
from tests.corpus.main_fields import Main, Time, of_nfdump, of_tshark

pytestmark = pytest.mark.skipif(
    corpus_root() is None, reason="no corpus: set ENVIZZY_CORPUS or put it into ../shared/corpus"
)

CASES = {str(case): case for case in cases() if case.protocol != "nvzflow"}
DEVIATIONS = tomllib.loads(Path(__file__).with_name("router_deviations.toml").read_text())
INCOMPLETE = tomllib.loads(Path(__file__).with_name("incomplete.toml").read_text())
NUMBERS = {protocol_name(str(number)): number for number in range(256)}
MS = 1_000_000


@cache
def flows_of(name: str) -> list[dict[str, Any]]:
    case = CASES[name]
    captured = (
        datagram
        for path in case.files
        for datagram in read(path, ports=case.ports, format=case.form)
    )
    settings = StreamsSettings(compile_after=2)
    rows = [
        json.loads(line) for line in record_lines(captured, (), as_json=True, settings=settings)
    ]
    return [row for row in rows if "sampler_address" in row]


def main_of(row: dict[str, Any], unit_ns: int) -> Main:
    """The main fields; ports that are not believed where they stand, ICMP of v5 as it was sent."""
    elements = row.get("elements", {})
    main: dict[str, Any] = {
        "src": row.get("src_addr"),
        "dst": row.get("dst_addr"),
        "sport": row.get("src_port", elements.get("sourceTransportPort")),
        "dport": row.get("dst_port", elements.get("destinationTransportPort")),
        "proto": NUMBERS.get(row.get("proto")),
        "bytes": row.get("bytes"),
        "packets": row.get("packets"),
    }
    if main["dport"] is None and row["type"] in {"NETFLOW_V1", "NETFLOW_V5", "NETFLOW_V7"}:
        main["dport"] = row.get("icmp_type", 0) * 256 + row.get("icmp_code", 0)
    for key, name in (("start", "time_flow_start_ns"), ("end", "time_flow_end_ns")):
        if name in row:
            main[key] = Time(row[name] // unit_ns * unit_ns, unit_ns)
    return {key: value for key, value in main.items() if value is not None}


def of_tshark_in_utc(line: dict[str, Any]) -> Main:
    """As tshark has it, uptimes by the header; IPFIX has no uptime there."""
    main, header = dict(of_tshark(line)), line["header"]
    for key in ("start", "end"):
        uptime = main.pop(f"{key}_uptime", None)
        if uptime is not None and "uptime" in header:
            base = int(header["unix_secs"]) * 10**9 + int(header.get("unix_nsecs", 0))
            ago = round(float(header["uptime"]) * 1000) - uptime
            main[key] = Time(base - ago * MS, 1000)
    return main


def theirs_of(case: Case, tool: str) -> list[Main]:
    """Flows of an oracle; tshark lists options data too, told apart by our own decoder's kinds."""
    if tool == "nfdump":
        return [of_nfdump(line) for line in case.lines("nfdump")]
    lines = case.lines("tshark")
    ours = [json.loads(line)["kind"] for line in decoded(case.files, case.form, case.ports)]
    kinds = [kind for kind in ours if kind in {"data", "options"}]
    if len(kinds) == len(lines):
        lines = [line for line, kind in zip(lines, kinds, strict=True) if kind == "data"]
    return [of_tshark_in_utc(line) for line in lines]


def nfdump_same(field: str, ours: Any, theirs: Any) -> bool:
    """Zero stands for absent, ICMP has no ports."""
    if field in {"sport", "dport", "start", "end"} and (ours is None or theirs is None):
        return True
    if isinstance(ours, Time) and isinstance(theirs, Time):
        return ours.ns == theirs.ns
    return bool((ours or 0) == (theirs or 0))


def tshark_same_where_it_has(field: str, ours: Any, theirs: Any) -> bool:
    """What tshark does not say is not compared: IPFIX uptimes, computed times."""
    return theirs is None or tshark_same(field, ours, theirs)


def found(name: str, tool: str) -> dict[str, Any]:
    theirs = theirs_of(CASES[name], tool)
    same = nfdump_same if tool == "nfdump" else tshark_same_where_it_has
    ours = [main_of(row, MS if tool == "nfdump" else 1000) for row in flows_of(name)]
    if len(ours) == len(theirs):
        return dict(differing(ours, theirs, same))
    if len(ours) > len(theirs) == len(without_extra(ours, theirs, same)):
        return {"extra": len(ours) - len(theirs)}
    return {"ours": len(ours), "theirs": len(theirs)}


@pytest.mark.parametrize("tool", ["tshark", "nfdump"])
@pytest.mark.parametrize("name", CASES)
def test_main_fields_of_flows_are_those_of_the_oracles(name: str, tool: str) -> None:
    """Addresses, ports, protocol, octets, packets, start and end, deviations listed."""
    assert DEVIATIONS.get(name, {}).get(tool, {}) == found(name, tool)


@pytest.mark.parametrize("name", CASES)
def test_base_information_is_missing_only_where_nothing_tells_it(name: str) -> None:
    """Which keys flows lack, listed with the reason; no other case lacks any."""
    missing = {key for row in flows_of(name) for key in row.get("missing", ())}

    assert set(INCOMPLETE.get(name, {}).get("missing", ())) == missing


def test_every_entry_has_a_case_and_a_reason() -> None:
    """The tables speak of nothing that is not there."""
    for table in (DEVIATIONS, INCOMPLETE):
        assert [] == [name for name in table if name not in CASES]
        assert all(entry["reason"] for entry in table.values())
