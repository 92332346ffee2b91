"""Real nvzFlow messages to the collector's real lines: the same keys and values, in order.

A line of the Cisco collector is ``key="value"``; lists are their items, each followed by a space.
"""

import json
import re
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from envizzy.captures import Captured, read
from envizzy.decode.records import record_lines
from tests.corpus.corpus import corpus_root

GOLDEN = Path(__file__).parents[1] / "golden"
ONA = GOLDEN / "ona-nvzflow-all" / "packets"
TEMPLATES = ONA / "template_message.hex"

Pairs = list[tuple[str, str]]

ONA_ENDPOINT = (
    'fv="nvzFlow_v3" vsn="STATION-102010" udid="4CA7D9A79889DC4F18B4CD1B7E9F7E25D0C866A4"'
    ' osn="Mac OS X" osv="10.12.6" ose="Sierra" sm="-" st="x64"'
)
ONA_FLOW = (
    'fv="nvzFlow_v3" pr="17" sa="192.168.0.10" sp="43879" da="192.168.0.11" dp="53"'
    ' fss="1491362773" fst="Wed Apr  5 03:26:13 2017" fes="1491362773"'
    ' fet="Wed Apr  5 03:26:13 2017" udid="4CA7D9A79889DC4F18B4CD1B7E9F7E25D0C866A4"'
    ' liuid="MYNVM\\dummy11" liuida="MYNVM" liuidp="dummy11" liuat="2"'
    ' pa="NT AUTHORITY\\NETWORK SERVICE" paa="NT AUTHORITY" pap="NETWORK SERVICE" puat="1"'
    ' pn="svchost.exe" ph="740A46A0F5E0E8C933EFD28C9901E54E42792619A8A3A6D11E1F0025A7324BC2"'
    ' ppa="NT AUTHORITY\\SYSTEM" ppuat="2" ppn="services.exe"'
    ' pph="D7BC4ED605B32274B45328FD9914FB0E7B90D869A38F0E6F94FB1BF4E9E2B407"'
    ' ibc="100" obc="41" ds="dummy.du" dh="Unknown" iid="6"'
)
ONA_MODULES = [
    "cryptsvc.dll", "dhcpcore.dll", "termsrv.dll", "dnsrslvr.dll", "wkssvc.dll",
    "qagentRT.dll", "nlasvc.dll", "WsmSvc.dll", "wecsvc.dll", "tapisrv.dll",
]  # fmt: skip

# The shape of a version 3 flow line with values of our own; the user has no authority.
OWN_FLOW = (
    'fv="nvzFlow_v3" pr="6" sa="10.1.2.3" sp="50123" da="203.0.113.7" dp="443"'
    ' fss="1534755850" fst="Mon Aug 20 09:04:10 2018" fes="1534755859"'
    ' fet="Mon Aug 20 09:04:19 2018" udid="00112233445566778899AABBCCDDEEFF01234567"'
    ' liuid="ana" liuidp="ana" liuat="2"'
    ' pa="EXAMPLE\\ana" paa="EXAMPLE" pap="ana" puat="2"'
    f' pn="browser.exe" ph="{"0A" * 32}" ppa="EXAMPLE\\ana" ppuat="2" ppn="explorer.exe"'
    f' pph="{"1B" * 32}" ibc="5120" obc="733" ds="example.net" dh="www.example.org" iid="32"'
    f' mnl="net.dll crypt.dll " mhl="{"2C" * 32} {"3D" * 32} "'
)
OWN_ENDPOINT = (
    'fv="nvzFlow_v3" vsn="lab-7.example.net" udid="00112233445566778899AABBCCDDEEFF01234567"'
    ' osn="WinNT" osv="10.0.17134" ose="Windows 10 Enterprise" sm="Example, Inc." st="x64"'
)

FLOW_FIELDS = (
    ("pr", "B"), ("sa", "address"), ("sp", "H"), ("da", "address"), ("dp", "H"), ("fss", "I"),
    ("fes", "I"), ("udid", "hex"), ("liuid", "text"), ("liuat", "H"), ("pa", "text"), ("puat", "H"),
    ("pn", "text"), ("ph", "hex"), ("ppa", "text"), ("ppuat", "H"), ("ppn", "text"), ("pph", "hex"),
    ("ibc", "Q"), ("obc", "Q"), ("ds", "text"), ("dh", "text"), ("iid", "I"), ("mnl", "names"),
    ("mhl", "hashes"),
)  # fmt: skip
ENDPOINT_FIELDS = (
    ("vsn", "text"), ("udid", "hex"), ("osn", "text"), ("osv", "text"), ("ose", "text"),
    ("sm", "text"), ("st", "text"),
)  # fmt: skip


