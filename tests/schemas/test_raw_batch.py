"""fastavro is the check of the octets that are written and read by hand."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import avro
from schemas.datagram import Datagram, RawBatch, Transport
from schemas.raw_batch import HEADER, RawBatchError, decode, encode_datagram, seal

LONG = st.integers(-(2**63), 2**63 - 1)
TIME = st.one_of(LONG, st.integers(1_600_000_000 * 10**9, 1_900_000_000 * 10**9))
PORT = st.integers(0, 65535)
DATAGRAMS = st.lists(
    st.builds(
        Datagram,
        TIME,
        st.binary(min_size=16, max_size=16),
        PORT,
        PORT,
        st.sampled_from([int(item) for item in Transport]),
        st.none() | st.text(max_size=20),
        st.binary(max_size=200),
    ),
    max_size=6,
)

ONE = Datagram(
    1_791_000_000_123_456_789, bytes(10) + b"\xff\xff\xc0\x00\x02\x07", 49152, 2055, 0, None, b"abc"
)


def _plain(batch: RawBatch) -> dict[str, Any]:
    return {
        "sealed_at_ns": batch.sealed_at_ns,
        "datagrams": [
            {**item._asdict(), "transport": Transport(item.transport).name}
            for item in batch.datagrams
        ],
    }


def _sealed(batch: RawBatch) -> bytes:
    return seal(batch.sealed_at_ns, [encode_datagram(*item) for item in batch.datagrams])


def test_the_header_is_the_schemas_fingerprint() -> None:
    """The constant in the code names the schema in the file."""
    assert avro.MARKER + avro.fingerprint("raw_batch") == HEADER


@example(0, [Datagram(0, bytes(16), 0, 0, 0, None, b"")])
@given(TIME, DATAGRAMS)
def test_fastavro_reads_what_is_written_by_hand(sealed_at_ns: int, items: list[Datagram]) -> None:
    """Any batch comes back, by fastavro and by hand."""
    batch = RawBatch(sealed_at_ns, items)
    value = _sealed(batch)

    assert ("raw_batch", _plain(batch)) == avro.decode(value)
    assert batch == decode(value)


@given(TIME, DATAGRAMS)
def test_the_octets_are_fastavros(sealed_at_ns: int, items: list[Datagram]) -> None:
    """What is written by hand is octet for octet what fastavro writes."""
    batch = RawBatch(sealed_at_ns, items)

    assert avro.encode("raw_batch", _plain(batch)) == _sealed(batch)


def test_a_tick_has_no_datagrams() -> None:
    """An empty batch lets time pass."""
    assert RawBatch(1_791_000_000_000_000_000, []) == decode(seal(1_791_000_000_000_000_000, []))


def test_blocks_with_a_negative_count_are_read() -> None:
    """Another Avro writer may put the octets of a block behind a negative count."""
    item = encode_datagram(*ONE)
    # header | sealed at 0 | count -1 | octets of the block | item | count 0
    size = bytes((len(item) * 2 & 0x7F | 0x80, len(item) * 2 >> 7))
    value = HEADER + b"\x00" + b"\x01" + size + item + b"\x00"

    assert RawBatch(0, [ONE]) == decode(value)
    assert _plain(RawBatch(0, [ONE])) == avro.decode(value)[1]


def test_every_truncation_is_refused() -> None:
    """A value cut anywhere is an error, never fewer datagrams."""
    value = seal(1, [encode_datagram(*ONE), encode_datagram(*ONE._replace(identity="peer"))])

    for length in range(len(value)):
        with pytest.raises(RawBatchError):
            decode(value[:length])


def test_octets_behind_the_end_are_refused() -> None:
    """What follows the end of the array is no batch's."""
    with pytest.raises(RawBatchError, match="1 octets behind"):
        decode(seal(1, [encode_datagram(*ONE)]) + b"\x00")


def test_an_unknown_schema_is_named() -> None:
    """A newer ingest's value says which schema it has."""
    with pytest.raises(RawBatchError, match="0102030405060708"):
        decode(b"\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00")


@given(st.binary(max_size=120))
def test_arbitrary_octets_raise_nothing_else(octets: bytes) -> None:
    """Whatever stands in raw, the result is a batch or RawBatchError."""
    for value in (octets, HEADER + octets, HEADER + b"\x00\x04" + octets):
        try:
            decode(value)
        except RawBatchError:
            continue


def test_an_address_has_16_octets() -> None:
    """A short address would shift all that follows."""
    with pytest.raises(RawBatchError, match="4 octets"):
        encode_datagram(1, b"\xc0\x00\x02\x07", 1, 1, 0, None, b"")
