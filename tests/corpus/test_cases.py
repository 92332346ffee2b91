"""Every case of the corpus against three decoders that are not ours."""

import json
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.compare import (
    Same,
    differing,
    ipfixdump_same,
    nfdump_same,
    tshark_same,
    without_extra,
)
from tests.corpus.corpus import Case, cases, corpus_root, decoded
from tests.corpus.main_fields import (
    Main,
    dumped_list_lengths,
    dumped_records,
    of_fields,
    of_nfdump,
    of_tshark,
)

pytestmark = pytest.mark.skipif(
    corpus_root() is None, reason="no corpus: set ENVIZZY_CORPUS or put it into ../shared/corpus"
)

CASES = {str(case): case for case in cases()}
DEVIATIONS = tomllib.loads(Path(__file__).with_name("deviations.toml").read_text())["deviation"]
SAME: dict[str, Same] = {
    "tshark": tshark_same,
    "nfdump": nfdump_same,
    "ipfixdump": ipfixdump_same,
}

every_case = pytest.mark.parametrize("name", CASES)
every_ipfix_case = pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if case.is_ipfix]
)


@cache
def lines_of(name: str) -> list[dict[str, Any]]:
    case = CASES[name]
    return [json.loads(line) for line in decoded(case.files, case.form, case.ports)]


def records_of(name: str, *kinds: str) -> list[dict[str, Any]]:
    return [line for line in lines_of(name) if line["kind"] in kinds]


def mains_of(name: str, tool: str, *kinds: str) -> list[Main]:
    """Of ours; only nfdump turns uptimes into times."""
    return [
        of_fields(line["fields"], line["export_time"], boot_ns(line) if tool == "nfdump" else None)
        for line in records_of(name, *kinds)
    ]


def boot_ns(line: dict[str, Any]) -> int | None:
    """When the Exporter was booted, as NetFlow's headers say; to the millisecond, as nfdump has."""
    if "sys_uptime_ms" not in line:
        return None
    residual_ms = line.get("export_time_residual_ns", 0) // 1_000_000
    milliseconds = line["export_time"] * 1000 + residual_ms - line["sys_uptime_ms"]
    return int(milliseconds * 1_000_000)


def listed(name: str, tool: str) -> dict[str, Any]:
    """What the table says of one case and one tool."""
    return {
        how: entry[how][tool]
        for entry in DEVIATIONS
        if entry["case"] == name
        for how in ("extra", "records", "fields", "templates")
        if tool in entry.get(how, {})
    }


def found(ours: list[Main], theirs: list[Main], same: Same) -> dict[str, Any]:
    """What a comparison says, in the form of the table."""
    if len(ours) == len(theirs):
        fields = differing(ours, theirs, same)
        return {"fields": fields} if fields else {}
    if len(ours) > len(theirs) == len(without_extra(ours, theirs, same)):
        return {"extra": len(ours) - len(theirs)}
    return {"records": [len(ours), len(theirs)]}


def oracle_of(case: Case, tool: str) -> list[Main] | None:
    """An oracle's records; None where it was not asked or had nothing to say of an empty case."""
    if tool == "tshark":
        return [of_tshark(line) for line in case.lines("tshark")]
    if tool == "nfdump":
        return [of_nfdump(line) for line in case.lines("nfdump")]
    return [of_fields(fields) for _, fields in dumped_records(case.dump())]


@every_case
def test_record_counts_are_the_trusted_ones(name: str) -> None:
    """As many data and options records as the corpus's facts say, deviations listed."""
    facts = CASES[name].facts()["facts"]
    trusted = facts["data_records"] + facts["options_data_records"]
    ours = len(records_of(name, "data", "options"))
    if ours > trusted:
        got: dict[str, Any] = {"extra": ours - trusted}
    else:
        got = {"records": [ours, trusted]} if ours != trusted else {}

    assert listed(name, "facts") == got
    if not got:
        assert facts["options_data_records"] == len(records_of(name, "options"))


@every_case
@pytest.mark.parametrize("tool", SAME)
def test_main_fields_are_those_of_the_oracles(name: str, tool: str) -> None:
    """Addresses, ports, protocol, counters and times agree in every record, deviations listed."""
    kinds = ("data",) if tool == "nfdump" else ("data", "options")
    if tool == "ipfixdump" and not CASES[name].is_ipfix:
        return  # it was not asked
    ours = mains_of(name, tool, *kinds)

    assert listed(name, tool) == found(ours, oracle_of(CASES[name], tool) or [], SAME[tool])


@every_ipfix_case
def test_every_field_of_a_data_record_is_there(name: str) -> None:
    """As many as ipfixDump has in each data record (padding apart), and lists as long."""
    if listed(name, "ipfixdump").keys() & {"extra", "records"}:
        return  # compared by another case of the same octets
    ours = records_of(name, "data", "options")
    theirs = list(dumped_records(CASES[name].dump()))
    counts = [
        (len(line["fields"]), count)
        for line, (count, _) in zip(ours, theirs, strict=True)
        if line["kind"] == "data"  # ipfixDump lists Scope Fields elsewhere
    ]
    lengths = [
        len(value)
        for line in ours
        for field, value in line["fields"].items()
        if field.startswith("basicList")
    ]

    assert [theirs for _, theirs in counts] == [ours for ours, _ in counts]
    assert dumped_list_lengths(CASES[name].dump()) == lengths


@pytest.mark.parametrize(
    ("turned", "straight"),
    [
        ("akvorado/datalink-data-first", "akvorado/datalink"),
        ("gen-softflowd/ipfix-reversed", "gen-softflowd/ipfix"),
        ("ona-nvzflow/data-first", "ona-nvzflow/all"),
    ],
)
def test_order_does_not_matter_where_data_waits(turned: str, straight: str) -> None:
    """The same datagrams with the Templates last give the same records."""

    def contents(name: str) -> Counter[str]:
        return Counter(json.dumps(line["fields"]) for line in records_of(name, "data", "options"))

    assert contents(straight) == contents(turned)


@every_case
def test_what_no_template_describes_is_undecoded(name: str) -> None:
    """As many Sets as the facts say were never described."""
    facts = CASES[name].facts()["facts"]

    assert facts.get("data_never_described", 0) == len(records_of(name, "undecoded"))


@every_case
def test_every_template_definition_is_shown(name: str) -> None:
    """As many Template and Options Template Records as the facts say, deviations listed."""
    facts = CASES[name].facts()["facts"]
    wanted = facts["templates"] + facts["options_templates"]
    ours = len(records_of(name, "template"))

    assert listed(name, "structure") == ({"templates": [ours, wanted]} if ours != wanted else {})


def test_every_deviation_names_a_case_and_a_reason() -> None:
    """The table has no entry that speaks of nothing."""
    assert [] == [entry["case"] for entry in DEVIATIONS if entry["case"] not in CASES]
    assert all(entry["reason"] for entry in DEVIATIONS)