def pairs_of(line: str) -> Pairs:
    return re.findall(r"(\w+)=\"((?:[^\"\\]|\\.)*)\"", line)


def records(*captured: Captured) -> list[Pairs]:
    """The records as pairs of a collector's line."""
    lines = record_lines(captured, (), as_json=True)
    return [
        [(key, "".join(f"{item} " for item in value) if isinstance(value, list) else str(value))
         for key, value in json.loads(line).items()]
        for line in lines
    ]  # fmt: skip


def with_length(octets: bytes) -> bytes:
    return bytes([len(octets)]) + octets


def a_list(element_id: int, length: int, items: bytes) -> bytes:
    # three-octet length | allOf | element, enterprise 9 | length | items (RFC 6313, 4.5.1)
    content = struct.pack("!BHHI", 3, 0x8000 | element_id, length, 9) + items
    return b"\xff" + struct.pack("!H", len(content)) + content


def encoded(value: str, form: str) -> bytes:
    if form == "text":
        return with_length(value.encode())
    if form == "hex":
        return bytes.fromhex(value)
    if form == "address":
        return bytes(map(int, value.split(".")))
    if form == "names":
        return a_list(12348, 65535, b"".join(with_length(x.encode()) for x in value.split()))
    if form == "hashes":
        return a_list(12350, 32, bytes.fromhex(value))
    return struct.pack("!" + form, int(value))


def message(template_id: int, line: str, fields: Sequence[tuple[str, str]]) -> Captured:
    """The message from which the collector made the line, by the real Templates."""
    values = dict(pairs_of(line))
    content = b"".join(encoded(values[key], form) for key, form in fields)
    # Set ID | Length
    body = struct.pack("!HH", template_id, 4 + len(content)) + content
    # Version | Length | Export Time | Sequence | Domain 127
    export_time = int(values.get("fes", "1534772240"))
    header = struct.pack("!HHIII", 10, 16 + len(body), export_time, 1, 127)
    return Captured(None, 0, 0, 0, header + body)


def test_the_real_messages_give_the_collectors_keys_and_values() -> None:
    """Messages of a real client: endpoint and flow, lists as arrays."""
    captured = [datagram for path in sorted(ONA.iterdir()) for datagram in read(path)]
    endpoint, flow = sorted(records(*captured), key=len)

    assert pairs_of(ONA_ENDPOINT) == endpoint
    assert pairs_of(ONA_FLOW) == flow[:-2]
    assert ("mnl", "".join(f"{name} " for name in ONA_MODULES)) == flow[-2]
    assert "mhl" == flow[-1][0]
    assert 10 == len(flow[-1][1].split())


def test_templates_that_come_last_give_the_same() -> None:
    """Parked Sets are decoded when the Template comes."""
    paths = [ONA / "data_message_262.hex", TEMPLATES]
    captured = [datagram for path in paths for datagram in read(path)]

    assert [pairs_of(ONA_ENDPOINT)] == records(*captured)


@pytest.mark.parametrize(
    ("template_id", "line", "fields"),
    [(267, OWN_FLOW, FLOW_FIELDS), (262, OWN_ENDPOINT, ENDPOINT_FIELDS)],
)
def test_a_message_with_a_lines_values_gives_the_line(
    template_id: int, line: str, fields: Sequence[tuple[str, str]]
) -> None:
    """Derived keys stand behind their parent; without a backslash no authority is derived."""
    (record,) = records(*read(TEMPLATES), message(template_id, line, fields))

    assert pairs_of(line) == record


@pytest.mark.parametrize(
    ("name", "template_id", "fields"),
    [
        ("line-flow-v3-botsv3.txt", 267, FLOW_FIELDS),
        ("line-endpoint-v3-botsv3.txt", 262, ENDPOINT_FIELDS),
    ],
)
def test_a_message_with_a_real_lines_values_gives_the_real_line(
    name: str, template_id: int, fields: Sequence[tuple[str, str]]
) -> None:
    """Real lines of the Cisco collector, where they are at hand (their licence is not clear)."""
    root = corpus_root()
    path = None if root is None else root.parent / "nvzflow-samples" / name
    if path is None or not path.exists():
        pytest.skip("no samples of real lines beside the corpus")
    line = next(x for x in path.read_text().splitlines() if x and not x.startswith("#"))
    (record,) = records(*read(TEMPLATES), message(template_id, line, fields))

    assert pairs_of(line) == record
