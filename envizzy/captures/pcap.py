"""pcap, by dpkt."""

from collections.abc import Iterator
from typing import BinaryIO

import dpkt

from envizzy.captures.model import CaptureError, Skipped, Tally
from envizzy.captures.pcapng import Frame

_NANOSECONDS = 1_000_000_000

_LARGEST_PACKET = 64 * 1024 * 1024
"""A length beyond this is damage and not a packet; no snap length is near it."""


class _Whole:
    """The file as dpkt reads it: dpkt takes any length of a packet, and fewer octets than that.

    Attributes:
        cut: Whether the file ended before what was asked for last.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.cut = False
        self._file = file
        self._name = name

    def read(self, octets: int) -> bytes:
        """As of a file.

        Raises:
            CaptureError: No packet is that long.
        """
        if octets > _LARGEST_PACKET:
            raise CaptureError(
                f"{self._name}: a packet of {octets} octets at octet {self._file.tell()}: "
                "the file is damaged from there on"
            )
        found = self._file.read(octets)
        self.cut = len(found) < octets
        return found


def read_pcap(file: BinaryIO, name: str, tally: Tally) -> Iterator[Frame]:
    """The frames of a pcap file, in order; a file that ends within a packet ends there, counted.

    Raises:
        CaptureError: The file header is cut short, or that of a packet is damaged.
    """
    whole = _Whole(file, name)
    try:
        reader = dpkt.pcap.Reader(whole)
    except (ValueError, dpkt.UnpackError) as error:
        raise CaptureError(f"{name}: the pcap header is damaged: {error}") from error
    # The upper half holds what is known of a frame check sequence.
    link_type = reader.datalink() & 0xFFFF
    packets = iter(reader)
    while True:
        try:
            seconds, octets = next(packets)
        except StopIteration:
            return
        except dpkt.UnpackError:
            tally.skipped[Skipped.CUT_FILE] += 1
            return
        if whole.cut:
            tally.skipped[Skipped.CUT_FILE] += 1
            return
        # dpkt gives a float of microseconds or a Decimal of nanoseconds; both are exact when
        # rounded to their unit.
        is_float = isinstance(seconds, float)
        time_ns = round(seconds * 1_000_000) * 1000 if is_float else int(seconds * _NANOSECONDS)
        yield Frame(link_type, time_ns, octets, cut=False)
