"""The collector for files: binding, order, waiting, all or nothing."""

import json
import struct
from typing import Any

import pytest

from envizzy.captures import Captured
from envizzy.decode import Collector, Item, json_line, readable_line
from schemas.elements import load_registry

REGISTRY = load_registry()
EXPORTER = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1])
EXPORT_TIME = 1_447_632_000


def a_set(set_id: int, content: bytes) -> bytes:
    # Set ID | Length
    return struct.pack("!HH", set_id, 4 + len(content)) + content


def message(*sets: bytes, sequence: int = 7, domain: int = 1) -> bytes:
    # Version 10 | Length | Export Time 2015-11-16T00:00:00Z | Sequence | Domain
    body = b"".join(sets)
    return struct.pack("!HHIII", 10, 16 + len(body), EXPORT_TIME, sequence, domain) + body


def template(template_id: int, *fields: tuple[int, ...]) -> bytes:
    # Template ID | Field Count | (element | length)...
    content = struct.pack("!HH", template_id, len(fields))
    return a_set(2, content + b"".join(struct.pack("!HH", *field) for field in fields))


def withdrawal(template_id: int) -> bytes:
    return a_set(2, struct.pack("!HH", template_id, 0))


PROTOCOL_AND_PORT = template(256, (4, 1), (7, 2))  # protocolIdentifier, sourceTransportPort
PORT_AND_PROTOCOL = template(256, (7, 2), (4, 1))
DATA = a_set(256, b"\x11\x00\x35")


def udp(payload: bytes, port: int = 4739, exporter: bytes | None = EXPORTER) -> Captured:
    return Captured(exporter, port, 2055, 0, payload)


def stream(payload: bytes) -> Captured:
    return Captured(None, 0, 0, 0, payload, stream=True)


def shown(items: list[Item]) -> list[dict[str, Any]]:
    return [json.loads(json_line(item)) for item in items]


def feed(*datagrams: Captured, **how: Any) -> list[dict[str, Any]]:
    collector = Collector(REGISTRY, **how)
    items = [item for datagram in datagrams for item in collector.feed(datagram)]
    return shown(items + collector.finish())


def fields(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line["fields"] for line in lines if line["kind"] == "data"]


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    return [line["kind"] for line in lines]


RECORD = {"protocolIdentifier": 17, "sourceTransportPort": 53}


def test_a_data_line_has_all_keys_in_order() -> None:
    """Kind, exporter, the Message Header's values, the Template ID and the fields in wire order."""
    line = feed(udp(message(PROTOCOL_AND_PORT, DATA)))[1]

    expected = {
        "kind": "data",
        "exporter": "192.0.2.1",
        "version": 10,
        "export_time": EXPORT_TIME,
        "sequence_number": 7,
        "observation_domain_id": 1,
        "template_id": 256,
        "fields": RECORD,
    }
    assert expected == line
    assert list(expected) == list(line)


def test_a_template_line_shows_its_elements() -> None:
    """Name, numbers and length of each field."""
    line = feed(udp(message(PROTOCOL_AND_PORT)))[0]

    assert "template" == line["kind"]
    assert [("protocolIdentifier", 1), ("sourceTransportPort", 2)] == [
        (element["name"], element["length"]) for element in line["elements"]
    ]


def test_data_before_its_template_is_decoded_when_that_comes() -> None:
    """In the same Message, and from an earlier one; once each."""
    same = feed(udp(message(DATA, PROTOCOL_AND_PORT)))
    later = feed(udp(message(DATA)), udp(message(PROTOCOL_AND_PORT)))

    assert ["template", "data"] == kinds(same) == kinds(later)
    assert [RECORD] == fields(same) == fields(later)


def test_data_without_template_is_undecoded_at_the_end() -> None:
    """With the octets of its Set."""
    line = feed(udp(message(DATA)))[0]

    assert ("undecoded", 256, "110035") == (line["kind"], line["template_id"], line["octets"])


def test_waiting_is_bounded_and_the_oldest_is_given_up() -> None:
    """What exceeds the bound is undecoded at once, not kept for ever."""
    collector = Collector(REGISTRY, waiting_octets=30)
    first, second = message(DATA, sequence=1), message(DATA, sequence=2)

    assert [] == collector.feed(udp(first))
    assert [1] == [item.origin.sequence_number for item in collector.feed(udp(second))]
    assert [2] == [item.origin.sequence_number for item in collector.finish()]


def test_another_port_of_the_same_address_lends_its_template() -> None:
    """An exact fill by a sibling's Template decodes, and the line says so."""
    lines = feed(udp(message(PROTOCOL_AND_PORT), 1000), udp(message(DATA), 2000))

    assert [RECORD] == fields(lines)
    assert "sibling" == lines[1]["template_origin"]


def test_a_sibling_that_does_not_fill_the_set_exactly_lends_nothing() -> None:
    """Octets left over that are no padding: not this Template."""
    lines = feed(
        udp(message(PROTOCOL_AND_PORT), 1000), udp(message(a_set(256, b"\x11\x00\x35\x01")), 2000)
    )

    assert ["template", "undecoded"] == kinds(lines)


