"""The keys of router flow records, rule by rule."""

import pytest

from streams.interpret.router import RouterFacts, Samplings
from streams.wire import VARIABLE_LENGTH
from tests.interpret.router.records import EXPORTED, RECEIVED, SECOND, Field, a_message, flow

MS = 1_000_000
A, B = b"\xc0\0\2\x01", b"\xc0\0\2\x02"
ADDRESSES: tuple[Field, ...] = ((8, A, 4), (12, B, 4))


def ntp(seconds: int, fraction: int = 0) -> int:
    """As dateTimeMicroseconds and -Nanoseconds on the wire."""
    return (seconds + 2_208_988_800) << 32 | fraction


def test_what_a_message_says_stands_in_every_record() -> None:
    """Type, receipt, sequence, exporter, domain."""
    row = flow((1, 100, 8), message=a_message(9, sequence_number=7, observation_domain_id=5))

    assert ("NETFLOW_V9", RECEIVED, 7, "192.0.2.1", 5) == tuple(
        row[key]
        for key in ("type", "time_received_ns", "sequence_num", "sampler_address",
                    "observation_domain_id")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("version", "name"),
    [(1, "NETFLOW_V1"), (5, "NETFLOW_V5"), (7, "NETFLOW_V7"), (9, "NETFLOW_V9"), (10, "IPFIX")],
)
def test_the_type_is_goflow2s_name(version: int, name: str) -> None:
    """v1 and v7, which it does not have, are named alike."""
    assert name == flow((1, 1, 4), message=a_message(version))["type"]


