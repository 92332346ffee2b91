"""Simulated routers: what they send, by the standards; the published side is checked end to end."""

import struct
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import pytest

from envizzy.captures import Captured
from envizzy.decode.collector import Collector
from envizzy.decode.model import Kind
from envizzy.generator.routers import expected
from envizzy.generator.routers.configuration import RECORD_LINES, configured
from envizzy.generator.routers.flows import ACTIVE_TIMEOUT, MOST_ROUTERS, Traffic
from envizzy.generator.routers.network import Network, NetworkBehaviour
from envizzy.generator.routers.profiles import BROKEN, PROFILES, WRAP_SECONDS, profile_of
from envizzy.generator.routers.router import DATA_PORT, TEMPLATE_PORT, Datagram
from schemas.elements import load_registry

START_NS = 1_790_000_000_000_000_000
START_MS = START_NS // 1_000_000


@cache
def everything(seconds: int = 20) -> tuple[Datagram, ...]:
    """All that seven routers send, at 20 looks a second."""
    network = Network(NetworkBehaviour(7, 200), START_NS)
    sent = []
    for look in range(seconds * 20):
        sent += network.advance(START_NS + look * 50_000_000)
    return (*sent, *network.finish(START_NS + seconds * 1_000_000_000))


@pytest.mark.parametrize("line", sorted(RECORD_LINES))
def test_a_line_is_a_field_of_the_template(line: str) -> None:
    """Of the IP version that it names, else of both."""
    made = configured(["match ipv6 source address", line])

    assert ("ipv6" not in line) == (RECORD_LINES[line] in made.ipv4)
    assert ("ipv4" not in line) == (RECORD_LINES[line] in made.ipv6)


def test_a_later_line_of_the_same_field_replaces() -> None:
    """``collect counter bytes long`` after ``collect counter bytes``: one counter, of 64 bits."""
    made = configured(["collect counter bytes", "match ipv4 tos", "collect counter bytes long"])

    assert [(1, 8), (5, 1)] == [(field.element_id, field.length) for field in made.ipv4]


def test_the_caches_timeouts_are_configured() -> None:
    """Cisco's defaults are 30 minutes and 15 seconds."""
    assert (1800, 15) == configured([])[2:]
    assert (60, 60) == configured(["cache timeout active 60", "cache timeout inactive 60"])[2:]


def test_a_line_that_no_router_knows_is_refused() -> None:
    """As the router would."""
    with pytest.raises(ValueError, match="Invalid input detected: 'collect everything'"):
        configured(["collect everything"])


def test_the_kinds_of_router_take_turns() -> None:
    """Among the first four are v5, v9, IPFIX and the incomplete one."""
    first = [profile_of(index) for index in range(4)]

    assert {5, 9, 10} == {profile.version for profile in first}
    assert BROKEN in first
    assert profile_of(0) is profile_of(len(PROFILES))


def test_each_sends_its_version_and_only_its_own_flows() -> None:
    """Version word; clients of its own network."""
    for each in everything():
        assert profile_of(each.router).version == int.from_bytes(each.payload[:2])
        assert len(each.payload) <= 1472
    clients = {(each.router, sent.value["src_addr"]) for each in everything() for sent in each.sent}
    assert len(clients) == len({address for _, address in clients})
    assert set(range(7)) == {router for router, _ in clients}


def test_identities_are_read_from_the_value_and_never_repeat() -> None:
    """Also those of the reports of one long flow."""
    identities = [sent.identity for each in everything() for sent in each.sent]

    assert len(identities) == len(set(identities)) > 3500
    for each in everything()[-100:]:
        for sent in each.sent:
            received = {**sent.value, "time_received_ns": 5, "sampler_address": "127.0.0.9"}
            assert sent.identity == expected.identity(received)
            assert expected.comparable(sent.value) == expected.comparable(received)


@pytest.mark.parametrize(
    ("router", "at", "step"),
    [
        (0, slice(12, 16), lambda _: 1),
        (1, slice(8, 12), lambda each: len(each.sent)),
        (2, slice(16, 20), lambda each: len(each.sent)),
    ],
)
def test_sequence_numbers_count_what_the_standard_says(
    router: int, at: slice, step: Callable[[Datagram], int]
) -> None:
    """v9: Export Packets; IPFIX: Data Records of the session; v5: flows."""
    own = [each for each in everything() if each.router == router and each.port == DATA_PORT]
    for before, after in pairwise(own):
        difference = int.from_bytes(after.payload[at]) - int.from_bytes(before.payload[at])
        assert step(before) == difference


def test_templates_come_from_another_port_and_again_after_20_datagrams() -> None:
    """The second router: its data port sends no Template at all."""
    own = [each for each in everything() if each.router == 1]
    ports = Counter((each.port, bool(each.sent)) for each in own)

    assert {(TEMPLATE_PORT, False), (DATA_PORT, True)} == set(ports)
    assert not own[0].sent
    gaps = [0]
    for each in own:
        if each.sent:
            gaps[-1] += 1
        else:
            gaps.append(0)
    assert {20} == set(gaps[1:-1])


