"""Syslog over UDP, TCP and TLS: the contract, frames, breaks, datagrams that are too long."""

import contextlib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import orjson
import pytest

from schemas.subscriber import DELIVERED, Event, MisconfiguredError, UnavailableError
from streams.subscribers.contract import ContractContext, SubscriberContract, make_events, marks
from streams.subscribers.make import line_writer
from streams.subscribers.settings import SyslogSettings
from streams.subscribers.syslog import SyslogSubscriber
from tests.brokers import free_port
from tests.certificates import make_certificate
from tests.subscribers.deployment import until
from tests.subscribers.receivers import LineReceiver, UdpReceiver

BASE = {"timeout_seconds": 60, "resend_seconds": 3600}
"""The clock of a contract test runs ahead of a busy machine's."""


def make(context: ContractContext | None = None, **values: object) -> SyslogSubscriber:
    """A subscriber with settings of the test's own."""
    settings = SyslogSettings.model_validate(
        {"type": "syslog", "host": "127.0.0.1", "hostname": "collector", **values}
    )
    return SyslogSubscriber(settings, context or ContractContext(), line_writer(settings))


class NotALine(SubscriberContract):
    """What all syslog transports refuse."""

    can_refuse = True

    def refusable(self, event: Event) -> Event:
        """A value of which no line can be made."""
        return event._replace(value=b"{")


class TestUdpContract(NotALine):
    """Nobody knows whether a datagram arrives."""

    can_be_away = False

    @pytest.fixture(autouse=True)
    def _receiver(self) -> Iterator[None]:
        with contextlib.closing(UdpReceiver()) as self.receiver:
            yield

    def make(self, context: ContractContext) -> SyslogSubscriber:
        """To the receiver's port."""
        return make(context, flow_port=self.receiver.port)

    def received(self) -> Sequence[bytes]:
        """The datagrams."""
        return self.receiver.received()


class TestTcpContract(NotALine):
    """Octet counting."""

    values: Mapping[str, object] = {"transport": "tcp"}

    @pytest.fixture(autouse=True)
    def _receiver(self) -> Iterator[None]:
        self.receiver = LineReceiver(str(self.values.get("framing", "octets")))
        yield
        self.receiver.stop()

    def make(self, context: ContractContext) -> SyslogSubscriber:
        """To the receiver's port."""
        return make(context, flow_port=self.receiver.port, **{**BASE, **self.values})

    def received(self) -> Sequence[bytes]:
        """All lines of all connections."""
        return self.receiver.lines

    def away(self) -> None:
        """Its process is gone."""
        self.receiver.stop()

    def back(self) -> None:
        """It listens again."""
        self.receiver.start()


class TestNewlineContract(TestTcpContract):
    """Line ends as frames."""

    values: Mapping[str, object] = {"transport": "tcp", "framing": "newline"}


