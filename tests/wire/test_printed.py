"""Values for people."""

import pytest

from schemas.registry import DataType, InformationElement
from streams.wire import (
    BasicList,
    DataRecord,
    SubTemplateMultiList,
    iso_time,
    output_value,
    printed_value,
)

SECONDS = InformationElement(0, 150, "flowStartSeconds", DataType.DATE_TIME_SECONDS)
NANO = InformationElement(0, 156, "flowStartNanoseconds", DataType.DATE_TIME_NANOSECONDS)
FLAG = InformationElement(0, 276, "dataRecordsReliability", DataType.BOOLEAN)
PADDING = InformationElement(0, 210, "paddingOctets", DataType.OCTET_ARRAY)
OCTETS = InformationElement(9, 12350, "hash", DataType.OCTET_ARRAY)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0, 0, "1970-01-01T00:00:00Z"),
        (951_782_400, 0, "2000-02-29T00:00:00Z"),
        (4_294_967_295, 0, "2106-02-07T06:28:15Z"),
        (1_491_362_773_001, 3, "2017-04-05T03:26:13.001Z"),
        (1_491_362_773_000_042, 6, "2017-04-05T03:26:13.000042Z"),
        (-1, 9, "1969-12-31T23:59:59.999999999Z"),
        (-2_208_988_800, 0, "1900-01-01T00:00:00Z"),
        (253_402_300_800_000, 3, "10000-01-01T00:00:00.000Z"),
    ],
)
def test_times_have_their_full_precision(value: int, digits: int, expected: str) -> None:
    """ISO 8601, UTC."""
    assert expected == iso_time(value, digits)


def test_values_by_type() -> None:
    """Times by their element, octets in hex, booleans as they are, lists opened."""
    assert "1970-01-01T00:00:01Z" == printed_value(SECONDS, 1)
    assert "1970-01-01T00:00:00.000000001Z" == printed_value(NANO, 1)
    assert "0102" == printed_value(SECONDS, b"\1\2")
    assert printed_value(FLAG, value=True) is True
    assert ["AB", ""] == printed_value(FLAG, BasicList(3, OCTETS, (b"\xab", b"")))
    assert ["1970-01-01T00:00:01Z"] == printed_value(FLAG, BasicList(3, SECONDS, (1,)))


def test_records_in_lists_are_objects() -> None:
    """Repeats are numbered, padding does not show."""
    record = DataRecord(300, 0, ((SECONDS, 1), (PADDING, b"\0"), (SECONDS, 2)))
    value = SubTemplateMultiList(3, (record,))

    assert [{"flowStartSeconds": 1, "flowStartSeconds_2": 2}] == output_value(value)
    assert [
        {
            "flowStartSeconds": "1970-01-01T00:00:01Z",
            "flowStartSeconds_2": "1970-01-01T00:00:02Z",
        }
    ] == printed_value(FLAG, value)


def test_integers_beyond_64_bits_are_text() -> None:
    """JSON writers refuse them."""
    assert (2**64 - 1, str(2**64)) == (output_value(2**64 - 1), output_value(2**64))
