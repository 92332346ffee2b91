"""Messages to begin with: made here, the goldens of the tree, and the corpus where it is."""

import struct
from itertools import islice
from pathlib import Path

from envizzy.captures import CaptureError, read
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
    v9_message,
    v9_options_template,
)
from tests.wire.test_fixed import RECORDS, datagram

_ROOT = Path(__file__).parents[2]
_LARGEST = 4000
"""Octets of a seed: beyond them most mutations change nothing that matters."""

_NETFLOW = {number.to_bytes(2, "big") for number in (1, 5, 7, 9)}

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
        *_netflow(),
    ]


def _netflow() -> list[bytes]:
    """Version 9 with options, variable length, padding; the fixed versions."""
    flow = template(270, *(field(number, size) for number, size in _FLOW))
    named = template(271, field("ipv4Address", 4), field("string", VARIABLE), field(33000, 12))
    samplers = v9_options_template(
        272, (struct.pack(">HH", 1, 4),), (field(48, 2), field(34, 4), field(82, 8))
    )
    return [
        v9_message(a_set(0, flow, named), a_set(1, samplers, bytes(2))),
        v9_message(a_set(270, bytes(range(24)) * 3, b"\xff\xff")) + bytes(40),
        v9_message(a_set(271, bytes(4) + short(b"Gi0/1") + bytes(12)), a_set(1, samplers)),
        v9_message(a_set(272, bytes(18) * 2), a_set(7, b"abcd"), count=2),
        *(datagram(version, 2, record, record) for version, record in RECORDS.items()),
        datagram(5, 0) + b"behind",
    ]


_FLOW = ((1, 3), (8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (21, 4), (22, 4))


def found() -> list[bytes]:
    """Messages of ``tests/golden`` and of the corpus, those that are of a sensible size."""
    seeds: list[bytes] = []
    for folder in (_ROOT / "tests" / "golden", *filter(None, [corpus_root()])):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".pcap", ".pcapng", ".hex", ".bin", ".dat", ".raw", ".ipfix"}:
                seeds += _messages(path)
                seeds += _datagrams(path)
    return seeds


def _datagrams(path: Path) -> list[bytes]:
    """NetFlow has no length to find it by: whole datagrams."""
    try:
        payloads = [captured.payload for captured in islice(read(path), _MOST)]
    except CaptureError:
        return []
    return [item for item in payloads if item[:2] in _NETFLOW and len(item) <= _LARGEST]


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