class TestTlsContract(TestTcpContract):
    """Octet counting inside TLS, with an authority of the site's own."""

    @pytest.fixture(autouse=True)
    def _receiver(self, tmp_path: Path) -> Iterator[None]:
        certificate, key = make_certificate(tmp_path)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self.values = {"transport": "tls", "tls_ca_file": certificate}
        self.receiver = LineReceiver("octets", tls)
        yield
        self.receiver.stop()


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    """Nothing is sent; the reason is said."""
    certificate, key = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    receiver = LineReceiver("octets", tls)
    subscriber = make(transport="tls", flow_port=receiver.port)
    with pytest.raises(UnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
        subscriber.deliver(make_events(1))
    receiver.stop()

    assert [] == receiver.lines


def test_a_file_that_is_no_certificate_is_a_wrong_setting(tmp_path: Path) -> None:
    """Told at start, with its name."""
    file = tmp_path / "ca.pem"
    file.write_text("no PEM")
    with pytest.raises(MisconfiguredError, match=r"TLS files \(.*ca\.pem\)"):
        make(transport="tls", tls_ca_file=file)


def test_each_kind_goes_to_its_port() -> None:
    """As the original: flow, endpoint, interface."""
    topics = ("flow", "endpoint", "interface")
    events = [make_events(1, first=i, topic=topic)[0] for i, topic in enumerate(topics)]
    with contextlib.ExitStack() as stack:
        receivers = [stack.enter_context(contextlib.closing(UdpReceiver())) for _ in topics]
        flow, endpoint, interface = (each.port for each in receivers)
        subscriber = make(flow_port=flow, endpoint_port=endpoint, interface_port=interface)
        subscriber.deliver(events)
        subscriber.close()
        for event, receiver in zip(events, receivers, strict=True):
            assert marks([event.value or b""]) == marks(receiver.received())


def test_nobody_listening_on_udp_is_no_failure() -> None:
    """As with the original: what is sent is gone, and the next line is sent as well."""
    subscriber = make(flow_port=free_port())
    for _ in range(3):
        assert [DELIVERED] * 2 == subscriber.deliver(make_events(2))
    subscriber.close()


def test_a_host_that_is_not_known_is_away() -> None:
    """It is tried again, and looked up again."""
    for transport in ("udp", "tcp"):
        subscriber = make(host="nowhere.invalid", transport=transport)
        with pytest.raises(UnavailableError, match=rf"{transport} nowhere.invalid:20519: "):
            subscriber.deliver(make_events(1))


def test_a_line_too_long_for_a_datagram_is_cut_and_counted() -> None:
    """At list items, as many of each list."""
    context = ContractContext()
    value = {"mnl": [f"module{i}.dll" for i in range(2000)], "mhl": ["AB" * 32] * 2000, "pr": 17}
    with contextlib.closing(UdpReceiver()) as receiver:
        subscriber = make(context, flow_port=receiver.port)
        subscriber.deliver([make_events(1)[0]._replace(value=orjson.dumps(value))])
        subscriber.close()
        (line,) = receiver.received()

    assert 65_400 < len(line) <= 65_507
    assert line.endswith(b'ABAB " pr="17"')
    assert line.count(b".dll ") == line.count(b"AB" * 32 + b" ") == 829
    assert 1 == context.counts["cut_records"]


@pytest.mark.parametrize(
    ("seconds", "octets", "resent"), [(1, 1 << 20, 3), (9, 1 << 20, 0), (1, 0, 0)]
)
def test_what_was_sent_shortly_before_a_break_goes_again(
    seconds: float, octets: int, resent: int
) -> None:
    """The peer's system had it, its process perhaps not."""
    receiver = LineReceiver("octets")
    context = ContractContext()
    subscriber = make(context, transport="tcp", flow_port=receiver.port, resend_octets=octets)
    subscriber.deliver(make_events(3))
    receiver.stop()
    receiver.start()
    context.time += seconds
    subscriber.deliver(make_events(1, first=3))
    subscriber.close()

    wanted = marks([e.value or b"" for e in make_events(4)])
    until(lambda: wanted[-1] in marks(receiver.lines), "the last line", 20)
    receiver.stop()
    assert wanted[3 - resent :] == marks(receiver.lines)[-1 - resent :]
    assert resent == context.counts.get("resent_records", 0)
    assert 2 == context.counts["connections"]


@pytest.mark.parametrize("noticed", ["by a delivery", "while idle"])
def test_a_long_outage_takes_nothing_from_what_goes_again(noticed: str) -> None:
    """What counts is how long before the break it was sent, not how long before the return."""
    receiver = LineReceiver("octets")
    context = ContractContext()
    subscriber = make(context, transport="tcp", flow_port=receiver.port, resend_seconds=5)
    subscriber.deliver(make_events(3))
    receiver.stop()
    more = make_events(1, first=3)
    context.time += 1
    if noticed == "while idle":
        subscriber.tick()
    else:
        with pytest.raises(UnavailableError):
            subscriber.deliver(more)
    context.time += 3600
    with pytest.raises(UnavailableError):
        subscriber.deliver(more)
    receiver.start()
    subscriber.deliver(more)
    subscriber.close()

    wanted = marks([e.value or b"" for e in make_events(4)])
    until(lambda: wanted[-1] in marks(receiver.lines), "the last line", 20)
    receiver.stop()
    assert wanted == marks(receiver.lines)[-4:]
    assert 3 == context.counts["resent_records"]


def test_rfc5424_needs_a_priority() -> None:
    """Told with the settings."""
    with pytest.raises(ValueError, match="needs a priority"):
        make(header="rfc5424", priority="none")
