"""Opening sockets, on loopback."""

import errno
import socket
from collections.abc import Iterator

import pytest
import structlog

from ingest.settings import PORTS, Address, IngestSettings, parse_address
from ingest.sockets import ListenError, Opened, open_sockets
from service.logs import logger

LOG = logger("test")
BUFFER = 65_536


@pytest.fixture
def taken() -> Iterator[int]:
    """A UDP port of 127.0.0.1 that somebody else has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        yield other.getsockname()[1]


def _close(opened: list[list[Opened]]) -> None:
    for own in opened:
        for each in own:
            each.socket.close()


def test_default_is_the_ports_of_flow_exporters_in_both_families() -> None:
    """NetFlow and nvzFlow 2055, IPFIX 4739, and the two others that collectors made common."""
    expected = [
        Address(host, port) for port in (2055, 4739, 9555, 9995) for host in ("0.0.0.0", "::")
    ]
    assert expected == list(IngestSettings().addresses())


@pytest.mark.parametrize("processes", [1, 3])
def test_port_in_use_names_address_and_owner(taken: int, processes: int) -> None:
    """One line: address, port, how to find who has it; also where processes would share it."""
    with pytest.raises(ListenError) as caught:
        open_sockets([Address("127.0.0.1", taken)], processes, BUFFER, LOG)

    expected = (
        f"cannot listen on 127.0.0.1:{taken} (UDP): port in use; "
        f"find the owner with 'ss -ulpn sport = :{taken}', or change ingest.listen"
    )
    assert expected == str(caught.value)


def test_second_ingest_does_not_take_a_share_silently() -> None:
    """Sockets with SO_REUSEPORT of the same user are found to be in the way."""
    first = open_sockets([Address("127.0.0.1", 0)], 2, BUFFER, LOG)
    with pytest.raises(ListenError, match="port in use"):
        open_sockets([Address("127.0.0.1", first[0][0].local_port)], 2, BUFFER, LOG)
    _close(first)


def test_address_of_another_host_is_explained() -> None:
    """The remedy is to look at one's addresses."""
    with pytest.raises(ListenError, match="it is no address of this host"):
        open_sockets([Address("192.0.2.1", 2055)], 1, BUFFER, LOG)


def test_processes_share_one_port() -> None:
    """Each process has its own socket; a free port that was asked for is the same for all."""
    opened = open_sockets([Address("127.0.0.1", 0), Address("::1", 0)], 3, BUFFER, LOG)

    assert [2, 2, 2] == [len(own) for own in opened]
    assert 1 == len({own[0].local_port for own in opened})
    assert 6 == len({each.socket.fileno() for own in opened for each in own})
    _close(opened)


def test_both_families_listen_on_one_port() -> None:
    """0.0.0.0 and :: do not exclude each other."""
    opened = open_sockets([Address("0.0.0.0", 0)], 1, BUFFER, LOG)
    port = opened[0][0].local_port
    both = open_sockets([Address("::", port)], 1, BUFFER, LOG)

    assert port == both[0][0].local_port
    _close(opened)
    _close(both)


def _no_ipv6_family(family: int, kind: int) -> socket.socket:
    if family == socket.AF_INET6:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
    return _REAL_SOCKET(family, kind)


class _NoAddress(socket.socket):
    """As with net.ipv6.conf.all.disable_ipv6=1: the family is there, no address is."""

    def bind(self, address: tuple[str, int]) -> None:  # type: ignore[override]
        if self.family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        super().bind(address)


_REAL_SOCKET = socket.socket


@pytest.mark.parametrize("kind", [_no_ipv6_family, _NoAddress])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_host_without_ipv6_is_told_once(
    monkeypatch: pytest.MonkeyPatch, kind: object, processes: int
) -> None:
    """The default lists both families: IPv4 is listened on, one warning names what is not."""
    monkeypatch.setattr("ingest.sockets.socket.socket", kind)
    addresses = [Address(host, 0) for _ in PORTS for host in ("0.0.0.0", "::")]
    with structlog.testing.capture_logs() as lines:
        opened = open_sockets(addresses, processes, BUFFER, structlog.get_logger())

    expected = [("this host has no IPv6, not listening on it", ["[::]:0"] * 4)]
    assert expected == [(line["event"], line["addresses"]) for line in lines]
    assert [4] * processes == [len(own) for own in opened]
    _close(opened)


def test_a_host_without_any_address_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only IPv6 asked for where there is none: nothing would be received."""
    monkeypatch.setattr("ingest.sockets.socket.socket", _no_ipv6_family)
    with pytest.raises(ListenError, match="no address of it can be listened on"):
        open_sockets([Address("::", 0)], 1, BUFFER, LOG)


def test_capped_buffer_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel gives less than was asked for, the line names the sysctl."""
    monkeypatch.setattr("ingest.sockets.SO_RCVBUFFORCE", -1)  # as without CAP_NET_ADMIN
    wanted = 1 << 30
    with structlog.testing.capture_logs() as lines:
        _close(open_sockets([Address("127.0.0.1", 0)], 1, wanted, structlog.get_logger()))

    assert [f"sysctl -w net.core.rmem_max={wanted}"] == [line["remedy"] for line in lines]


def test_kernel_drops_are_counted_over_the_wrap() -> None:
    """The kernel's counter has 32 bits, ours has not."""
    opened = Opened(_FakeSocket(), 1)  # type: ignore[arg-type] # only getsockopt is asked

    assert [5, 2**32 - 1, 2**32 + 3] == [
        opened.read_drops() for _FakeSocket.drops in (5, 2**32 - 1, 3)
    ]


def test_kernel_drops_of_a_real_socket() -> None:
    """A full buffer shows in the counter."""
    opened = open_sockets([Address("127.0.0.1", 0)], 1, BUFFER, LOG)
    own = opened[0][0]
    assert 0 == own.read_drops()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(1000):
            sender.sendto(bytes(1000), ("127.0.0.1", own.local_port))

    assert 500 < own.read_drops() < 1000
    _close(opened)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0.0.0:2055", Address("0.0.0.0", 2055)),
        ("[::]:2055", Address("::", 2055)),
        ("[fe80::1%eth0]:1", Address("fe80::1%eth0", 1)),
    ],
)
def test_addresses_are_read_and_written_alike(text: str, expected: Address) -> None:
    """An IPv6 address stands in brackets."""
    assert expected == parse_address(text)
    assert text == str(expected)


@pytest.mark.parametrize(
    "text", ["2055", "::1:2055", "[1.2.3.4]:1", "host:1", "1.2.3.4:", "1.2.3.4:65536"]
)
def test_other_addresses_are_refused(text: str) -> None:
    """The message shows the accepted form."""
    with pytest.raises(ValueError, match="accepted: ADDRESS:PORT"):
        parse_address(text)


class _FakeSocket:
    drops = 0

    def getsockopt(self, *_: int) -> bytes:
        return bytes(32) + self.drops.to_bytes(4, "little")
