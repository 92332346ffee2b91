"""What is odd about router flows, and the two examples of an assurance sensor."""

import pytest

from streams.wire import MessageHeader
from tests.interpret.router.records import EXPORTED, RECEIVED, SECOND, Field, a_message, flow

MS = 1_000_000
A, B = b"\xc0\0\2\x01", b"\xc0\0\2\x02"
ADDRESSES: tuple[Field, ...] = ((8, A, 4), (12, B, 4))


@pytest.mark.parametrize(
    ("start", "end", "received", "flags"),
    [
        (-60, 0, 0, None),
        (-75, 0, 0, ["long_duration"]),
        (0, 59, 0, None),
        (30, 61, 0, ["end_in_future"]),
        (0, 0, 120, ["clock_off"]),
        (0, 0, -120, ["clock_off", "end_in_future"]),
    ],
)
def test_what_is_odd_about_times_is_flagged(
    start: int, end: int, received: int, flags: list[str] | None
) -> None:
    """Seconds relative to the export; 60 s are tolerated, and no more than a minute's duration."""
    row = flow(
        (150, EXPORTED + start, 4),
        (151, EXPORTED + end, 4),
        message=a_message(received_at_ns=RECEIVED + received * SECOND),
    )

    assert flags == row.get("flags")


def test_a_receipt_that_is_not_known_judges_no_clock() -> None:
    """Files without times."""
    assert "flags" not in flow((151, 2**32 - 1, 4), message=a_message(received_at_ns=0))


FLOW_75_S: tuple[Field, ...] = (
    *ADDRESSES, (4, 17, 1), (5, 0, 1), (7, 5000, 2), (11, 53, 2), (10, 0, 4), (14, 3, 4),
    (1, 7500, 8), (2, 75, 8), (152, EXPORTED * 1000 - 75_000, 8), (153, EXPORTED * 1000, 8),
    (176, 0, 1), (177, 0, 1),
)  # fmt: skip
"""A flow of UDP that an assurance sensor accepts: 75 s, ICMP elements of zero, interface 0."""

NAT_EVENT: tuple[Field, ...] = (
    *ADDRESSES, (225, A, 4), (226, B, 4), (4, 17, 1), (7, 5000, 2), (11, 53, 2), (227, 1024, 2),
    (228, 53, 2), (230, 1, 1), (323, EXPORTED * 1000, 8),
)  # fmt: skip
"""A NAT event: no counters, no interfaces."""


def test_a_flow_of_75_seconds_is_complete_and_flagged() -> None:
    """Zeros are there, ICMP elements of a UDP flow are ignored."""
    row = flow(*FLOW_75_S)

    assert "missing" not in row
    assert ["long_duration"] == row["flags"]
    assert 0 == row["in_if"]
    assert "icmp_type" not in row


def test_a_nat_event_keeps_its_elements_and_says_what_is_missing() -> None:
    """It is no flow, and is not lost."""
    row = flow(*NAT_EVENT)

    assert [
        "time_flow_start_ns", "time_flow_end_ns", "in_if", "out_if", "ip_tos", "bytes", "packets",
    ] == row["missing"]  # fmt: skip
    assert 1 == row["elements"]["natEvent"]
    assert "192.0.2.1" == row["elements"]["postNATSourceIPv4Address"]


def test_headers_of_today_have_all_that_is_asked_of_them() -> None:
    """What a Message may say is what ``read_header`` unpacks."""
    assert 8 == len(MessageHeader._fields)