def test_uptime_wraps_during_the_run() -> None:
    """The third router's 49th day ends: a flow's First is then greater than sysUpTime."""
    own = [each.payload for each in everything() if each.router == 2]
    uptimes = [struct.unpack_from("!I", payload, 4)[0] for payload in own]

    assert max(uptimes) > (1 << 32) - WRAP_SECONDS * 1000
    assert min(uptimes) < 20_000
    assert any(
        struct.unpack_from("!I", payload, 24 + 24)[0] > struct.unpack_from("!I", payload, 4)[0]
        for payload in own
    )


def test_long_flows_cross_minutes_and_are_reported_at_the_active_timeout() -> None:
    """A minute where it is configured so; three minutes, flagged, where it is not."""
    lasting: dict[int, set[int]] = {0: set(), 3: set()}
    for each in everything():
        for sent in each.sent:
            value = sent.value
            length = value["time_flow_end_ns"] - value["time_flow_start_ns"]
            if each.router in lasting and length >= 10_000_000_000:
                lasting[each.router].add(length // 1_000_000_000)
                assert (length > 60_000_000_000) == ("long_duration" in value.get("flags", ()))

    assert {0: {60}, 3: {180}} == lasting


def test_a_long_flow_goes_on_where_its_last_report_ended() -> None:
    """No packet is counted twice: the next report starts behind the last."""
    traffic = Traffic(0, 1, (1, 2), 60_000)
    traffic.begin(START_MS)
    ends: dict[tuple[object, ...], int] = {}
    again = 0
    for second in range(400):
        for _ in range(10):
            flow = traffic.next(START_MS + second * 1000)
            assert flow.start_ms <= flow.end_ms <= START_MS + second * 1000
            key = (flow.source, flow.source_port, flow.destination)
            if flow.end_reason == ACTIVE_TIMEOUT or key in ends:
                again += key in ends
                assert flow.start_ms > ends.get(key, 0)
                ends[key] = flow.end_ms

    assert again > 20


def test_there_are_networks_for_so_many_routers_only() -> None:
    """The next one would have another's clients."""
    with pytest.raises(ValueError, match=f"router {MOST_ROUTERS}"):
        Traffic(MOST_ROUTERS, 1, (1, 2), 60_000)


def test_the_incomplete_one_lacks_tos_and_output_interface() -> None:
    """And says so of each flow; its counters have 32 bits."""
    fields = {field.element_id: field.length for field in configured(BROKEN.lines).ipv4}

    assert not {5, 14} & set(fields)
    assert (4, 4) == (fields[1], fields[2])
    own = [sent.value for each in everything() if each.router == 3 for sent in each.sent]
    assert {("out_if", "ip_tos")} == {tuple(value["missing"]) for value in own}


@pytest.mark.parametrize("version", [5, 9, 10])
def test_the_decoder_reads_it_as_it_was_meant(version: int) -> None:
    """Templates, options and data of the routers of one version, element by element."""
    collector = Collector(load_registry())
    names = {
        "octetDeltaCount": "bytes",
        "packetDeltaCount": "packets",
        "ingressInterface": "in_if",
        "egressInterface": "out_if",
        "ipClassOfService": "ip_tos",
        "sourceMacAddress": "src_mac",
        "vlanId": "src_vlan",
        "bgpDestinationAsNumber": "dst_as",
    }
    options, compared = Counter[str](), Counter[str]()
    for each in everything():
        if profile_of(each.router).version != version:
            continue
        exporter = bytes(10) + b"\xff\xff\xc0\x00\x02" + bytes((each.router,))
        items = collector.feed(Captured(exporter, each.port, 2055, START_NS, each.payload))
        data = [dict(item.fields or {}) for item in items if item.kind is Kind.DATA]
        for item in items:
            assert item.kind in (Kind.DATA, Kind.OPTIONS, Kind.TEMPLATE)
            options.update(dict(item.fields or {}).keys() if item.kind is Kind.OPTIONS else ())
        assert len(each.sent) == len(data)
        for sent, fields in zip(each.sent, data, strict=True):
            source = fields.get("sourceIPv4Address") or fields["sourceIPv6Address"]
            assert sent.value["src_addr"] == source
            for name in names.keys() & fields.keys():
                compared[name] += 1
                assert sent.value[names[name]] == fields[name]

    told = {
        5: set(),
        9: {"interfaceName", "samplerId", "samplerName", "samplerRandomInterval"},
        10: {"interfaceName", "selectorId", "samplingPacketSpace", "systemInitTimeMilliseconds"},
    }
    assert told[version] <= set(options)
    assert {"octetDeltaCount", "packetDeltaCount", "ingressInterface"} <= set(compared)