@pytest.mark.parametrize(
    ("exporter", "domain"), [(EXPORTER, 2), (bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 9]), 1)]
)
def test_other_domains_and_addresses_lend_nothing(exporter: bytes, domain: int) -> None:
    """Template IDs are scoped (RFC 7011, 8)."""
    lines = feed(
        udp(message(PROTOCOL_AND_PORT)), udp(message(DATA, domain=domain), exporter=exporter)
    )

    assert ["template", "undecoded"] == kinds(lines)


def test_the_last_refreshed_sibling_speaks() -> None:
    """Of two that fill the Set, the one whose Template was sent last."""
    lines = feed(
        udp(message(PROTOCOL_AND_PORT), 1000),
        udp(message(PORT_AND_PROTOCOL), 2000),
        udp(message(PROTOCOL_AND_PORT), 1000),
        udp(message(DATA), 3000),
    )

    assert [RECORD] == fields(lines)


def test_a_redefinition_replaces() -> None:
    """Data is read by the newest definition."""
    lines = feed(udp(message(PROTOCOL_AND_PORT, DATA)), udp(message(PORT_AND_PROTOCOL, DATA)))

    assert [RECORD, {"sourceTransportPort": 0x1100, "protocolIdentifier": 0x35}] == fields(lines)


@pytest.mark.parametrize("gone", [256, 2])
def test_a_withdrawal_counts_in_a_stream_and_not_over_udp(gone: int) -> None:
    """RFC 7011, 8.1 and 8.4: one Template or all of them."""
    payloads = [message(PROTOCOL_AND_PORT), message(withdrawal(gone)), message(DATA)]
    over_udp = feed(*(udp(payload) for payload in payloads))
    in_stream = feed(*(stream(payload) for payload in payloads))

    assert ["template", "template", "data"] == kinds(over_udp)
    assert ["template", "template", "undecoded"] == kinds(in_stream)
    assert ("ignored", "obeyed") == (over_udp[1]["withdrawal"], in_stream[1]["withdrawal"])


@pytest.mark.rfc("7011", "8.1")
def test_data_of_a_withdrawn_template_is_not_read_with_the_next_one() -> None:
    """The new Template has the id, but its records do not fill the Set: it is not its Template."""
    short = a_set(256, b"\x11")
    later = message(template(256, (8, 4)))  # sourceIPv4Address
    lines = feed(*(stream(item) for item in (message(withdrawal(256)), message(short), later)))

    assert ["template", "template", "undecoded"] == kinds(lines)
    assert ("11", 256) == (lines[2]["octets"], lines[2]["missing_template_id"])


def test_a_malformed_message_gives_one_line_and_changes_nothing() -> None:
    """The Template that came with it is discarded too (RFC 7011, 9.1)."""
    broken = message(PROTOCOL_AND_PORT, struct.pack("!HH", 256, 3))
    lines = feed(udp(broken), udp(message(DATA)))

    assert ["malformed", "undecoded"] == kinds(lines)
    assert ("set_length", 34, 7) == (
        lines[0]["reason"],
        lines[0]["offset"],
        lines[0]["sequence_number"],
    )


@pytest.mark.parametrize(
    ("payload", "version", "reason"),
    [
        (b"", None, "truncated"),
        (b"\x00", None, "truncated"),
        (bytes.fromhex("00080001" + "00" * 20), 8, "version"),
        (bytes.fromhex("00090001" + "00" * 15), 9, "truncated"),
        (bytes.fromhex("00050001" + "00" * 19), 5, "truncated"),
        (message(DATA)[:-1], 10, "message_length"),
    ],
)
def test_what_cannot_be_read_of_a_header_is_null(
    payload: bytes, version: int | None, reason: str
) -> None:
    """The version is there, if nothing else."""
    (line,) = feed(udp(payload))

    assert ("malformed", version, None, reason) == (
        line["kind"],
        line["version"],
        line["export_time"],
        line["reason"],
    )


def test_repeats_unknown_elements_and_padding() -> None:
    """A repeated element gets _2, an unknown one its numbers, paddingOctets are left out."""
    # enterprise 9, element 32000 | length 2 | padding 210/1 | protocolIdentifier twice
    specifiers = struct.pack("!HHIHHHHHH", 0x8000 | 32000, 2, 9, 210, 1, 4, 1, 4, 1)
    own = a_set(2, struct.pack("!HH", 300, 4) + specifiers)
    lines = feed(udp(message(own, a_set(300, bytes.fromhex("abcd 00 06 11")))))

    assert [{"e9_32000": "ABCD", "protocolIdentifier": 6, "protocolIdentifier_2": 17}] == fields(
        lines
    )


def test_options_data_is_of_its_own_kind() -> None:
    """A record with Scope Fields."""
    # Template ID | Field Count | Scope Field Count | observationDomainId/4 | samplingInterval/4
    own = a_set(3, struct.pack("!HHHHHHH", 400, 2, 1, 149, 4, 34, 4))
    lines = feed(udp(message(own, a_set(400, struct.pack("!II", 1, 10)))))

    assert ["template", "options"] == kinds(lines)
    assert {"observationDomainId": 1, "samplingInterval": 10} == lines[1]["fields"]
    assert lines[0]["elements"][0]["scope"]


