"""Small changes to octets, as broken exporters and hostile ones make them."""

import random

_INTERESTING = (0, 1, 2, 3, 4, 254, 255, 256, 257, 4095, 32768, 65534, 65535)
_AT_ONCE = 5
_MOST = 300


def mutated(seeds: list[bytes], source: random.Random) -> bytes:
    """Return one of the seeds with one to five changes; one in twenty is random all through."""
    if source.random() < 0.05:
        return source.randbytes(source.randrange(_MOST))
    octets = bytearray(source.choice(seeds))
    for _ in range(source.randint(1, _AT_ONCE)):
        _change(octets, seeds, source)
    if source.random() < 0.7 and len(octets) >= 4:
        octets[0:4] = b"\0\x0a" + (len(octets) & 0xFFFF).to_bytes(2, "big")
    if source.random() < 0.5 and len(octets) >= 20:
        octets[18:20] = (len(octets) - 16 & 0xFFFF).to_bytes(2, "big")
    return bytes(octets)


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
