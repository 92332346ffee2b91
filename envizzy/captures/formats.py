"""Tell a file's format from its content, never from its name.

pcap and pcapng have magic numbers. Text of hex digits, white space and comments is hex. An IPFIX
file (RFC 5655: Messages
one behind the other, as in a TCP stream) is told from a raw datagram by the second Message that
begins where the
first one's Length ends; with one Message both are the same. What else fits into a datagram is a raw
datagram.
"""

import codecs

from envizzy.captures.ipfix_lengths import begins_stream
from envizzy.captures.model import CaptureError, Format

HEAD_OCTETS = 128 * 1024
"""How much of a file ``tell`` wants: the largest Message and the header of the next."""

DATAGRAM_OCTETS = 65535
"""No UDP payload is longer."""

_PCAP_MAGIC = frozenset(
    bytes.fromhex(magic)
    # As in libpcap: microseconds, nanoseconds, and Kuznetzov's patched form, each in both byte
    # orders.
    for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1")
)
_PCAPNG_MAGIC = bytes.fromhex("0a0d0d0a")
_PACKED = {
    bytes.fromhex("1f8b"): "gzip",
    bytes.fromhex("28b52ffd"): "zstd",
    bytes.fromhex("fd377a58"): "xz",
    bytes.fromhex("04224d18"): "lz4",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
}
_TEXT = frozenset(b"\t\n\r\f") | frozenset(range(0x20, 0x7F))


def tell(head: bytes, size: int, name: str) -> Format:
    """The format of a file.

    Args:
        head: Its first octets, ``HEAD_OCTETS`` of them where it has as many.
        size: Octets in the whole file.
        name: For the error.

    Raises:
        CaptureError: Nothing that can be read: empty, packed, or too long for a datagram.
    """
    if not head:
        raise CaptureError(f"{name}: empty")
    if head[:4] in _PCAP_MAGIC:
        return Format.PCAP
    if head[:4] == _PCAPNG_MAGIC:
        return Format.PCAPNG
    for magic, packer in _PACKED.items():
        if head.startswith(magic):
            raise CaptureError(f"{name}: packed with {packer}; unpack it first")
    if head.startswith(codecs.BOM_UTF8):
        return Format.HEX
    if begins_stream(head):
        return Format.IPFIX
    # UTF-8 in a comment is text too; a datagram begins with its version, whose first octet is no
    # text.
    if head[0] in _TEXT and b"\0" not in head:
        return Format.HEX
    if size > DATAGRAM_OCTETS:
        raise CaptureError(
            f"{name}: no pcap, pcapng, hex text or IPFIX file, and its {size} octets are more than"
            f" a datagram holds ({DATAGRAM_OCTETS})"
        )
    return Format.RAW
