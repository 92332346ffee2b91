"""The frame: Message Header and Set Headers."""

import struct

import pytest

from streams.wire import (
    Malformed,
    MalformedMessage,
    MessageHeader,
    SetSpan,
    read_message,
    read_single_set,
)
from tests.wire.octets import a_set, message

# Version 10 | Length 16 | Export Time 2015-11-16T00:00:00Z | Sequence 7 | Domain 1
HEADER = bytes.fromhex("000a 0010 56491c80 00000007 00000001")


def refused(payload: bytes) -> tuple[Malformed, int]:
    with pytest.raises(MalformedMessage) as caught:
        read_message(payload)
    return caught.value.reason, caught.value.offset


@pytest.mark.rfc("7011", "3.1")
def test_header_fields_are_read() -> None:
    """Version, Length, Export Time, Sequence Number, Observation Domain ID, in this order."""
    got = read_message(HEADER)

    assert MessageHeader(10, 16, 0x56491C80, 7, 1) == got.header
    assert ((), 0) == (got.sets, got.trailing)


@pytest.mark.rfc("7011", "9.1")
@pytest.mark.parametrize("length", range(16))
def test_every_truncation_of_the_header_is_refused(length: int) -> None:
    """A payload shorter than the header is malformed at octet 0."""
    assert (Malformed.TRUNCATED, 0) == refused(HEADER[:length])


@pytest.mark.rfc("7011", "9.1")
@pytest.mark.parametrize("version", [0, 6, 8, 11])
def test_another_version_is_refused(version: int) -> None:
    """A reserved Version value is malformed."""
    assert (Malformed.VERSION, 0) == refused(struct.pack(">H", version) + HEADER[2:])


@pytest.mark.rfc("7011", "9.1")
@pytest.mark.parametrize("length", [0, 15, 17, 65535])
def test_message_length_that_cannot_be_is_refused(length: int) -> None:
    """Length below the header or above the payload is malformed at the Length field."""
    assert (Malformed.MESSAGE_LENGTH, 2) == refused(
        HEADER[:2] + struct.pack(">H", length) + HEADER[4:]
    )


def test_octets_behind_the_message_are_counted() -> None:
    """What follows the Message's Length is no reason to refuse it."""
    got = read_message(message(a_set(256, b"abcd")) + b"more")

    assert (4, (SetSpan(256, 0, 20, 24),)) == (got.trailing, got.sets)


@pytest.mark.rfc("7011", "3.3.2")
def test_sets_are_walked_by_their_length() -> None:
    """Each Set's Length gives the next; unknown ids are skipped but stand in the list."""
    got = read_message(message(a_set(2), a_set(0, b"x"), a_set(4, b"abcd"), a_set(300, b"abc")))

    assert (
        SetSpan(2, 0, 20, 20),
        SetSpan(0, 1, 24, 25),
        SetSpan(4, 2, 29, 33),
        SetSpan(300, 3, 37, 40),
    ) == got.sets


@pytest.mark.rfc("7011", "9.1")
@pytest.mark.parametrize("length", [0, 1, 2, 3, 9, 65535])
@pytest.mark.parametrize("before", [b"", a_set(300, b"ab")])
def test_set_length_that_cannot_be_is_refused(length: int, before: bytes) -> None:
    """A Set shorter than its header, or past its Message, is malformed at its Length field."""
    payload = message(before, struct.pack(">HH", 256, length) + b"abcd")

    assert (Malformed.SET_LENGTH, 16 + len(before) + 2) == refused(payload)


@pytest.mark.rfc("7011", "9.1")
@pytest.mark.parametrize("left", [1, 2, 3])
def test_octets_too_few_for_a_set_header_are_refused(left: int) -> None:
    """A Message ends behind a Set."""
    assert (Malformed.SET_LENGTH, 24) == refused(message(a_set(256, b"abcd"), bytes(left)))


def test_every_truncation_of_a_message_is_refused() -> None:
    """Cut anywhere, the Message's Length is more than there is."""
    payload = message(a_set(2, b"abcd"), a_set(256, b"abcdefgh"))
    for length in range(16, len(payload)):
        assert (Malformed.MESSAGE_LENGTH, 2) == refused(payload[:length])


def test_a_message_of_one_set_is_read_the_short_way() -> None:
    """It says the same as the long way: nothing else is a Message of one Set."""
    single = message(a_set(256, b"abcd"), sequence=7)
    header, (span,), trailing = read_message(single)

    assert (7, header.observation_domain_id, span) == read_single_set(single)
    assert 0 == trailing
    others = [
        message(),
        message(a_set(256, b"abcd"), a_set(256, b"abcd")),
        single + b"\0",
        b"\x00\x09" + single[2:],
        *(single[:length] for length in range(len(single))),
    ]
    assert [None] * len(others) == [read_single_set(payload) for payload in others]
