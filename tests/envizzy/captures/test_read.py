import struct
from pathlib import Path

import pytest

from envizzy.captures import Captured, CaptureError, Format, Skipped, Tally, read
from tests.envizzy.captures import packets as p

# Version 10 | Length 16 | Export Time | Sequence 7 | Domain 1
MESSAGE = bytes.fromhex("000a 0010 56491c80 00000007 00000001")
SECOND = bytes.fromhex("000a 0010 56491c81 00000008 00000001")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "capture"


def payloads(file: Path, octets: bytes, **how: object) -> list[bytes]:
    file.write_bytes(octets)
    return [captured.payload for captured in read(file, **how)]  # type: ignore[arg-type]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_pcap_gives_addresses_ports_time_and_payload(file: Path, order: str, nano: bool) -> None:
    """A UDP payload in Ethernet and IPv4 comes with all that the packet says."""
    file.write_bytes(p.pcap(p.ethernet(p.ipv4(p.udp(MESSAGE))), order=order, nano=nano))

    expected = Captured(p.MAPPED_SOURCE, 40000, 2055, p.TIME_NS, MESSAGE)
    assert [expected] == list(read(file))


@pytest.mark.parametrize(
    ("link_type", "head"),
    [
        (p.ETHERNET, bytes(12) + b"\x08\x00"),
        (p.ETHERNET, bytes(12) + b"\x81\x00\x00\x05\x08\x00"),
        (p.ETHERNET, bytes(12) + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00"),
        (p.COOKED, bytes(14) + b"\x08\x00"),
        (p.COOKED_V2, b"\x08\x00" + bytes(18)),
        (p.RAW_IP, b""),
        (228, b""),
        (p.NULL, b"\x02\x00\x00\x00"),
        (p.NULL, b"\x00\x00\x00\x02"),
        (108, b"\x00\x00\x00\x02"),
        # PPP: with and without address and control, protocol in one octet (RFC 1661, 6.5)
        (9, bytes.fromhex("ff03 0021")),
        (9, bytes.fromhex("0021")),
        (9, bytes.fromhex("21")),
        (50, bytes.fromhex("ff03 0021")),
        # Cisco HDLC: address | control | ethertype
        (50, bytes.fromhex("0f00 0800")),
        (104, bytes.fromhex("8f00 0800")),
        # PPPoE: version, type | code | session | length || PPP protocol
        (51, bytes.fromhex("11 00 0001 0000 0021")),
        (p.ETHERNET, bytes(12) + bytes.fromhex("8864 11 00 0001 0000 0021")),
        # MPLS: two labels, the second is the last
        (p.ETHERNET, bytes(12) + bytes.fromhex("8847 00010040 00011140")),
        # 802.3 length | LLC | SNAP
        (p.ETHERNET, bytes(12) + bytes.fromhex("0034 aaaa03 000000 0800")),
    ],
)
def test_every_link_type_leads_to_the_same_payload(file: Path, link_type: int, head: bytes) -> None:
    """Ethernet and what may stand in it, Linux cooked, PPP, Cisco HDLC, raw IP, loopback."""
    frame = head + p.ipv4(p.udp(MESSAGE))

    assert [MESSAGE] == payloads(file, p.pcap(frame, link_type=link_type))


def test_ipv6_keeps_its_sixteen_octets(file: Path) -> None:
    """The exporter of an IPv6 packet is its source address."""
    file.write_bytes(p.pcap(p.ethernet(p.ipv6(p.udp(MESSAGE)), 0x86DD)))

    assert [p.V6_SOURCE] == [captured.exporter for captured in read(file)]


def test_ipv6_extension_headers_are_passed_over(file: Path) -> None:
    """Hop-by-hop and destination options stand before UDP."""
    body = bytes([60, 0]) + bytes(6) + bytes([17, 1]) + bytes(14) + p.udp(MESSAGE)

    assert [MESSAGE] == payloads(file, p.pcap(p.ethernet(p.ipv6(body, 0), 0x86DD)))


@pytest.mark.parametrize("turned", [False, True])
def test_ipv4_fragments_are_joined_in_any_order(file: Path, turned: bool) -> None:
    """Three fragments and a repeated one make one payload."""
    body = p.udp(bytes(range(256)) * 8)
    parts = [
        p.ipv4(body[:1000], more=True),
        p.ipv4(body[1000:1600], 1000, more=True),
        p.ipv4(body[1000:1600], 1000, more=True),
        p.ipv4(body[1600:], 1600),
    ]
    frames = [p.ethernet(part) for part in (reversed(parts) if turned else parts)]

    assert [body[8:]] == payloads(file, p.pcap(*frames))


def test_ipv6_fragments_are_joined(file: Path) -> None:
    """The fragment header gives offset and identification."""
    body = p.udp(bytes(2000))
    frames = [
        p.ethernet(p.ipv6_fragment(body[:1400], 0, more=True), 0x86DD),
        p.ethernet(p.ipv6_fragment(body[1400:], 1400, more=False), 0x86DD),
    ]

    assert [body[8:]] == payloads(file, p.pcap(*frames))


def test_overlapping_fragments_void_the_packet_and_are_counted(file: Path) -> None:
    """No honest sender overlaps fragments (RFC 5722, 4)."""
    body = p.udp(bytes(2000))
    tally = Tally()
    frames = [
        p.ethernet(p.ipv4(body[:1400], more=True)),
        p.ethernet(p.ipv4(body[1000:], 1000)),
    ]

    assert [] == payloads(file, p.pcap(*frames), tally=tally)
    assert 1 == tally.skipped[Skipped.DAMAGED]
    assert ["1 packet damaged"] == tally.notes()


def test_a_missing_fragment_is_counted(file: Path) -> None:
    """What never becomes whole is said at the end."""
    tally = Tally()

    assert [] == payloads(
        file, p.pcap(p.ethernet(p.ipv4(p.udp(bytes(800)), more=True))), tally=tally
    )
    assert ["1 packet fragmented, a fragment missing"] == tally.notes()


def test_ports_restrict_by_destination(file: Path) -> None:
    """Only payloads sent to one of the ports are handed out."""
    octets = p.pcap(
        p.ethernet(p.ipv4(p.udp(MESSAGE, local_port=53))), p.ethernet(p.ipv4(p.udp(SECOND)))
    )

    assert [SECOND] == payloads(file, octets, ports=[2055])


def test_ethernet_padding_is_not_payload(file: Path) -> None:
    """Short frames are padded; the IP and UDP lengths say where the payload ends."""
    frame = p.ethernet(p.ipv4(p.udp(b"\x00\x0a"))) + bytes(20)

    assert [b"\x00\x0a"] == payloads(file, p.pcap(frame))


def test_a_payload_cut_by_the_snap_length_goes_on_as_far_as_it_is_there(file: Path) -> None:
    """The decoder, not the reader, says that a Message is cut."""
    tally = Tally()
    frame = p.ethernet(p.ipv4(p.udp(MESSAGE)))[:-6]

    assert [MESSAGE[:-6]] == payloads(file, p.pcap(frame), tally=tally)
    assert 1 == tally.skipped[Skipped.SHORT]


@pytest.mark.parametrize("length", range(1, 90))
def test_a_pcap_cut_anywhere_raises_nothing_but_capture_error(file: Path, length: int) -> None:
    """A file may end within a packet: what was whole is there, the rest is counted."""
    whole = p.pcap(p.ethernet(p.ipv4(p.udp(MESSAGE))))
    file.write_bytes(whole[:length])
    tally = Tally()
    try:
        got = [captured.payload for captured in read(file, format=Format.PCAP, tally=tally)]
    except CaptureError:
        assert length < 24
        return

    assert length == len(whole) or got in ([], [MESSAGE[: len(got[0])]] if got else [])


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_interfaces_have_link_types_and_clocks_of_their_own(file: Path, order: str) -> None:
    """Two interfaces of one section: microseconds by default, nanoseconds by option."""
    raw = p.ipv4(p.udp(SECOND))
    octets = (
        p.section(order)
        + p.interface(p.ETHERNET, order=order)
        + p.interface(p.RAW_IP, 9, order=order)
        + p.enhanced(p.ethernet(p.ipv4(p.udp(MESSAGE))), p.TIME_NS // 1000, 0, order)
        + p.block(5, bytes(12), order)
        + p.enhanced(raw, p.TIME_NS + 1, 1, order)
        + p.block(3, struct.pack(order + "I", len(p.ethernet(raw))) + p.ethernet(raw), order)
    )
    file.write_bytes(octets)

    expected = [(p.TIME_NS, MESSAGE), (p.TIME_NS + 1, SECOND), (0, SECOND)]
    assert expected == [(captured.time_ns, captured.payload) for captured in read(file)]


def test_a_damaged_pcapng_block_is_one_clear_error(file: Path) -> None:
    """A block length that cannot be names the file and the place."""
    octets = p.section() + struct.pack("<II", 6, 5)

    with pytest.raises(CaptureError, match="pcapng block of 5 octets before octet 36"):
        payloads(file, octets)


@pytest.mark.parametrize(
    ("link_type", "frame"),
    [
        (9, bytes.fromhex("ff03 8021 01010004")),  # IPCP
        (p.ETHERNET, bytes(12) + bytes.fromhex("0003 424203")),  # LLC of spanning tree
        (p.ETHERNET, bytes(12) + bytes.fromhex("8847 00010140 00000000 0000")),  # a pseudowire
    ],
)
def test_frames_of_other_protocols_are_counted_and_said(
    file: Path, link_type: int, frame: bytes
) -> None:
    """A capture that gives nothing says what it has instead."""
    tally = Tally()

    assert [] == payloads(file, p.pcap(frame, link_type=link_type), tally=tally)
    assert [f"{file}: no datagram, 1 packet not UDP over IP"] == tally.notes()


@pytest.mark.parametrize(
    ("link_type", "head"), [(9, "ff03"), (9, "ff03 00"), (51, "1100 0001"), (p.ETHERNET, "")]
)
def test_a_link_layer_header_that_is_cut_is_damage(file: Path, link_type: int, head: str) -> None:
    """It raises nothing else."""
    cut = bytes(12) + bytes.fromhex("8847 000100") if link_type == p.ETHERNET else b""
    tally = Tally()

    assert [] == payloads(file, p.pcap(bytes.fromhex(head) + cut, link_type=link_type), tally=tally)
    assert 1 == tally.skipped[Skipped.DAMAGED]


def test_a_file_of_comments_says_that_it_has_no_datagram(file: Path) -> None:
    """Nothing goes missing unsaid."""
    tally = Tally()

    assert [] == payloads(file, b"# nothing yet\n", tally=tally)
    assert [f"{file}: no datagram"] == tally.notes()


def test_hex_may_begin_with_a_byte_order_mark(file: Path) -> None:
    """Editors of Windows put one before UTF-8."""
    assert [MESSAGE] == payloads(file, b"\xef\xbb\xbf" + MESSAGE.hex().encode() + b"\r\n")


def test_a_damaged_pcap_packet_is_one_clear_error(file: Path) -> None:
    """A length that cannot be names the file and the place; it is not taken for memory."""
    octets = p.pcap(b"")[:24] + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF)

    with pytest.raises(CaptureError, match=r"packet of 4294967295 octets at octet 40: .* damaged"):
        payloads(file, octets)


def test_an_unsupported_link_type_is_one_clear_error(file: Path) -> None:
    """A capture of nothing but radio frames cannot be read."""
    with pytest.raises(CaptureError, match="link type 127 is not supported; Ethernet"):
        payloads(file, p.pcap(bytes(60), link_type=127))


def test_hex_is_a_datagram_a_line(file: Path) -> None:
    """Comments, blanks and white space within a line are no data."""
    text = f"# two\n{MESSAGE.hex(' ')}  # first\n\n{SECOND.hex().upper()}\n"

    assert [MESSAGE, SECOND] == payloads(file, text.encode())


def test_hex_of_one_message_over_many_lines_is_joined(file: Path) -> None:
    """Lines that are no messages by themselves, but are together, are only wrapped."""
    digits = (MESSAGE + SECOND).hex()
    text = "\n".join(digits[at : at + 13] for at in range(0, len(digits), 13))

    assert [MESSAGE, SECOND] == payloads(file, text.encode())


@pytest.mark.parametrize("record", [32, 48])
@pytest.mark.parametrize(
    "payload",
    [
        bytes.fromhex("00050002") + bytes(20 + 2 * 48),
        bytes.fromhex("00090001") + bytes(16) + bytes.fromhex("01000024") + bytes(32),
    ],
)
def test_wrapped_hex_of_netflow_is_joined(file: Path, payload: bytes, record: int) -> None:
    """One message whose records, or FlowSets, end with the last line."""
    digits = payload.hex()
    text = "\n".join(digits[at : at + record] for at in range(0, len(digits), record))

    assert [payload] == payloads(file, text.encode())


def test_whole_netflow_lines_are_datagrams(file: Path) -> None:
    """Each by itself, however many."""
    line = (bytes.fromhex("00050001") + bytes(20 + 48)).hex()

    assert [bytes.fromhex(line)] * 2 == payloads(file, f"{line}\n{line}\n".encode())


def test_hex_lines_that_do_not_join_are_datagrams(file: Path) -> None:
    """What is short stays short, and is reported as malformed."""
    assert [b"\x00\x09\x00\x01", b"\x00\x05"] == payloads(file, b"00090001\n0005\n")


def test_a_short_ipfix_line_is_a_datagram_by_itself(file: Path) -> None:
    """What does not become whole by joining is reported by the decoder, not guessed at."""
    text = f"{MESSAGE.hex()}\n{SECOND[:-1].hex()}\n"

    assert [MESSAGE, SECOND[:-1]] == payloads(file, text.encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("000a\nhello\n", r"capture:2: 'hello': text of hex digits is expected"),
        ("000a001\n", r"capture:1: 7 hex digits"),
        ("", r"capture: empty"),
    ],
)
def test_text_that_is_no_hex_is_one_clear_error(file: Path, text: str, said: str) -> None:
    """The error names file, line and what would be right."""
    with pytest.raises(CaptureError, match=said):
        payloads(file, text.encode())


