"""IPFIX Files and streams: Messages one behind the other (RFC 5655, 4; RFC 7011, 10.4)."""

from collections.abc import Iterator

from streams.wire.frame import read_header


def split(data: bytes) -> Iterator[bytes]:
    """Cut at each Message's Length.

    Args:
        data: The whole file.

    Yields:
        Messages, headers included, unread behind these.

    Raises:
        MalformedMessage: What ``read_header`` raises, with the offset in the file: behind it the
            chain of lengths is lost, so nothing more can be cut.
    """
    position = 0
    while position < len(data):
        length = read_header(data, position).length
        yield data[position : position + length]
        position += length
