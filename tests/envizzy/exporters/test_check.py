"""The verdict over an exporter's record: in words, and the lines for exactly what is missing."""

from typing import Any

import pytest

from envizzy.exporters.check import Weight, judge
from envizzy.exporters.remedies import RECORD, WORDS
from envizzy.generator.routers.configuration import configured
from schemas.exporter_records import EXPORTER_FIELDS
from schemas.router_records import BASE_ICMP, BASE_INFORMATION, BASE_PORTS

NOW_NS = 1_790_000_000_000_000_000


def template(**changes: object) -> dict[str, Any]:
    """A complete one."""
    complete = {
        "protocol": "NETFLOW_V9",
        "domain": 1,
        "template_id": 256,
        "fields": 18,
        "ip_versions": [4],
        "lacks": [],
        "short_counters": [],
    }
    return complete | changes


def record(**changes: object) -> dict[str, Any]:
    """A record of an exporter of which nothing is to be said."""
    complete: dict[str, Any] = {
        "exporter": "192.0.2.1",
        "first_seen_ns": NOW_NS - 10**12,
        "last_seen_ns": NOW_NS,
        "protocols": ["NETFLOW_V9"],
        "domains": [1],
        "datagrams": 10,
        "records": {"netflow_records": 200},
        "missing": {},
        "templates": [template()],
        "sampling_rates": [],
        "interface_names": 4,
        "clock_offset_ms": 300,
        "longest_duration_ms": 60_400,
        "longest_silence_ms": 20_000,
        "sequence": {"missing": 0, "irregular": 0},
        "raw": "00000000-0000-000000000001",
        "form": 1,
    }
    assert [each.key for each in EXPORTER_FIELDS] == list(complete)
    return complete | changes


def test_an_exporter_that_sends_all_is_complete() -> None:
    """No finding, no line; a timer's tolerance is no finding."""
    verdict = judge(record(), NOW_NS)

    assert (True, "complete", (), ()) == verdict[1:]


def test_every_key_of_the_base_information_has_its_words_and_its_lines() -> None:
    """Nothing that can lack is without a remedy; the simulated routers know each line."""
    keys = {*BASE_INFORMATION, *BASE_PORTS, *BASE_ICMP}

    assert keys == set(RECORD) == set(WORDS)
    for remedy in RECORD.values():
        configured([*remedy.ipv4, *remedy.ipv6])


def test_exactly_what_lacks_is_printed() -> None:
    """The lines of the broken router of a lab, in the order of a configuration."""
    broken = template(lacks=["out_if", "ip_tos"], short_counters=["bytes", "packets"])
    verdict = judge(
        record(templates=[broken], longest_duration_ms=180_000, missing={"ip_tos": 7}), NOW_NS
    )

    assert (
        "match ipv4 tos",
        "collect interface output",
        "collect counter bytes long",
        "collect counter packets long",
        "cache timeout active 60",
    ) == verdict.lines
    assert not verdict.complete
    assert [
        "no ToS or traffic class (7 flows lately)",
        "no output interface",
        "octets have fewer than 64 bits: they wrap",
        "packets have fewer than 64 bits: they wrap",
        "flows of 3 min 0 s: its active timeout is longer than a minute",
    ] == [each.text for each in verdict.findings]


def test_lines_are_of_the_templates_ip_version() -> None:
    """Only where it lacks: the other monitor is left alone."""
    templates = [template(), template(template_id=257, ip_versions=[6], lacks=["ip_tos"])]

    assert ("match ipv6 traffic-class",) == judge(record(templates=templates), NOW_NS).lines


def test_what_only_flows_lack_is_for_all_templates() -> None:
    """ICMP elements lack in ICMP flows; which Template they had is not known."""
    templates = [template(), template(template_id=257, ip_versions=[6])]
    verdict = judge(record(templates=templates, missing={"icmp_type": 3}), NOW_NS)

    expected = ("match transport icmp ipv4 type", "match transport icmp ipv6 type")
    assert expected == verdict.lines


@pytest.mark.parametrize(
    ("changes", "text", "lines"),
    [
        (
            {"longest_silence_ms": 300_000},
            "silent for 5 min 0 s: it should send at least once a minute",
            ("cache timeout active 60", "cache timeout inactive 60"),
        ),
        (
            {"protocols": ["NETFLOW_V5"], "templates": [], "longest_duration_ms": 1_800_000},
            "flows of 30 min 0 s: its active timeout is longer than a minute",
            ("ip flow-cache timeout active 1",),
        ),
        (
            {"clock_offset_ms": 3_600_000},
            "its clock is 60 min 0 s behind ours",
            ("ntp server ADDRESS",),
        ),
        (
            {"clock_offset_ms": -90_000_000},
            "its clock is 25 h 0 min ahead of ours",
            ("ntp server ADDRESS",),
        ),
        (
            {"sequence": {"missing": 12, "irregular": 0}},
            "12 Export Packets were lost on the way lately",
            (),
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(
    changes: dict[str, Any], text: str, lines: tuple[str, ...]
) -> None:
    """One line each, and what puts it right where that is a matter of configuration."""
    verdict = judge(record(**changes), NOW_NS)

    assert (False, text, lines) == (verdict.complete, verdict.summary, verdict.lines)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"sequence": {"missing": 0, "irregular": 3}}, "3 messages whose sequence numbers"),
        ({"records": {"malformed_messages": 2}}, "2 malformed messages: see dead-letter"),
        ({"records": {"parked_sets": 2}}, "2 sets had to wait for their template"),
        ({"last_seen_ns": NOW_NS - 86_400 * 10**9 * 3}, "not heard of for 3 d 0 h"),
    ],
)
def test_what_is_worth_knowing_does_not_make_it_incomplete(
    changes: dict[str, Any], text: str
) -> None:
    """A note."""
    verdict = judge(record(**changes), NOW_NS)

    assert (True, "complete") == (verdict.complete, verdict.summary)
    assert [Weight.NOTE] == [each.weight for each in verdict.findings]
    assert verdict.findings[0].text.startswith(text)
