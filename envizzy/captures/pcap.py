"""pcap, by dpkt."""

from collections.abc import Iterator
from typing import BinaryIO

import dpkt

from envizzy.captures.model import CaptureError, Skipped, Tally
from envizzy.captures.pcapng import Frame

_NANOSECONDS = 1_000_000_000


def read_pcap(file: BinaryIO, name: str, tally: Tally) -> Iterator[Frame]:
    """The frames of a pcap file, in order; a file that ends within a packet ends there, counted.

    Raises:
        CaptureError: The file header is cut short.
    """
    try:
        reader = dpkt.pcap.Reader(file)
    except (ValueError, dpkt.UnpackError) as error:
        raise CaptureError(f"{name}: the pcap header is damaged: {error}") from error
    link_type = (
        reader.datalink() & 0xFFFF
    )  # the upper half holds what is known of a frame check sequence
    packets = iter(reader)
    while True:
        try:
            seconds, octets = next(packets)
        except StopIteration:
            return
        except dpkt.UnpackError:
            tally.skipped[Skipped.CUT_FILE] += 1
            return
        # dpkt gives a float of microseconds or a Decimal of nanoseconds; both are exact when
        # rounded to their unit.
        is_float = isinstance(seconds, float)
        time_ns = round(seconds * 1_000_000) * 1000 if is_float else int(seconds * _NANOSECONDS)
        yield Frame(link_type, time_ns, octets, cut=False)