@pytest.mark.parametrize(
    ("element", "value", "size", "expected"),
    [
        (150, EXPORTED - 5, 4, (EXPORTED - 5) * SECOND),
        (152, EXPORTED * 1000 - 1, 8, RECEIVED - MS),
        (154, ntp(EXPORTED, 1 << 31), 8, RECEIVED + SECOND // 2),
        (156, ntp(EXPORTED, 1 << 30), 8, RECEIVED + SECOND // 4),
        (158, 1500, 4, RECEIVED - 1_500_000),
    ],
)
def test_times_of_every_unit_are_nanoseconds(
    element: int, value: int, size: int, expected: int
) -> None:
    """Seconds, milli-, micro-, nanoseconds, and microseconds before the export."""
    row = flow((element, value, size), (element + 1, value, size))

    assert (expected, expected) == (row["time_flow_start_ns"], row["time_flow_end_ns"])


def test_the_finest_time_counts_and_the_others_stay() -> None:
    """Milliseconds before seconds; what does not count is not lost."""
    row = flow((150, 1, 4), (152, 2000, 8))

    assert 2_000 * MS == row["time_flow_start_ns"]
    assert {"flowStartSeconds": 1} == row["elements"]


@pytest.mark.parametrize("version", [1, 5, 7, 9])
@pytest.mark.parametrize(
    ("uptime", "first", "before_ms"),
    [
        (10_000, 4_000, 6_000),
        (5_000, 2**32 - 1_000, 6_000),  # the counter wrapped between
        (10_000, 10_020, -20),  # ahead by a little
        (2**32 - 1, 0, -1),  # it wraps as the Message goes
        (2**31 - 10, 0, 2**31 - 10),
    ],
)
def test_uptimes_are_relative_to_the_header(
    version: int, uptime: int, first: int, before_ms: int
) -> None:
    """By sysUpTime and its wrap after 49.7 days; the nearer of two times counts."""
    row = flow((22, first, 4), message=a_message(version, sys_uptime_ms=uptime))

    assert RECEIVED - before_ms * MS == row["time_flow_start_ns"]


def test_the_residual_of_version_5_counts() -> None:
    """unix_nsecs is part of the Export Time."""
    message = a_message(5, sys_uptime_ms=1000, export_time_residual_ns=250)

    assert RECEIVED + 250 == flow((21, 1000, 4), message=message)["time_flow_end_ns"]


def test_a_first_time_after_the_last_is_flagged() -> None:
    """Both stay as they were sent."""
    message = a_message(9, sys_uptime_ms=1_000_000)
    row = flow((22, 900_500, 4), (21, 900_000, 4), message=message)

    assert 500 * MS == row["time_flow_start_ns"] - row["time_flow_end_ns"]
    assert ["first_after_last"] == row["flags"]


def test_a_wrap_between_first_and_last_is_no_oddity() -> None:
    """First is greater as a number, and earlier all the same."""
    message = a_message(9, sys_uptime_ms=3_000)
    row = flow((22, 2**32 - 2_000, 4), (21, 1_000, 4), message=message)

    assert 3_000 * MS == row["time_flow_end_ns"] - row["time_flow_start_ns"]
    assert "flags" not in row


def test_uptimes_of_ipfix_need_a_time_of_boot() -> None:
    """From the record, else from options, else they stay uptimes."""
    boot_ms = EXPORTED * 1000 - 60_000
    fields: tuple[Field, ...] = ((22, 50_000, 4), (21, 55_000, 4))
    by_record = flow(*fields, (160, boot_ms, 8))
    by_options = flow(*fields, message=a_message(facts=RouterFacts(boot_ms=boot_ms)))
    unknown = flow(*fields)

    for row in (by_record, by_options):
        assert RECEIVED - 10_000 * MS == row["time_flow_start_ns"]
        assert RECEIVED - 5_000 * MS == row["time_flow_end_ns"]
    assert {"flowStartSysUpTime": 50_000, "flowEndSysUpTime": 55_000} == unknown["elements"]
    assert {"time_flow_start_ns", "time_flow_end_ns"} <= {*unknown["missing"]}


def test_a_boot_long_ago_has_wrapped_often() -> None:
    """A systemInitTimeMilliseconds 100 days ago: the uptime wrapped twice since."""
    days_ms = 100 * 86_400_000
    facts = RouterFacts(boot_ms=EXPORTED * 1000 - days_ms)
    row = flow((22, (days_ms - 7_000) % 2**32, 4), message=a_message(facts=facts))

    assert RECEIVED - 7_000 * MS == row["time_flow_start_ns"]


def test_an_export_long_before_the_boot_says_nothing_of_wraps() -> None:
    """A flow cannot be older than the boot by whole wraps: uptimes count from the boot."""
    boot = EXPORTED * 1000 + 2**40
    fields: tuple[Field, ...] = ((22, 4_000_000_000, 4), (21, 4_000_000_178, 4))
    by_record = flow(*fields, (160, boot, 8))
    by_options = flow(*fields, message=a_message(facts=RouterFacts(boot_ms=boot)))

    for row in (by_record, by_options):
        assert (boot + 4_000_000_000) * MS == row["time_flow_start_ns"]
        assert (boot + 4_000_000_178) * MS == row["time_flow_end_ns"]


def test_a_start_in_options_data_is_that_of_flows_without() -> None:
    """A flowStartSysUpTime told in options; the end in the flow."""
    facts = RouterFacts(start_uptime_ms=1_000)
    row = flow((21, 5_000, 4), message=a_message(9, facts, sys_uptime_ms=10_000))

    assert RECEIVED - 9_000 * MS == row["time_flow_start_ns"]
    assert "time_flow_start_ns" not in row["missing"]


def test_the_port_of_version_5_is_icmp_type_and_code() -> None:
    """It is type * 256 + code; the source port, which means nothing, is not lost."""
    fields: tuple[Field, ...] = ((4, 1, 1), (7, 0, 2), (11, 0x0301, 2))
    row = flow(*fields, message=a_message(5), template_id=5)

    assert (3, 1) == (row["icmp_type"], row["icmp_code"])
    assert {"sourceTransportPort": 0} == row["elements"]
    assert "dst_port" not in row


@pytest.mark.parametrize("version", [9, 10])
def test_a_port_is_not_icmp_elsewhere(version: int) -> None:
    """v9 and IPFIX have elements for it: a port is not believed, but not lost either."""
    row = flow((4, 1, 1), (7, 0, 2), (11, 0x0800, 2), message=a_message(version))

    assert "icmp_type" not in row
    assert 0x0800 == row["elements"]["destinationTransportPort"]
    assert ["icmp_type", "icmp_code"] == row["missing"][-2:]


@pytest.mark.parametrize(
    ("protocol", "fields"),
    [
        (1, ((32, 0x0305, 2),)),
        (1, ((176, 3, 1), (177, 5, 1))),
        (58, ((139, 0x0305, 2),)),
        (58, ((178, 3, 1), (179, 5, 1))),
        (58, ((32, 0, 2), (139, 0x0305, 2))),
        (1, ((139, 0, 2), (32, 0x0305, 2))),
        (58, ((32, 0x0305, 2),)),  # v9 has one field type for both
    ],
)
def test_icmp_elements_of_each_kind(protocol: int, fields: tuple[Field, ...]) -> None:
    """Together or apart, of the protocol's own version first."""
    row = flow((4, protocol, 1), *fields)

    assert (3, 5) == (row["icmp_type"], row["icmp_code"])


@pytest.mark.parametrize(
    ("fields", "proto", "missing"),
    [
        (((32, 0x0800, 2),), "ICMP", set()),
        (((139, 0x8600, 2),), "ICMPv6", set()),
        (((176, 8, 1),), "ICMP", {"icmp_code"}),
        (((32, 0, 2), (7, 80, 2)), None, {"proto"}),
        (((7, 80, 2), (11, 80, 2)), None, {"proto"}),
    ],
)
def test_what_has_only_icmp_elements_is_icmp(
    fields: tuple[Field, ...], proto: str | None, missing: set[str]
) -> None:
    """Softflowd's Template of ICMP has no protocolIdentifier; beside ports nothing is told."""
    row = flow(*ADDRESSES, *fields)

    assert proto == row.get("proto")
    assert missing == {"proto", "icmp_type", "icmp_code"} & set(row["missing"])


@pytest.mark.parametrize("protocol", [6, 17, 47])
def test_icmp_elements_of_other_flows_are_ignored(protocol: int) -> None:
    """Devices send zeros; they stay in the elements."""
    row = flow((4, protocol, 1), (32, 0, 2))

    assert "icmp_type" not in row
    assert {"icmpTypeCodeIPv4": 0} == row["elements"]


@pytest.mark.parametrize(
    ("protocol", "name", "has_ports"),
    [(6, "TCP", True), (17, "UDP", True), (132, "SCTP", True), (47, "GRE", False),
     (253, "253", False)],
)  # fmt: skip
def test_ports_of_protocols_that_have_them(protocol: int, name: str, has_ports: bool) -> None:
    """What a tunnel sends as its ports stays in the elements."""
    row = flow((4, protocol, 1), (7, 1, 2), (11, 2, 2))

    assert name == row["proto"]
    assert has_ports == ("src_port" in row)
    assert has_ports != ("elements" in row)


def test_delta_goes_before_total_and_post_stays() -> None:
    """The written order; total counters alone count as octets and packets."""
    row = flow((85, 900, 8), (1, 100, 8), (23, 50, 4), (86, 9, 8))

    assert (100, 9) == (row["bytes"], row["packets"])
    assert {"octetTotalCount": 900, "postOctetDeltaCount": 50} == row["elements"]


def test_the_first_of_equal_elements_counts() -> None:
    """The second has a number."""
    row = flow((1, 100, 8), (1, 200, 8))

    assert 100 == row["bytes"]
    assert {"octetDeltaCount_2": 200} == row["elements"]


SIX_A, SIX_B = bytes.fromhex("20010db8") + bytes(11) + b"\1", bytes(15) + b"\1"


@pytest.mark.parametrize(
    ("four", "six", "version", "expected"),
    [
        (A, bytes(16), None, "IPv4"),
        (bytes(4), SIX_A, None, "IPv6"),
        (bytes(4), bytes(16), None, "IPv4"),
        (A, SIX_A, 6, "IPv6"),
        (A, SIX_A, 4, "IPv4"),
    ],
)
def test_templates_with_both_families(
    four: bytes, six: bytes, version: int | None, expected: str
) -> None:
    """The ipVersion decides, else what is not zero; the other addresses stay."""
    fields: tuple[Field, ...] = ((8, four, 4), (27, six, 16), (9, 24, 1), (29, 48, 1))
    row = flow(*fields, *(() if version is None else ((60, version, 1),)))

    assert expected == row["etype"]
    assert (":" in row["src_addr"]) == (expected == "IPv6")
    assert row["src_net"].endswith("/48" if expected == "IPv6" else "/24")
    assert ("sourceIPv6Address" in row["elements"]) == (expected == "IPv4")


def test_an_address_of_no_octets_is_not_there() -> None:
    """Variable-length addresses (H3C): the one that is empty does not count."""
    row = flow((8, b"\4" + A, 65535), (27, b"\0", 65535), (12, B, 4))

    assert ("192.0.2.1", "IPv4") == (row["src_addr"], row["etype"])


def test_networks_macs_and_what_has_a_name() -> None:
    """Text as goflow2 has it."""
    row = flow(
        *ADDRESSES, (9, 30, 1), (13, 0, 1), (56, b"\0\1\2\3\4\xff", 6), (80, bytes(6), 6),
        (256, 0x0806, 2), (5, 16, 1), (6, 0x12, 1), (89, 64, 1), (192, 63, 1), (197, 0x40, 1),
    )  # fmt: skip

    assert ("192.0.2.0/30", "0.0.0.0/0") == (row["src_net"], row["dst_net"])
    assert ("00:01:02:03:04:ff", "00:00:00:00:00:00") == (row["src_mac"], row["dst_mac"])
    assert ("IPv4", 16, 0x12, 64, 63, 2) == tuple(
        row[key] for key in ("etype", "ip_tos", "tcp_flags", "forwarding_status", "ip_ttl",
                             "ip_flags")
    )  # fmt: skip
    assert "ARP" == flow((256, 0x0806, 2))["etype"]


def test_biflows_are_one_record() -> None:
    """RFC 5103: the reverse side under reverse_; what has no key there under its name."""
    row = flow(
        (1, 100, 8), ((29305, 1), 200, 8), ((29305, 2), 3, 8), ((29305, 6), 0x10, 1),
        ((29305, 152), 5, 8), ((29305, 136), 1, 1),
    )  # fmt: skip

    assert (100, 200, 3, 16) == tuple(
        row[key] for key in ("bytes", "reverse_bytes", "reverse_packets", "reverse_tcp_flags")
    )
    assert 5 * MS == row["reverse_time_flow_start_ns"]
    assert {"reverseFlowEndReason": 1} == row["elements"]
    asa = flow((231, 10, 4), (232, 20, 4), (298, 1, 4), (299, 2, 4))
    assert (10, 20, 1, 2) == tuple(
        asa[key] for key in ("bytes", "reverse_bytes", "packets", "reverse_packets")
    )


def test_sampling_stands_beside_raw_counters() -> None:
    """Header of v5, the record's own elements, its sampler, the Exporter's one rate."""
    facts = RouterFacts(samplings=Samplings(None, 9, {3: 100, 4: 2000}, {7: 50}, {5: 8}, {3: "S"}))
    message = a_message(9, facts)

    assert (1000, 1) == (
        flow((1, 1, 8), message=a_message(5, sampling=0x4000 | 1000))["sampling_rate"],
        flow((1, 1, 8), message=a_message(5, sampling=1000))["bytes"],
    )
    assert 9 == flow((1, 1, 8), message=message)["sampling_rate"]
    sampler = flow((48, 3, 1), message=message)
    assert (100, "S") == (sampler["sampling_rate"], sampler["sampler"])
    assert 50 == flow((302, 7, 4), message=message)["sampling_rate"]
    assert 8 == flow((10, 5, 4), message=message)["sampling_rate"]
    assert "sampling_rate" not in flow((48, 0, 1), message=message)
    assert 512 == flow((34, 512, 4), (48, 3, 1), message=message)["sampling_rate"]
    assert 10 == flow((305, 1, 4), (306, 9, 4))["sampling_rate"]
    assert "sampling_rate" not in flow((305, 100, 4))
    assert 100 == flow((309, 2, 4), (310, 200, 4))["sampling_rate"]
    assert "sampling_rate" not in flow((34, 0, 4))


def test_options_name_interfaces_and_applications() -> None:
    """What is not known has no key."""
    facts = RouterFacts({1: "Gi0/1"}, {"03000050": "http"})
    row = flow((10, 1, 4), (14, 2, 4), (95, 0x03000050, 4), message=a_message(facts=facts))

    assert ("Gi0/1", "http") == (row["in_if_name"], row["application_name"])
    assert "out_if_name" not in row
    assert "03000050" == row["elements"]["applicationId"]


def test_values_that_do_not_fit_their_type_stay_octets() -> None:
    """They give no key, and are not lost."""
    row = flow((8, bytes(5), 5), (1, 100, 8))

    assert "src_addr" not in row
    assert "0000000000" == row["elements"]["sourceIPv4Address"]


def test_unknown_elements_stay_under_their_stable_name() -> None:
    """And padding is left out."""
    row = flow(((9999, 7), 1, 2), (210, bytes(2), 2), (1, 1, 8))

    assert {"e9999_7": "0001"} == row["elements"]


@pytest.mark.rfc("6313", "4.4")
def test_lists_say_what_they_hold_and_how_it_relates() -> None:
    """``elements`` has the values, ``lists`` the rest: noneOf is not allOf."""
    ports = bytes.fromhex("09 00 0007 0002 0050 01bb")  # length | noneOf | element, length | ports
    row = flow((4, 6, 1), (291, ports, VARIABLE_LENGTH))

    assert {"basicList": [80, 443]} == row["elements"]
    assert {"basicList": {"semantic": "noneOf", "element": "sourceTransportPort"}} == row["lists"]


def test_what_is_post_stays_in_elements() -> None:
    """57 is postDestinationMacAddress (IANA), even where no other destination is sent."""
    row = flow((4, 6, 1), (57, 1, 6))

    assert "dst_mac" not in row
    assert {"postDestinationMacAddress": "00:00:00:00:00:01"} == row["elements"]