def test_messages_one_behind_the_other_are_an_ipfix_file(file: Path) -> None:
    """A second Message header where the first Message ends makes it a stream; withdrawals count."""
    file.write_bytes(MESSAGE + SECOND)

    assert [(MESSAGE, True), (SECOND, True)] == [(c.payload, c.stream) for c in read(file)]


def test_an_ipfix_file_that_is_cut_gives_its_tail_as_it_is(file: Path) -> None:
    """The rest goes to the decoder, which refuses it with reason and offset."""
    assert [MESSAGE, SECOND[:-3]] == payloads(file, MESSAGE + SECOND[:-3])


@pytest.mark.parametrize("octets", [MESSAGE, MESSAGE + b"\xff\xff", b"\x00\x05\x00\x01", b"\xff"])
def test_anything_else_is_a_raw_datagram(file: Path, octets: bytes) -> None:
    """One Message, one with octets behind it, another version: the whole file is the payload."""
    file.write_bytes(octets)

    assert [(octets, False)] == [(captured.payload, captured.stream) for captured in read(file)]


def test_format_can_be_forced(file: Path) -> None:
    """The same octets as one datagram with something behind it."""
    assert [MESSAGE + SECOND] == payloads(file, MESSAGE + SECOND, format=Format.RAW)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"\x1f\x8b\x08", "packed with gzip; unpack it first"),
        (bytes(70000), "70000 octets are more than a datagram holds"),
    ],
)
def test_what_cannot_be_read_says_why(file: Path, octets: bytes, said: str) -> None:
    """Packed files and files that are too long for a datagram are refused in one line."""
    with pytest.raises(CaptureError, match=said):
        payloads(file, octets)


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    """The operating system's reason, without a traceback."""
    with pytest.raises(CaptureError, match="nothing: No such file or directory"):
        list(read(tmp_path / "nothing"))
