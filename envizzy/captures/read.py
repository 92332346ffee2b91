"""Read the datagrams of a file, whatever its format."""

import struct
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from envizzy.captures.formats import HEAD_OCTETS, tell
from envizzy.captures.fragments import Joiner
from envizzy.captures.frames import LINK_TYPES, UDP, Damaged, IpPacket, NotIp, ip_packet
from envizzy.captures.hex_text import hex_datagrams
from envizzy.captures.model import Captured, CaptureError, Format, Skipped, Tally
from envizzy.captures.pcap import read_pcap
from envizzy.captures.pcapng import Frame, read_pcapng
from streams.wire.ipfix_file import split
from streams.wire.model import MalformedMessage

_UDP_HEADER = struct.Struct("!HHHH")


def read(
    path: Path | str,
    *,
    ports: Collection[int] | None = None,
    format: Format | None = None,  # noqa: A002 - the word users know from --format
    tally: Tally | None = None,
) -> Iterator[Captured]:
    """The UDP payloads of a capture, or the Messages of an IPFIX file, in order.

    Args:
        path: The file.
        ports: Only UDP payloads sent to these; all where None. Files without ports are not
            restricted.
        format: How to read it; None: told from its content.
        tally: Counts what was left out.

    Raises:
        CaptureError: The file cannot be opened, or is nothing that can be read.
    """
    path = Path(path)
    tally = Tally() if tally is None else tally
    datagrams, skipped = tally.datagrams, tally.skipped.copy()
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_OCTETS)
            chosen = format or tell(head, path.stat().st_size, str(path))
            file.seek(0)
            for captured in _READERS[chosen](file, str(path), tally, ports):
                tally.datagrams += 1
                yield captured
    except OSError as error:
        raise CaptureError(f"{path}: {error.strerror or error}") from error
    if tally.datagrams == datagrams:
        tally.empty.append((str(path), tally.skipped - skipped))


_Reader = Callable[[BinaryIO, str, Tally, Collection[int] | None], Iterator[Captured]]


def _pcap(
    file: BinaryIO, name: str, tally: Tally, ports: Collection[int] | None
) -> Iterator[Captured]:
    return _datagrams(read_pcap(file, name, tally), name, tally, ports)


def _pcapng(
    file: BinaryIO, name: str, tally: Tally, ports: Collection[int] | None
) -> Iterator[Captured]:
    return _datagrams(read_pcapng(file, name, tally), name, tally, ports)


def _datagrams(
    frames: Iterator[Frame], name: str, tally: Tally, ports: Collection[int] | None
) -> Iterator[Captured]:
    """The UDP payloads of frames, fragments joined."""
    joiner = Joiner(tally)
    supported = False
    for frame in frames:
        if frame.link_type not in LINK_TYPES:
            tally.skipped[Skipped.LINK_TYPE] += 1
            tally.link_types.add(frame.link_type)
            continue
        supported = True
        try:
            packet = ip_packet(frame.link_type, frame.octets)
        except NotIp:
            tally.skipped[Skipped.NOT_UDP] += 1
            continue
        except Damaged:
            tally.skipped[Skipped.SHORT if frame.cut else Skipped.DAMAGED] += 1
            continue
        if packet.protocol != UDP:
            tally.skipped[Skipped.NOT_UDP] += 1
            continue
        whole = joiner.join(packet, frame.time_ns)
        if whole is not None:
            yield from _udp(whole, frame.time_ns, tally, ports)
    joiner.finish()
    if tally.link_types and not supported:
        numbers = ", ".join(map(str, sorted(tally.link_types)))
        raise CaptureError(
            f"{name}: link type {numbers} is not supported;"
            " Ethernet, Linux cooked, PPP, Cisco HDLC, raw IP and BSD loopback are"
        )


def _udp(
    packet: IpPacket, time_ns: int, tally: Tally, ports: Collection[int] | None
) -> Iterator[Captured]:
    if len(packet.payload) < _UDP_HEADER.size:
        tally.skipped[Skipped.SHORT if packet.missing else Skipped.DAMAGED] += 1
        return
    port, local_port, length, _ = _UDP_HEADER.unpack_from(packet.payload)
    if ports is not None and local_port not in ports:
        tally.skipped[Skipped.OTHER_PORT] += 1
        return
    if length < _UDP_HEADER.size:
        tally.skipped[Skipped.DAMAGED] += 1
        return
    if length > len(packet.payload):
        # Handed on as far as it goes: the decoder says where it breaks off.
        tally.skipped[Skipped.SHORT] += 1
    payload = packet.payload[_UDP_HEADER.size : length]
    yield Captured(packet.source, port, local_port, time_ns, payload)


def _hex(
    file: BinaryIO,
    name: str,
    tally: Tally,  # noqa: ARG001 - one form for all readers
    ports: Collection[int] | None,  # noqa: ARG001 - one form for all readers
) -> Iterator[Captured]:
    text = file.read().decode("utf-8-sig", "backslashreplace")
    for payload in hex_datagrams(text, name):
        yield Captured(None, 0, 0, 0, payload)


def _raw(
    file: BinaryIO,
    name: str,  # noqa: ARG001 - one form for all readers
    tally: Tally,  # noqa: ARG001 - one form for all readers
    ports: Collection[int] | None,  # noqa: ARG001 - one form for all readers
) -> Iterator[Captured]:
    yield Captured(None, 0, 0, 0, file.read())


def _ipfix(
    file: BinaryIO,
    name: str,  # noqa: ARG001 - one form for all readers
    tally: Tally,  # noqa: ARG001 - one form for all readers
    ports: Collection[int] | None,  # noqa: ARG001 - one form for all readers
) -> Iterator[Captured]:
    """Messages one behind the other; where the lengths break off, the rest in one piece."""
    data = file.read()
    done = 0
    try:
        for message in split(data):
            done += len(message)
            yield Captured(None, 0, 0, 0, message, stream=True)
    except MalformedMessage:
        # Not lost: the decoder refuses these octets with reason and offset.
        yield Captured(None, 0, 0, 0, data[done:], stream=True)


_READERS: dict[Format, _Reader] = {
    Format.PCAP: _pcap,
    Format.PCAPNG: _pcapng,
    Format.HEX: _hex,
    Format.RAW: _raw,
    Format.IPFIX: _ipfix,
}
