"""Records of ``netflow`` as they are read, totals as they are written and read back."""

from typing import Any

import orjson
import pytest

from schemas.router_records import BASE_INFORMATION, FLAGS
from schemas.totals import TOTAL_FIELDS
from streams.totals.buckets import AT_RECEIPT, CAPPED, Total
from streams.totals.flows import DOUBTFUL, left_out_key, read_flow
from streams.totals.present import minute_number, minute_text, output_key, output_value, parse

RECORD: dict[str, Any] = {
    "type": "IPFIX",
    "time_flow_start_ns": 1_700_000_000_000_000_000,
    "time_flow_end_ns": 1_700_000_001_000_000_000,
    "bytes": 1200,
    "packets": 3,
    "src_addr": "10.0.0.1",
    "dst_addr": "2001:db8::1",
    "proto": "TCP",
    "src_port": 50_000,
    "dst_port": 443,
    "in_if": 0,
    "out_if": 7,
    "ip_tos": 184,
}
KEY = "192.0.2.1,0,7,TCP,184,10.0.0.1,2001:db8::1,50000,443"
TOTAL: Total = [1200, 3, 2, 1, 5, 9, AT_RECEIPT | CAPPED, 100, 77, 77]


def test_a_record_is_read() -> None:
    """Interface 0 is an interface."""
    flow = read_flow(RECORD)

    assert KEY == f"192.0.2.1,{flow.key}"
    assert (1200, 3, 0, False) == (flow.octets, flow.packets, flow.sampling, flow.doubtful)


def test_numbers_may_be_text() -> None:
    """As ``streams.json_values`` and ``streams.big_numbers`` have them."""
    text = {key: str(value) for key, value in RECORD.items()}

    assert read_flow(RECORD) == read_flow(text)


@pytest.mark.parametrize("name", [*BASE_INFORMATION, "src_port", "dst_port"])
def test_what_lacks_base_information_is_left_out(name: str) -> None:
    """Also where ``netflow.base_information`` is "ignore" and nobody named it."""
    with pytest.raises(KeyError):
        read_flow({key: value for key, value in RECORD.items() if key != name})


def test_what_is_named_as_missing_is_left_out() -> None:
    """Whatever else it has."""
    with pytest.raises(KeyError):
        read_flow({**RECORD, "missing": ["ip_tos"]})


def test_icmp_must_say_type_and_code() -> None:
    """And its key has them in the place of ports."""
    icmp = {**RECORD, "proto": "ICMPv6", "icmp_type": 128, "icmp_code": 0}

    assert read_flow(icmp).key.endswith(",128,0")
    del icmp["icmp_code"]
    with pytest.raises(KeyError):
        read_flow(icmp)


def test_other_protocols_need_no_ports() -> None:
    """They may have some."""
    other = {key: value for key, value in RECORD.items() if not key.endswith("port")}

    assert read_flow({**other, "proto": "GRE"}).key.endswith(",,")
    assert read_flow({**RECORD, "proto": "SCTP"}).key.endswith(",50000,443")


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_flags_that_doubt_the_times_are_those_of_the_contract(flag: str) -> None:
    """A long duration is none of them."""
    assert (flag != "long_duration") == read_flow({**RECORD, "flags": [flag]}).doubtful
    assert set(FLAGS) >= DOUBTFUL


@pytest.mark.parametrize(
    "wrong",
    [
        *({"bytes": -1}, {"bytes": "x"}, {"packets": None}, {"time_flow_start_ns": 1 << 63}),
        *({"in_if": "x"}, {"out_if": None}, {"ip_tos": 1.5}, {"src_port": "x"}, {"dst_port": True}),
    ],
)
def test_numbers_that_are_none_are_refused(wrong: dict[str, Any]) -> None:
    """They are unreadable."""
    with pytest.raises((ValueError, TypeError)):
        read_flow({**RECORD, **wrong})


def test_a_total_comes_back_as_it_was() -> None:
    """Key, minute and all counters; and it has the fields of the contract."""
    value = output_value(KEY, 29_000_000, TOTAL, partial=True)
    record = orjson.loads(value)

    assert (KEY, 29_000_000, TOTAL) == parse(output_key(KEY, 29_000_000).encode(), value)
    assert ["partial", "at_receipt", "capped"] == record["flags"]
    allowed = [field.key for field in TOTAL_FIELDS if field.types != "left out"]
    assert [key for key in allowed if key in record] == list(record)


def test_what_is_left_out_comes_back_too() -> None:
    """With its reason; it has no octets that anybody could add up."""
    key = left_out_key("192.0.2.1", "missing_base_information")
    total: Total = [0, 0, 9, 0, 0, 0, 0, 0, 12, 12]

    value = output_value(key, 29_000_000, total, partial=False)

    assert (key, 29_000_000, total) == parse(output_key(key, 29_000_000).encode(), value)
    record = orjson.loads(value)
    allowed = [field.key for field in TOTAL_FIELDS if field.types != "total"]
    assert [key for key in allowed if key in record] == list(record)
    assert (9, "missing_base_information") == (record["flows_left_out"], record["reason"])


def test_sums_over_64_bits_are_text() -> None:
    """An Exporter may claim anything; nothing is rounded, and it comes back."""
    total: Total = [1 << 65, *TOTAL[1:]]

    value = output_value(KEY, 29_000_000, total, partial=False)

    assert str(1 << 65) == orjson.loads(value)["bytes"]
    assert total == parse(output_key(KEY, 29_000_000).encode(), value).total


def test_icmp_totals_have_type_and_code() -> None:
    """And no ports."""
    key = "192.0.2.1,0,7,ICMP,0,10.0.0.1,10.0.0.2,8,0"

    record = orjson.loads(output_value(key, 29_000_000, TOTAL, partial=False))

    assert (8, 0) == (record["icmp_type"], record["icmp_code"])
    assert "src_port" not in record


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"", b""),
        (b"a,b", b"{}"),
        (b"a,2023-11-14T22:13:00Z", b"{}"),
        (b"a,2023-11-14T22:13:00Z", b'{"type":"NETFLOW_1M","revision":1}'),
        (b"a,not a minute", b'{"type":"NETFLOW_1M_LEFT_OUT","revision":1,"flows_left_out":1}'),
        (b"\xff", b"{}"),
        (b"a,b", b"[]"),
    ],
)
def test_what_is_no_total_is_refused(key: bytes, value: bytes) -> None:
    """With one error."""
    with pytest.raises(ValueError):  # noqa: PT011 - several texts
        parse(key, value)


def test_minutes_are_text_and_back() -> None:
    """In UTC."""
    assert "2023-11-14T22:13:00Z" == minute_text(28_333_333)
    assert 28_333_333 == minute_number("2023-11-14T22:13:00Z")
