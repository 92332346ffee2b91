"""Real exporters, live, to envizzy and to nfcapd at the same time: the same flows and sums."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
import pytest

from envizzy.lab.reader import TopicReader
from tests.brokers import Broker
from tests.e2e import peers
from tests.e2e.deployment import deployed

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PROTOCOLS = {
    "HOPOPT": 0,
    "ICMP": 1,
    "IGMP": 2,
    "TCP": 6,
    "UDP": 17,
    "GRE": 47,
    "ESP": 50,
    "ICMPv6": 58,
    "SCTP": 132,
}
"""Names that the capture's flows have."""

UPTIME_WRAP_MS = 1 << 32
"""Milliseconds: 49.7 days."""

TURNS = 600
"""Of a tenth of a second: patience with the last records."""


class Flow(NamedTuple):
    """What both collectors say of a flow; times in milliseconds since 1970."""

    source: str
    destination: str
    protocol: int
    source_port: int
    destination_port: int
    octets: int
    packets: int
    start: int
    end: int


@dataclass(frozen=True)
class Seen:
    """What came of one exporter.

    Attributes:
        ours: Values of ``netflow``.
        theirs: Objects of ``nfdump -o json``.
        datagrams: That it sent.
    """

    ours: list[dict[str, Any]]
    theirs: list[dict[str, Any]]
    datagrams: int


@pytest.fixture(scope="module")
def seen(tansu: Broker, tmp_path_factory: pytest.TempPathFactory) -> Mapping[peers.Exporter, Seen]:
    """All exporters, one after the other, to one deployment and one nfcapd."""
    peers.require_peers()
    folder = tmp_path_factory.mktemp("peers")
    (folder / "nfcapd").mkdir()
    with deployed(tansu, "peers-", folder) as deployment:
        deployment.ingest()
        deployment.worker()
        nfcapd = peers.Nfcapd(folder / "nfcapd")
        try:
            targets = (deployment.port, nfcapd.port)
            sent = {
                each: peers.export(each, folder / f"{each.name}-{each.version}", targets)
                for each in peers.EXPORTERS
            }
            theirs = nfcapd.flows()
        finally:
            nfcapd.kill()
        topic = deployment.settings.topics.name("netflow")
        reader = TopicReader(deployment.settings.kafka.librdkafka("peers"), [topic])
        ours: list[dict[str, Any]] = []
        for _ in range(TURNS):
            ours += [orjson.loads(message.value() or b"{}") for message in reader.read(0.1)]
            if len(ours) >= len(theirs) and reader.at_end:
                break
        reader.close()
    return {
        each: Seen(
            [flow for flow in ours if flow["sampler_address"] == peers.address_of(each)],
            [flow for flow in theirs if flow["ip4_router"] == peers.address_of(each)],
            sent[each],
        )
        for each in peers.EXPORTERS
    }


@pytest.mark.parametrize("exporter", peers.EXPORTERS, ids=lambda each: f"{each[0]}-{each[1]}")
def test_the_same_flows_as_nfcapd(
    seen: Mapping[peers.Exporter, Seen], exporter: peers.Exporter
) -> None:
    """Flow by flow: addresses, protocol, ports, octets, packets, first and last; and their sums."""
    found = seen[exporter]
    ours = Counter(_within_wrap(_of_ours(flow), exporter) for flow in found.ours)
    theirs = Counter(_within_wrap(_of_theirs(flow, exporter), exporter) for flow in found.theirs)
    figures = {
        name: (
            sum(flows.values()),
            sum(flow.octets * number for flow, number in flows.items()),
            sum(flow.packets * number for flow, number in flows.items()),
        )
        for name, flows in (("envizzy", ours), ("nfdump", theirs))
    }
    print(f"{exporter.name} v{exporter.version}: {found.datagrams} datagrams;")
    print(f"  flows, octets, packets: {figures}")

    assert figures["envizzy"] == figures["nfdump"]
    assert (Counter(), Counter()) == (theirs - ours, ours - theirs)
    assert len(found.theirs) > 150


@pytest.mark.parametrize("version", [9, 10])
def test_icmp_without_icmp_elements_is_flagged_and_not_lost(
    seen: Mapping[peers.Exporter, Seen], version: int
) -> None:
    """Of nfprobe's v9 and IPFIX; the destination port is not believed and stays as it is."""
    found = seen[next(each for each in peers.EXPORTERS if each[:2] == ("nfprobe", version))]
    icmp = [flow for flow in found.ours if flow["proto"] in {"ICMP", "ICMPv6"}]

    assert len(icmp) == sum(flow["proto"] in {1, 58} for flow in found.theirs) > 0
    for flow in icmp:
        assert {"icmp_type", "icmp_code"} <= set(flow["missing"])
        assert "destinationTransportPort" in flow["elements"]


@pytest.mark.parametrize("version", [5, 9, 10])
def test_icmp_type_and_code_are_those_of_nfcapd(
    seen: Mapping[peers.Exporter, Seen], version: int
) -> None:
    """Of softflowd, which sends ICMP elements in v9 and IPFIX."""
    found = seen[next(each for each in peers.EXPORTERS if each[:2] == ("softflowd", version))]
    ours = Counter(
        (flow["src_addr"], flow["icmp_type"], flow["icmp_code"])
        for flow in found.ours
        if flow["proto"] == "ICMP"
    )
    theirs = Counter(
        (flow["src4_addr"], flow["icmp_type"], flow["icmp_code"])
        for flow in found.theirs
        if flow["proto"] == 1
    )

    assert theirs == ours


def _of_ours(flow: Mapping[str, Any]) -> Flow:
    return Flow(
        flow["src_addr"],
        flow["dst_addr"],
        PROTOCOLS[flow["proto"]],
        flow.get("src_port", 0),
        flow.get("dst_port", 0),
        flow["bytes"],
        flow["packets"],
        flow["time_flow_start_ns"] // 1_000_000,
        flow["time_flow_end_ns"] // 1_000_000,
    )


def _of_theirs(flow: Mapping[str, Any], exporter: peers.Exporter) -> Flow:
    times = (_milliseconds(flow["first"]), _milliseconds(flow["last"]))
    # nfdump 1.7.1 prints softflowd's IPFIX flows as if they ended before they began.
    swapped = exporter[:2] == ("softflowd", 10)
    return Flow(
        flow.get("src4_addr") or flow["src6_addr"],
        flow.get("dst4_addr") or flow["dst6_addr"],
        flow["proto"],
        flow.get("src_port", 0),
        flow.get("dst_port", 0),
        flow["in_bytes"],
        flow["in_packets"],
        *(reversed(times) if swapped else times),
    )


def _within_wrap(flow: Flow, exporter: peers.Exporter) -> Flow:
    """The flow; of nfprobe's v5 with its times modulo the wrap of sysUpTime.

    Its sysUpTime is of today, its First and Last are of the capture's year: how often the counter
    has wrapped in between is anybody's guess, and ours is not always nfdump's.
    """
    if exporter[:2] != ("nfprobe", 5):
        return flow
    return flow._replace(start=flow.start % UPTIME_WRAP_MS, end=flow.end % UPTIME_WRAP_MS)


def _milliseconds(text: str) -> int:
    seconds, _, fraction = text.partition(".")
    return int(datetime.fromisoformat(seconds).replace(tzinfo=UTC).timestamp()) * 1000 + int(
        fraction
    )
