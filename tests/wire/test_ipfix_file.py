"""IPFIX Files."""

import pytest

from streams.wire import Malformed, MalformedMessage
from streams.wire.ipfix_file import split
from tests.wire.octets import a_set, message

ONE = message(a_set(256, b"abcd"))
TWO = message()


def test_messages_are_cut_at_their_length() -> None:
    """One behind the other, nothing between."""
    assert [ONE, TWO, ONE] == list(split(ONE + TWO + ONE))
    assert [] == list(split(b""))


@pytest.mark.parametrize(
    ("rest", "reason", "offset"),
    [
        (b"\0", Malformed.TRUNCATED, 0),
        (b"\0\x09" + ONE[2:], Malformed.VERSION, 0),
        (ONE[:-1], Malformed.MESSAGE_LENGTH, 2),
    ],
)
def test_what_cannot_be_cut_is_refused_at_its_offset(
    rest: bytes, reason: Malformed, offset: int
) -> None:
    """The Messages before it are given first; the offset is of the file."""
    messages = split(ONE + rest)

    assert ONE == next(messages)
    with pytest.raises(MalformedMessage) as caught:
        next(messages)
    assert (reason, len(ONE) + offset) == (caught.value.reason, caught.value.offset)
