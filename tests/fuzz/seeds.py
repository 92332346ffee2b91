"""Messages to begin with: made here, the goldens of the tree, and the corpus where it is."""

from pathlib import Path

from schemas.registry import DataType
from tests.corpus.corpus import corpus_root
from tests.wire.octets import (
    VARIABLE,
    a_set,
    entry_of,
    field,
    long,
    message,
    options_template,
    short,
    template,
)

_ROOT = Path(__file__).parents[2]
_LARGEST = 4000
"""Octets of a seed: beyond them most mutations change nothing that matters."""

_MOST = 400
"""Messages of one file."""


def made() -> list[bytes]:
    """One Message a feature: all types, lists of lists, options, withdrawals, padding."""
    kinds = [kind.value for kind in DataType]
    plain = [kind for kind in kinds if "ist" not in kind]
    every = template(256, *(field(kind, VARIABLE) for kind in plain))
    names = b"\3" + field("string", VARIABLE, enterprise=9) + short(b"a.dll") + short(b"b.dll")
    hashes = b"\3" + field("octetArray", 4, enterprise=9) + b"abcdefgh"
    nested = b"\3" + field("basicList", VARIABLE) + long(names) + short(hashes)
    lists = template(
        257,
        field("basicList", VARIABLE),
        field("basicList", VARIABLE),
        field("subTemplateList", VARIABLE),
        field("subTemplateMultiList", VARIABLE),
        field("unsigned64", 3),
    )
    pair = template(258, field("unsigned8", 1), field("string", VARIABLE))
    pairs = b"\1" + short(b"a") + b"\2" + short(b"b")
    record = (
        long(names) + long(nested) + long(b"\3\1\2" + pairs)
        + short(b"\3" + entry_of(258, pairs) + entry_of(258, b"")) + b"\0\0\7"
    )  # fmt: skip
    flow = template(
        259,
        field("ipv4Address", 4),
        field("ipv6Address", 16),
        field("unsigned16", 2),
        field("dateTimeSeconds", 4),
        field("octetArray", 20),
        field("string", 8),
        field("basicList", VARIABLE),
        field("basicList", VARIABLE),
    )
    options = options_template(
        260, 2, field(346, 4), field(303, 2), field(339, 1), field(341, 65535)
    )
    values = b"".join(short(bytes(range(1, 1 + n % 9))) for n in range(len(plain)))
    return [
        message(a_set(2, every, lists, pair, flow), a_set(3, options)),
        message(a_set(256, values, values, b"\0")),
        message(a_set(257, record, record)),
        message(
            a_set(259, bytes(54), long(names), long(hashes), bytes(54), long(names), b"\0" * 3)
        ),
        message(a_set(260, b"\0\0\0\x09\x30\x4c\x0d" + short(b"agentVersion"))),
        message(a_set(2, template(256), template(2), bytes(4)), a_set(3, template(260))),
        message(a_set(0, b"abcd"), a_set(300, b"efgh")),
        message(),
    ]


def found() -> list[bytes]:
    """Messages of ``tests/golden`` and of the corpus, those that are of a sensible size."""
    seeds: list[bytes] = []
    for folder in (_ROOT / "tests" / "golden", *filter(None, [corpus_root()])):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".pcap", ".pcapng", ".hex", ".bin", ".dat", ".raw", ".ipfix"}:
                seeds += _messages(path)
    return seeds


def _messages(path: Path) -> list[bytes]:
    octets = path.read_bytes()
    if path.suffix == ".hex":
        lines = octets.decode("ascii", "replace").splitlines()
        kept = [line.split("#")[0].strip() for line in lines]
        try:
            chunks = [bytes.fromhex(line) for line in kept if line]
        except ValueError:
            return []
        octets = b"".join(chunks)
    messages = []
    position = octets.find(b"\0\x0a")
    # A capture's own framing lies between: look for what has the version and a length that fits.
    while position >= 0 and len(messages) < _MOST:
        length = int.from_bytes(octets[position + 2 : position + 4], "big")
        if 20 <= length <= _LARGEST and octets[position + 16 : position + 17] in {b"\0", b"\1"}:
            messages.append(octets[position : position + length])
            position += length - 1
        position = octets.find(b"\0\x0a", position + 1)
    return messages