def test_octets_behind_a_message_and_reserved_sets_are_counted() -> None:
    """Neither is decoded, neither is silent."""
    collector = Collector(REGISTRY)
    items = collector.feed(udp(message(a_set(5, b"abcd"), PROTOCOL_AND_PORT) + b"more"))

    assert ["template"] == kinds(shown(items))
    assert (4, 1) == (collector.trailing_octets, collector.skipped_sets)


def test_readable_lines_say_the_same() -> None:
    """One line for people, of each kind."""
    collector = Collector(REGISTRY)
    items = [
        *collector.feed(udp(message(PROTOCOL_AND_PORT, DATA))),
        *collector.feed(udp(message(withdrawal(256)))),
        *collector.feed(udp(message(a_set(257, b"ab")))),
        *collector.feed(udp(b"\x00\x09")),
        *collector.finish(),
    ]

    place = "192.0.2.1 domain 1 sequence 7 at 1447632000"
    assert [
        f"template    256  {place}  protocolIdentifier/1, sourceTransportPort/2",
        f"data        256  {place}  protocolIdentifier=17 sourceTransportPort=53",
        f"template    256  {place}  withdrawal, ignored",
        (
            "malformed     -  192.0.2.1 domain - sequence - at -"
            "  truncated at octet 0: 2 octets, the header needs 20"
        ),
        f"undecoded   257  {place}  2 octets, Template 257 was not sent",
    ] == [readable_line(item) for item in items]


def v9(*sets: bytes, sequence: int = 7, source_id: int = 1) -> bytes:
    # Version 9 | Count | SysUptime 60 s | UNIX Secs 2015-11-16T00:00:00Z | Sequence | Source ID
    head = struct.pack("!HHIIII", 9, len(sets), 60_000, EXPORT_TIME, sequence, source_id)
    return head + b"".join(sets)


V9_TEMPLATE = a_set(0, struct.pack("!HHHHHH", 256, 2, 4, 1, 7, 2))


def test_templates_of_version_9_are_of_address_and_source_id() -> None:
    """Whatever the port; another Source ID, and IPFIX, know nothing of them."""
    lines = feed(
        udp(v9(V9_TEMPLATE), port=1),
        udp(v9(DATA, sequence=8), port=2),
        udp(v9(DATA, source_id=2), port=1),
        udp(message(DATA), port=1),
    )

    assert ["template", "data", "undecoded", "undecoded"] == kinds(lines)
    assert {"protocolIdentifier": 17, "sourceTransportPort": 53} == lines[1]["fields"]
    assert "template_origin" not in lines[1]
    assert (9, 60_000, 8) == tuple(
        lines[1][key] for key in ("version", "sys_uptime_ms", "sequence_number")
    )


def test_data_of_version_9_waits_for_its_template() -> None:
    """From whichever port it comes."""
    lines = feed(udp(v9(DATA), port=1), udp(v9(V9_TEMPLATE, sequence=8), port=2))

    assert ["template", "data"] == kinds(lines)


def test_scope_types_and_plain_ids_of_version_9_are_shown_as_sent() -> None:
    """The number on the wire, the name of the table."""
    options = struct.pack("!HHHHHHH", 257, 4, 4, 1, 4, 33000, 2) + bytes(2)
    (line,) = feed(udp(v9(a_set(1, options))))

    assert [
        {
            "name": "scopeSystem",
            "enterprise_number": 0,
            "element_id": 1,
            "length": 4,
            "scope": True,
        },
        {"name": "ingressAclId", "enterprise_number": 0, "element_id": 33000, "length": 2},
    ] == line["elements"]


@pytest.mark.parametrize(
    ("header", "record", "keys"),
    [
        ("0001 0001", 48, ["sys_uptime_ms", "export_time_residual_ns"]),
        ("0005 0001", 48, ["sys_uptime_ms", "export_time_residual_ns", "sampling"]),
        ("0007 0001", 52, ["sys_uptime_ms", "export_time_residual_ns"]),
    ],
)
def test_fixed_records_show_what_their_header_has(
    header: str, record: int, keys: list[str]
) -> None:
    """No Template ID; of the header what the version has; elements as IANA calls them."""
    head = bytes.fromhex(header) + bytes(12 if keys[-1] != "sampling" and record == 48 else 20)
    (line,) = feed(udp(head + bytes(record)))

    head_keys = ["exporter", "version", "export_time", "sequence_number", "observation_domain_id"]
    assert ["kind", *head_keys, *keys, "fields"] == list(line)
    assert "0.0.0.0" == line["fields"]["sourceIPv4Address"]


def test_malformed_netflow_shows_its_header() -> None:
    """All of it that there is."""
    (line,) = feed(udp(v9(DATA)[:-1]))

    assert ("malformed", 9, EXPORT_TIME, 60_000, "set_length", 22) == tuple(
        line[key] for key in ("kind", "version", "export_time", "sys_uptime_ms", "reason", "offset")
    )
