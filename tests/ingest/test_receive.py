"""From real sockets into batches."""

import socket
import time
from collections.abc import Iterator

import pytest

from ingest.batch import Batch, Batcher
from ingest.counts import Count, Row, Table
from ingest.receive import DATAGRAMS_A_TURN, receive
from ingest.settings import Address
from ingest.sockets import Opened, open_sockets
from ingest.sources import Sources
from schemas.addresses import exporter_octets
from schemas.datagram import Datagram
from schemas.raw_batch import decode, seal
from service.logs import logger


@pytest.fixture(params=["127.0.0.1", "::1"])
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    """A listening socket of each family."""
    ((made,),) = open_sockets([Address(request.param, 0)], 1, 1 << 20, logger("test"))
    yield made
    made.socket.close()


@pytest.fixture
def row() -> Row:
    """A process's counts."""
    return Table(1).rows[0]


def _sender(opened: Opened) -> socket.socket:
    made = socket.socket(opened.socket.family, socket.SOCK_DGRAM)
    host = opened.socket.getsockname()[0]
    made.bind((host, 0))
    made.connect((host, opened.local_port))
    return made


def _read(batches: list[Batch]) -> list[Datagram]:
    return [
        datagram
        for batch in batches
        for datagram in decode(seal(batch.sealed_at_ns, batch.items)).datagrams
    ]


def test_datagrams_come_out_as_they_went_in(opened: Opened, row: Row) -> None:
    """Address, ports, transport and octets (none at all, too) are kept, in order."""
    batcher, sources = Batcher(1, 20, 250, 1 << 18, 1000), Sources(1, (), (), 0)
    before = time.time_ns()
    with _sender(opened) as sender:
        port = sender.getsockname()[1]
        for payload in (b"one", b"", b"\x00" * 60_000):
            sender.send(payload)
        taken = receive(opened, batcher, sources, _unexpected, row)
    after = time.time_ns()

    found = _read(batcher.all(time.time_ns()))
    exporter = exporter_octets(opened.socket.getsockname()[0])
    assert 3 == taken == len(found)
    for payload, datagram in zip((b"one", b"", b"\x00" * 60_000), found, strict=True):
        assert (exporter, port, opened.local_port, 0, None, payload) == datagram[1:]
        assert before <= datagram.received_at_ns <= after
    assert (3, 60_003) == (row[Count.DATAGRAMS], row[Count.OCTETS])


def test_the_time_is_the_kernels(opened: Opened, row: Row) -> None:
    """A datagram that waited has the time at which the kernel took it, not that of our reading.

    Linux begins to stamp a while after the first socket asked for it (a work queue enables it);
    until then it stamps at the reading. So several are sent.
    """
    batcher, sources = Batcher(1, 20, 250, 1 << 18, 1000), Sources(1, (), (), 0)
    stamped = False
    with _sender(opened) as sender:
        for _ in range(200):
            before = time.time_ns()
            sender.send(b"one")
            after = time.time_ns()
            time.sleep(0.005)  # so that our own clock gives another time than the kernel's stamp
            assert 1 == receive(opened, batcher, sources, _unexpected, row)
            (datagram,) = _read(batcher.all(time.time_ns()))
            stamped = before <= datagram.received_at_ns <= after
            if stamped:
                break

    assert stamped


def test_turn_is_bounded(opened: Opened, row: Row) -> None:
    """A socket that never runs dry does not keep the others waiting."""
    batcher, sources = Batcher(1, 20, 250, 1 << 18, 1000), Sources(1, (), (), 0)
    with _sender(opened) as sender:
        for _ in range(DATAGRAMS_A_TURN + 10):
            sender.send(b"x")
    turns = [receive(opened, batcher, sources, _unexpected, row) for _ in range(3)]

    assert [DATAGRAMS_A_TURN, 10, 0] == turns
    assert DATAGRAMS_A_TURN + 10 == row[Count.DATAGRAMS]


def test_full_batches_are_sent_on_the_way(opened: Opened, row: Row) -> None:
    """Size is looked at for each datagram, not for each turn."""
    batcher, sources = Batcher(1, 20, 250, 5000, 1000), Sources(1, (), (), 0)
    sent: list[Batch] = []
    with _sender(opened) as sender:
        for _ in range(10):
            sender.send(bytes(1200))
    receive(opened, batcher, sources, sent.append, row)

    assert [5, 5] == [len(batch.items) for batch in sent]


def test_refused_and_oversize_are_counted(opened: Opened, row: Row) -> None:
    """Both are received, counted by reason, and stand in no batch."""
    batcher = Batcher(1, 20, 250, 1 << 18, 1000)
    with _sender(opened) as sender:
        sender.send(bytes(600))
        sender.send(b"short")
        receive(opened, batcher, Sources(1, (), (), 0), _unexpected, row, 512)
        sender.send(b"denied")
        deny = ("127.0.0.0/8", "::1/128")
        receive(opened, batcher, Sources(1, (), deny, 0), _unexpected, row)

    assert [b"short"] == [datagram.payload for datagram in _read(batcher.all(1))]
    assert (3, 1, 1) == (row[Count.DATAGRAMS], row[Count.OVERSIZE], row[Count.DENIED])


def _unexpected(batch: Batch) -> None:
    raise AssertionError(batch)
