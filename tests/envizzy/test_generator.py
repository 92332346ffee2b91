"""The generator: what real clients send, the same for the same seed."""

from collections import Counter

import pytest

from envizzy.generator import encode
from envizzy.generator.endpoint import SECOND
from envizzy.generator.expected import digest, identity, published
from envizzy.generator.fleet import Behaviour, Emission, Fleet
from envizzy.generator.layouts import BRIEF, LAYOUTS, PUBLIC_V3

# Message header and the four Templates, as a real client sent them on 2017-04-05.
REAL_TEMPLATES = bytes.fromhex(
    "000a01e858e463ce000000010000007f"
    "000201d8"
    "01060007015effffb02c001400000009b02effff00000009b02fffff00000009b03fffff00000009b030ffff"
    "00000009b031ffff00000009"
    "010b0019000400010008000400070002000c0004000b00020096000400970004b02c001400000009b02dffff"
    "00000009b049000200000009b032ffff00000009b04a000200000009b034ffff00000009b035002000000009"
    "b033ffff00000009b04b000200000009b036ffff00000009b037002000000009b03a000800000009b03b0008"
    "00000009b038ffff00000009b039ffff00000009b043000400000009b040ffff00000009b041ffff00000009"
    "010c001900040001001b001000070002001c0010000b00020096000400970004b02c001400000009b02dffff"
    "00000009b049000200000009b032ffff00000009b04a000200000009b034ffff00000009b035002000000009"
    "b033ffff00000009b04b000200000009b036ffff00000009b037002000000009b03a000800000009b03b0008"
    "00000009b038ffff00000009b039ffff00000009b043000400000009b040ffff00000009b041ffff00000009"
    "010a0007b02c001400000009b043000400000009b044000400000009b045000100000009b046ffff00000009"
    "b047ffff00000009b048ffff00000009"
)


def emissions(behaviour: Behaviour, seconds: int) -> list[Emission]:
    """All that a fleet sends, looked at every 10 ms."""
    fleet = Fleet(behaviour, 0)
    return [e for now in range(0, seconds * SECOND, SECOND // 100) for e in fleet.advance(now)]


def test_the_template_message_is_that_of_a_real_client() -> None:
    """Octet for octet, with its time and Sequence Number."""
    body = encode.templates(PUBLIC_V3.values())

    assert REAL_TEMPLATES == encode.message(body, 0x58E463CE, 1)


def test_a_flow_with_two_lists_has_the_size_of_a_real_one() -> None:
    """A real DNS flow of ten modules has 720 octets."""
    sent = emissions(Behaviour(endpoints=5, rate=200), 10)
    sizes = [len(e.payload) for e in sent if e.sent and e.sent.value.get("dp") == 53]

    assert 700 < max(sizes) < 780


def test_the_same_seed_gives_the_same_datagrams() -> None:
    """Randomness and time are arguments."""
    behaviour = Behaviour(endpoints=7, rate=300, seed=5)

    assert emissions(behaviour, 5) == emissions(behaviour, 5)


def test_every_record_has_an_identity_of_its_own() -> None:
    """Also when one endpoint talks a lot, and over resent Templates and interface changes."""
    sent = [e.sent for e in emissions(Behaviour(endpoints=2, rate=1500, resend_seconds=3), 12)]
    names = Counter(each.identity for each in sent if each)

    assert (1, True) == (max(names.values()), len(names) > 15_000)


def test_the_rate_is_that_of_all_endpoints_together() -> None:
    """Flow records only."""
    sent = emissions(Behaviour(endpoints=20, rate=500), 10)

    assert 4900 < sum(1 for e in sent if e.sent and e.sent.kind == "flow") <= 5000


def test_what_is_generated_is_manifold() -> None:
    """Users, programs, v4 and v6, DNS and HTTPS, flows that start, go on and end."""
    values = [e.sent.value for e in emissions(Behaviour(rate=500), 20) if e.sent]
    flows = [value for value in values if "fss" in value]
    reports = Counter((value["udid"], value["sp"]) for value in flows)

    assert len({value["liuid"] for value in flows}) >= 8
    assert len({value["pn"] for value in flows}) >= 7
    assert {53, 443} == {value["dp"] for value in flows}
    assert any("sa6" in value for value in flows)
    assert max(reports.values()) >= 3
    assert len({value["SSID"] for value in values if "SSID" in value}) >= 2


def test_the_counters_of_a_flow_are_cumulative() -> None:
    """A periodic or last record repeats the totals so far."""
    flows: dict[tuple[str, int], list[int]] = {}
    for emission in emissions(Behaviour(endpoints=3, rate=200), 20):
        value = emission.sent.value if emission.sent else {}
        if "fss" in value:
            flows.setdefault((value["udid"], value["sp"]), []).append(value["obc"])

    assert all(octets == sorted(set(octets)) for octets in flows.values())


@pytest.mark.parametrize(
    ("templates", "expected"), [("start", (3, 0.0)), ("late", (3, 2.0)), ("never", (0, None))]
)
def test_templates_come_as_asked_for(templates: str, expected: tuple[int, float | None]) -> None:
    """At the start of each endpoint, later, or never; nothing else changes."""
    behaviour = Behaviour(endpoints=3, rate=50, templates=templates, late_seconds=2)
    fleet = Fleet(behaviour, 0)
    times = [
        now / SECOND
        for now in range(0, 5 * SECOND, SECOND // 100)
        for emission in fleet.advance(now)
        if emission.sent is None
    ]

    assert expected == (len(times), pytest.approx(times[0], abs=0.02) if times else None)


def test_sequence_numbers_count_the_records_before() -> None:
    """RFC 7011, 3.1."""
    numbers: dict[int, int] = {}
    for emission in emissions(Behaviour(endpoints=3, rate=100), 5):
        found = int.from_bytes(emission.payload[8:12])
        assert numbers.get(emission.endpoint, 0) == found
        numbers[emission.endpoint] = found + (emission.sent is not None)


def test_the_other_layout_has_the_same_ids_and_no_version() -> None:
    """A client of another version under the same Template IDs."""
    assert set(PUBLIC_V3) == set(BRIEF)
    for template_id, layout in BRIEF.items():
        assert layout.fields != PUBLIC_V3[template_id].fields
    sent = emissions(Behaviour(endpoints=1, rate=20, layout="brief"), 3)
    assert not any("fv" in e.sent.value for e in sent if e.sent)


def test_a_user_without_authority_has_a_principal_only() -> None:
    """And one that the client hides is not split."""
    fields = {field.key for field in LAYOUTS["v3"][267].fields}
    value = dict.fromkeys(fields, 0) | {"liuid": "finn", "pa": "-", "mnl": [], "mhl": []}
    shown = published(PUBLIC_V3[267], value)

    assert ("finn", None) == (shown.get("liuidp"), shown.get("liuida"))
    assert not {"paa", "pap"} & set(shown)


def test_the_digest_knows_the_order_of_keys() -> None:
    """Wire order is part of the contract."""
    assert digest({"a": 1, "b": 2}) != digest({"b": 2, "a": 1})
    assert identity({"udid": "U", "osv": "1"}) == "U/1"
