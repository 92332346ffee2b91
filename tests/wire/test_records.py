"""Data Records: lengths, padding, repeats."""

import pytest

from streams.wire import DataSet, Malformed, MalformedMessage
from tests.wire.octets import (
    FIRST,
    VARIABLE,
    decode,
    field,
    long,
    options_template,
    short,
    template,
    values,
)

TEXT = field("string", VARIABLE)
BYTE = field("unsigned8", 1)


def refused(data: bytes, *templates: bytes) -> tuple[Malformed, int]:
    with pytest.raises(MalformedMessage) as caught:
        decode(data, *templates)
    return caught.value.reason, caught.value.offset - FIRST


@pytest.mark.rfc("7011", "3.4.3")
def test_records_follow_each_other() -> None:
    """Fields in wire order, repeats kept."""
    layout = template(256, BYTE, BYTE, field("unsigned16", 2))

    assert [[1, 2, 3], [4, 5, 6]] == values(b"\1\2\0\3\4\5\0\6", layout)


@pytest.mark.rfc("7011", "3.4.2.1")
def test_options_records_know_their_scope() -> None:
    """The first fields of an Options Template's record are Scope Fields."""
    result = decode(b"\1\2", options_template(256, 1, BYTE, BYTE), set_id=3)

    assert isinstance(result, DataSet)
    assert (256, 1) == (result.records[0].template_id, result.records[0].scope_count)


@pytest.mark.rfc("7011", "7")
@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 3000])
def test_both_forms_of_variable_length(size: int) -> None:
    """One octet below 255; three octets for any length."""
    layout = template(256, TEXT, BYTE)
    content = b"x" * size
    if size < 255:
        assert [["x" * size, 9]] == values(short(content) + b"\t", layout)

    assert [["x" * size, 9]] == values(long(content) + b"\t", layout)


@pytest.mark.rfc("7011", "9")
@pytest.mark.rfc("7011", "3.3.1")
@pytest.mark.parametrize("padding", [b"\0", b"\0\0\0", b"\xff\xff\xff"])
def test_padding_shorter_than_a_record_is_accepted(padding: bytes) -> None:
    """Non-zero padding is not malformed."""
    result = decode(b"\1\2\3\4" + padding, template(256, field("unsigned32", 4)))

    assert isinstance(result, DataSet)
    assert (1, len(padding)) == (len(result.records), result.padding)


@pytest.mark.rfc("7011", "9.1")
def test_every_truncation_of_a_record_is_refused_or_padding() -> None:
    """At the first octet of the field that does not fit; its length octet counts as its first."""
    layout = template(256, BYTE, TEXT, TEXT)
    whole = b"\7" + short(b"abc") + long(b"defg")
    for length in range(3, len(whole)):
        assert (Malformed.RECORD, 1 if length < 5 else 5) == refused(whole[:length], layout)
    for length in range(3):
        assert () == decode(whole[:length], layout).records  # type: ignore[union-attr]


def test_a_field_past_the_set_but_inside_the_payload_is_refused() -> None:
    """The container is the Set, not the datagram."""
    layout = template(256, TEXT, BYTE)

    assert (Malformed.RECORD, 3) == refused(short(b"ab"), layout)
    assert (Malformed.RECORD, 0) == refused(b"\xff\0", layout)


def test_zero_length_fields_have_values() -> None:
    """Sent but empty is not absent."""
    layout = template(256, field("string", 0), BYTE, field("unsigned32", 0), field("basicList", 0))
    record = values(b"\5", layout)[0]

    assert ["", 5, b"", ()] == [*record[:3], record[3].values]  # type: ignore[attr-defined]


def test_records_of_no_octets_do_not_loop() -> None:
    """They cannot be counted: the Set has none, all of it is padding."""
    result = decode(b"abcd", template(256, field("string", 0), field("unsigned8", 0)))

    assert DataSet((), 4, 0) == result
