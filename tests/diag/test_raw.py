"""The capture of ``raw``: packets as other tools read them."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from envizzy.captures import read
from envizzy.diag.raw import Capture, packet_of
from schemas.addresses import exporter_octets
from schemas.datagram import Datagram, Transport

AT = 1_700_000_000_123_456_789


def datagram(exporter: str, payload: bytes, port: int = 4000) -> Datagram:
    """One that came to port 2055."""
    octets = exporter_octets(exporter)
    return Datagram(AT, octets, port, 2055, Transport.UDP, None, payload)


DATAGRAMS = (
    datagram("192.0.2.7", b"four"),
    datagram("2001:db8::7", b"six" * 3),
    datagram("192.0.2.8", b""),
    datagram("192.0.2.9", bytes(65_507), 65_535),
)


def capture(path: Path, most: int = 10_000_000) -> Capture:
    """Write all of them."""
    with path.open("wb") as file:
        made = Capture(file, most)
        for each in DATAGRAMS:
            made.add(each)
    return made


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """Address, port, payload and each nanosecond."""
    capture(tmp_path / "raw.pcap")
    found = list(read(tmp_path / "raw.pcap"))

    expected = [(each.exporter, each.port, each.payload, AT) for each in DATAGRAMS]
    assert expected == [(each.exporter, each.port, each.payload, each.time_ns) for each in found]


@pytest.mark.parametrize("each", DATAGRAMS)
def test_checksums_are_right(each: Datagram) -> None:
    """The ones' complement sum over pseudo header and UDP is all ones (RFC 768, RFC 8200, 8.1)."""
    packet = packet_of(each)
    four = packet[0] >> 4 == 4
    udp = packet[20:] if four else packet[40:]
    addresses = packet[12:20] if four else packet[8:40]
    pseudo = addresses + len(udp).to_bytes(4, "big") + bytes([0, 0, 0, 17])

    def total(octets: bytes) -> int:
        octets += bytes(len(octets) % 2)
        number = sum(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))
        while number >> 16:
            number = (number & 0xFFFF) + (number >> 16)
        return number

    assert 0xFFFF == total(pseudo + udp)
    assert not four or total(packet[:20]) == 0xFFFF


def test_a_capture_ends_at_its_size(tmp_path: Path) -> None:
    """What has no room is counted."""
    made = capture(tmp_path / "raw.pcap", 300)

    assert (3, 1, True) == (made.datagrams, made.left_out, made.full)
    assert 3 == len(list(read(tmp_path / "raw.pcap")))
    assert not Capture(io.BytesIO(), 1).full


@pytest.mark.skipif(not shutil.which("tcpdump"), reason="tcpdump is not installed")
def test_tcpdump_reads_it(tmp_path: Path) -> None:
    """And finds nothing wrong."""
    capture(tmp_path / "raw.pcap")
    done = subprocess.run(
        ["tcpdump", "-nvvr", str(tmp_path / "raw.pcap")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert 4 == done.stdout.count("udp sum ok"), done.stdout
    assert "2001:db8::7.4000 > ::.2055" in done.stdout
