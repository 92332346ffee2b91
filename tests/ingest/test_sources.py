"""Sources: octets, partition, lists, hidden sources."""

import pytest

from ingest import sources as module
from ingest.sources import DENIED, HOUR_NS, Sources
from schemas.addresses import exporter_octets, raw_partition
from schemas.raw_batch import encode_source


def _sources(allow: tuple[str, ...] = (), deny: tuple[str, ...] = (), sessions: int = 0) -> Sources:
    return Sources(32, allow, deny, sessions)


def test_source_has_the_partition_of_its_address() -> None:
    """All ports of an address share the partition; the port stands in what is encoded."""
    sources = _sources()
    one, two = sources.learn(("192.0.2.1", 5), 2055), sources.learn(("192.0.2.1", 6), 2055)

    address = exporter_octets("192.0.2.1")
    assert raw_partition(address, 32) == one.partition == two.partition
    assert encode_source(address, 5, 2055, 0, None) == one.encoded
    assert one is sources.known(2055)[("192.0.2.1", 5)]
    assert {} == sources.known(4739)


def test_zone_of_a_link_local_address_is_no_part_of_it() -> None:
    """The kernel's interface name does not change the partition."""
    source = _sources().learn(("fe80::1%eth0", 5, 0, 2), 2055)

    assert source.encoded.startswith(exporter_octets("fe80::1"))


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("10.1.0.1", False),
        ("10.2.0.1", True),
        ("192.0.2.1", True),
        ("2001:db8::1", False),
        ("2001:db9::1", True),
    ],
)
def test_lists_refuse_what_they_say(address: str, refused: bool) -> None:
    """Deny wins within allow; both families stand in one list."""
    sources = _sources(("10.0.0.0/8", "2001:db8::/32"), ("10.2.0.0/16",))

    assert refused == (sources.learn((address, 1), 2055).partition == DENIED)


def test_no_list_refuses_nothing() -> None:
    """Without lists everybody may send."""
    assert DENIED != _sources().learn(("203.0.113.9", 1), 2055).partition


def test_many_sessions_of_an_address_are_told_once_an_hour() -> None:
    """The session over the limit names the address, once; an hour later it counts anew."""
    sources = _sources(sessions=3)
    sources.pass_time(0)
    for port in range(10):
        sources.learn(("192.0.2.1", port + 1), 2055)
        sources.learn((f"192.0.2.{port + 2}", 1), 2055)
    assert ["192.0.2.1"] == sources.hidden

    sources.hidden.clear()
    sources.pass_time(HOUR_NS - 1)
    assert 20 == sources.count
    sources.pass_time(HOUR_NS)
    assert 0 == sources.count
    for port in range(4):
        sources.learn(("192.0.2.1", port + 1), 2055)
    assert ["192.0.2.1"] == sources.hidden


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the bound all sessions are forgotten and found again."""
    monkeypatch.setattr(module, "MAX_SESSIONS", 5)
    sources = _sources()
    known = sources.known(2055)
    for port in range(12):
        sources.learn(("192.0.2.1", port + 1), 2055)

    assert 2 == sources.count == len(known)
