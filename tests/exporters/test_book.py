"""The book of a partition's exporters: who is in it, when its record is due, what it survives."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import orjson
import pytest

from envizzy.exporters.check import judge
from envizzy.generator.fleet import Behaviour
from envizzy.generator.fleet import Fleet as Endpoints
from envizzy.generator.routers.configuration import configured
from envizzy.generator.routers.network import Network, NetworkBehaviour
from envizzy.generator.routers.profiles import BROKEN, Profile, profile_of
from envizzy.generator.routers.router import Datagram as Sent
from envizzy.generator.routers.router import Router
from schemas.addresses import exporter_octets
from schemas.datagram import Datagram, Transport
from schemas.exporter_records import EXPORTER_FIELDS
from streams.agents.context import make_context
from streams.exporters import book as book_module
from streams.exporters.book import COUNTS_NS, FORGET_NS, REFRESH_NS, Book, Published
from streams.interpret.router import RouterSettings
from streams.pipeline.context import Context
from streams.pipeline.step import step
from streams.settings import StreamsSettings
from streams.state.layouts import Fleet
from streams.state.limits import HOUR_NS, SECOND_NS
from streams.state.partition import PartitionState

START_NS = 1_790_000_000_000_000_000
START_MS = START_NS // 1_000_000
RAW = "0badcafe-0003-"
DELAY_NS = 5_000_000
"""From the router to us."""


class Partition:
    """One partition of ``raw`` with its state and its book."""

    def __init__(
        self, base: str = "flag", known: Sequence[Mapping[str, Any]] = (), raw: str = RAW
    ) -> None:
        made = make_context(StreamsSettings())
        self.context = Context(
            made.registry,
            made.keys,
            router_settings=RouterSettings(base_information=base),  # type: ignore[arg-type]
        )
        self.state = PartitionState(self.context.state_limits)
        self.book = Book(raw, known)
        self.offset = 0
        self.published: dict[str, list[Published]] = {}
        self.values: list[dict[str, Any]] = []

    def feed(self, payload: bytes, exporter: str, at_ns: int, port: int = 4000) -> None:
        """One event with one datagram."""
        self.offset += 1
        address = exporter_octets(exporter)
        datagram = Datagram(at_ns, address, port, 2055, Transport.UDP, None, payload)
        prefix = f"{RAW}{self.offset:012x}-0000"
        outcome = step(datagram, prefix, self.state, Fleet(), at_ns, self.context)
        self.state.apply(outcome.changes, outcome.notes)
        self.values += [dict(each.value) for each in outcome.records]
        self.book.observe(datagram, outcome, self.offset)
        self.tick(at_ns)

    def tick(self, now_ns: int) -> None:
        """Time passes."""
        for each in self.book.due(self.state, now_ns, self.context):
            self.published.setdefault(each.address, []).append(each)

    def newest(self, exporter: str) -> dict[str, Any]:
        """The last record of an exporter."""
        value = self.published[exporter][-1].value
        assert value is not None
        return value


def network(partition: Partition, routers: int = 7, seconds: int = 30) -> None:
    """Routers export for a while, each from an address of its own."""
    sending = Network(NetworkBehaviour(routers, 100), START_NS)
    for look in range(seconds * 10):
        now_ns = START_NS + look * 100_000_000
        for each in sending.advance(now_ns):
            partition.feed(each.payload, address(each.router), now_ns + DELAY_NS, 4000 + each.port)
        partition.tick(now_ns + DELAY_NS)


def address(router: int) -> str:
    """Of a router."""
    return f"192.0.2.{router + 1}"


@pytest.fixture(scope="module")
def seen() -> Partition:
    """Half a minute of one router of each kind."""
    partition = Partition()
    network(partition)
    return partition


def test_each_router_has_a_record_with_all_keys(seen: Partition) -> None:
    """In the order of the contract."""
    assert {address(router) for router in range(7)} == set(seen.published)
    keys = [field.key for field in EXPORTER_FIELDS]
    for records in seen.published.values():
        for each in records:
            assert each.value is not None
            assert keys == list(each.value)
            assert each.value == orjson.loads(orjson.dumps(each.value))


def test_it_says_what_a_router_sends(seen: Partition) -> None:
    """Protocol, domain, sampling, interface names, templates."""
    v9, ipfix, v5 = (seen.newest(address(router)) for router in range(3))

    assert [["NETFLOW_V9"], ["IPFIX"], ["NETFLOW_V5"]] == [
        each["protocols"] for each in (v9, ipfix, v5)
    ]
    assert [[1], [2], [3]] == [each["domains"] for each in (v9, ipfix, v5)]
    assert [[], [1000], [100]] == [each["sampling_rates"] for each in (v9, ipfix, v5)]
    assert [4, 4, 0] == [each["interface_names"] for each in (v9, ipfix, v5)]
    assert [(256, [4]), (257, [6])] == [
        (each["template_id"], each["ip_versions"]) for each in v9["templates"]
    ]
    assert [[], []] == [each["lacks"] for each in v9["templates"]]
    assert START_NS + DELAY_NS == v9["first_seen_ns"]
    assert 60_000 == v9["longest_duration_ms"]
    assert 0 <= v9["clock_offset_ms"] <= 1_005
    assert 5 == v5["clock_offset_ms"]


@pytest.mark.parametrize("router", [0, 1, 2, 4, 5, 6])
def test_complete_routers_are_judged_so(seen: Partition, router: int) -> None:
    """No finding at all."""
    verdict = judge(seen.newest(address(router)), START_NS + 30 * SECOND_NS)

    assert (True, ()) == (verdict.complete, verdict.findings)


def test_records_are_counted_by_outcome(seen: Partition) -> None:
    """As many flows as were published; what is flagged beside them."""
    broken = seen.newest(address(3))["records"]
    own = [each for each in seen.values if each["sampler_address"] == address(3)]

    assert 0 < broken["netflow_records"] <= len(own)
    assert broken["netflow_records"] == broken["incomplete_records"]
    assert broken["long_duration_records"] > 0


def test_the_broken_router_is_told_what_lacks_and_the_lines_put_it_right(seen: Partition) -> None:
    """The lines that are printed, added to its configuration, make its flows accepted.

    Under ``require`` nothing of it was published before; all of it is afterwards, and the verdict
    is that it is complete.
    """
    verdict = judge(seen.newest(address(3)), START_NS + 30 * SECOND_NS)
    assert {
        "match ipv4 tos",
        "collect interface output",
        "collect counter bytes long",
        "collect counter packets long",
        "cache timeout active 60",
    } == set(verdict.lines)

    before, after = Partition("require"), Partition("require")
    flows = [export(before, BROKEN), export(after, _with(BROKEN, verdict.lines))]
    assert 0 == len(before.values) < flows[0]
    assert flows[1] == len(after.values) > 100
    assert not any("missing" in each or "flags" in each for each in after.values)

    end_ns = START_NS + 130 * SECOND_NS
    assert verdict.lines == judge(before.newest(address(3)), end_ns).lines
    assert (True, ()) == judge(after.newest(address(3)), end_ns)[1:5:2]


def export(partition: Partition, profile: Profile) -> int:
    """A router of a kind exports for two minutes.

    Returns:
        How many flows it sent.
    """
    router, flows = Router(3, 1, profile, START_MS), 0
    for look in range(1300):
        now_ms = START_MS + look * 100
        sent: list[Sent] = [*router.refresh(now_ms), *router.due(now_ms, 400), *router.add(now_ms)]
        for each in sent:
            partition.feed(each.payload, address(3), now_ms * 1_000_000 + DELAY_NS)
            flows += len(each.sent)
    return flows


def _with(profile: Profile, lines: Sequence[str]) -> Profile:
    """The same router with more lines in its configuration."""
    added = (*profile.lines, *lines)
    configured(added)
    return Profile(profile.name, profile.version, added, uptime=profile.uptime)


def test_no_exporter_has_two_records_within_some_seconds(seen: Partition) -> None:
    """And an exporter of which nothing new is to be said has one a minute."""
    for records in seen.published.values():
        times = [each.at_ns for each in records]
        assert all(after - before >= REFRESH_NS for before, after in pairwise(times))
    assert len(seen.published[address(5)]) <= 3


def test_counts_are_told_when_a_minute_is_over() -> None:
    """Also where the exporter has fallen silent: its last record is not behind for ever."""
    partition = Partition()
    network(partition, 1, 20)
    before = partition.newest(address(0))["datagrams"]
    for second in range(20, 90):
        partition.tick(START_NS + second * SECOND_NS)

    assert before < partition.newest(address(0))["datagrams"] == partition.offset
    count = len(partition.published[address(0)])
    partition.tick(START_NS + 90 * SECOND_NS + COUNTS_NS)
    assert count == len(partition.published[address(0)])


def test_it_goes_on_after_a_restart() -> None:
    """First seen, counts and what was longest are read back; a replay counts nothing twice."""
    partition = Partition()
    network(partition, 4, 20)
    partition.tick(START_NS + 100 * SECOND_NS)
    known = [partition.newest(address(router)) for router in range(4)]

    again = Partition(known=known)
    again.state = partition.state
    network(again, 4, 20)
    again.tick(START_NS + 200 * SECOND_NS)
    assert {} == again.published

    again.offset = partition.offset
    later_ns = START_NS + 210 * SECOND_NS
    payload = next(each.payload for each in _v5(later_ns))
    again.feed(payload, address(2), later_ns)
    again.tick(later_ns + REFRESH_NS)
    value = again.newest(address(2))
    assert known[2]["first_seen_ns"] == value["first_seen_ns"]
    assert known[2]["datagrams"] + 1 == value["datagrams"]
    assert known[2]["longest_duration_ms"] == value["longest_duration_ms"]


def _v5(at_ns: int) -> list[Sent]:
    """One datagram of a v5 router."""
    router = Router(2, 9, profile_of(2), at_ns // 1_000_000)
    return [*router.add(at_ns // 1_000_000), *router.flush(at_ns // 1_000_000)]


def test_what_was_put_right_is_forgotten() -> None:
    """What is said of lately is of the last hour at most."""
    partition = Partition()
    network(partition, 4, 20)
    known = partition.newest(address(3))
    assert known["missing"]
    assert known["longest_duration_ms"] > 60_000
    whole = export_again(partition, START_NS + 2 * HOUR_NS)

    assert {} == whole["missing"]
    assert whole["longest_duration_ms"] <= 60_000
    assert [[]] == [each["lacks"] for each in whole["templates"]]


def export_again(partition: Partition, start_ns: int) -> dict[str, Any]:
    """The broken router, mended, some time later; with a new Template under the same id."""
    mended = _with(
        BROKEN, ("match ipv4 tos", "collect interface output", "cache timeout active 60")
    )
    router = Router(3, 2, mended, start_ns // 1_000_000)
    for look in range(200):
        now_ms = start_ns // 1_000_000 + look * 100
        sent = [*router.refresh(now_ms), *router.due(now_ms, 400), *router.add(now_ms)]
        for each in sent:
            partition.feed(each.payload, address(3), now_ms * 1_000_000 + DELAY_NS)
    return partition.newest(address(3))


def test_silence_is_remembered() -> None:
    """The longest time between two datagrams."""
    partition = Partition()
    network(partition, 1, 10)
    last_ns = partition.book._exporters[exporter_octets(address(0))].last_seen_ns
    router = Router(0, 5, BROKEN, START_MS)
    later_ns = last_ns + 300 * SECOND_NS
    partition.feed(next(router.refresh(later_ns // 1_000_000)).payload, address(0), later_ns)
    partition.tick(later_ns + REFRESH_NS)

    assert 300_000 == partition.newest(address(0))["longest_silence_ms"]


def test_an_exporter_that_is_gone_is_removed() -> None:
    """After a month; its record becomes a tombstone."""
    partition = Partition()
    network(partition, 1, 10)
    partition.tick(START_NS + FORGET_NS + 2 * HOUR_NS)

    assert partition.published[address(0)][-1].value is None
    assert 0 == len(partition.book)


def test_the_number_of_exporters_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest silent gives way, and its record is removed."""
    monkeypatch.setattr(book_module, "MOST_EXPORTERS", 3)
    partition = Partition()
    network(partition, 4, 3)

    assert 3 == len(partition.book)
    removed = [
        each.address for all_ in partition.published.values() for each in all_ if each.value is None
    ]
    assert removed


def test_endpoints_have_no_record() -> None:
    """Messages of nvzFlow, with and without their Template, make no exporter."""
    partition = Partition()
    for payload in nvzflow():
        partition.feed(payload, "192.0.2.200", START_NS)
    partition.tick(START_NS + 10 * SECOND_NS)

    assert (0, {}) == (len(partition.book), partition.published)


def nvzflow() -> list[bytes]:
    """What a generated endpoint sends in its first seconds."""
    endpoints = Endpoints(Behaviour(endpoints=1, rate=20), START_NS)
    return [
        each.payload
        for look in range(20)
        for each in endpoints.advance(START_NS + look * 100_000_000)
    ]
