"""Small changes to octets, as broken exporters and hostile ones make them."""

import random

_INTERESTING = (0, 1, 2, 3, 4, 254, 255, 256, 257, 4095, 32768, 65534, 65535)
_AT_ONCE = 5
_MOST = 300

_IPFIX, _VERSION_9 = b"\0\x0a", b"\0\x09"
_FIXED = {b"\0\1": (16, 48), b"\0\5": (24, 48), b"\0\7": (24, 52)}
"""Octets of header and record of NetFlow v1, v5 and v7."""


def mutated(seeds: list[bytes], source: random.Random) -> bytes:
    """Return one of the seeds with one to five changes; one in twenty is random all through.

    Most get a header that fits again, or else little would be seen but refused headers.
    """
    if source.random() < 0.05:
        return source.randbytes(source.randrange(_MOST))
    octets = bytearray(source.choice(seeds))
    version = bytes(octets[:2])
    for _ in range(source.randint(1, _AT_ONCE)):
        _change(octets, seeds, source)
    if source.random() < 0.7:
        _mend(octets, version)
    if source.random() < 0.5:
        start = 20 if version == _VERSION_9 else 16
        if len(octets) >= start + 4:
            octets[start + 2 : start + 4] = (len(octets) - start & 0xFFFF).to_bytes(2, "big")
    return bytes(octets)


def _mend(octets: bytearray, version: bytes) -> None:
    """Make version, and length or count, what they would be."""
    if version == _IPFIX:
        octets[0:4] = version + (len(octets) & 0xFFFF).to_bytes(2, "big")
    elif version in _FIXED:
        head, record = _FIXED[version]
        octets[0:4] = version + (max(0, len(octets) - head) // record).to_bytes(2, "big")
    else:
        octets[0:2] = version


def _change(octets: bytearray, seeds: list[bytes], source: random.Random) -> None:
    at = source.randrange(len(octets) + 1)
    match source.randrange(6):
        case 0 if at < len(octets):
            octets[at] ^= 1 << source.randrange(8)
        case 1 if at < len(octets):
            octets[at] = source.randrange(256)
        case 2:
            octets[at : at + 2] = source.choice(_INTERESTING).to_bytes(2, "big")
        case 3:
            octets[at:at] = source.randbytes(source.randrange(1, 8))
        case 4:
            del octets[at : at + source.randrange(1, 8)]
        case _:
            other = source.choice(seeds)
            start = source.randrange(len(other))
            octets[at:at] = other[start : start + source.randrange(1, 40)]
