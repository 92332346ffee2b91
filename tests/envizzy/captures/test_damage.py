"""Whatever a file holds, reading it gives datagrams or one clear error."""

import contextlib
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envizzy.captures import CaptureError, Format, read
from tests.envizzy.captures import packets as p

MESSAGE = bytes.fromhex("000a 0010 56491c80 00000007 00000001")
BODY = p.udp(MESSAGE * 4)
WHOLE = [
    p.pcap(
        p.ethernet(p.ipv4(BODY[:32], more=True)),
        p.ethernet(p.ipv4(BODY[32:], 32)),
        p.ethernet(p.ipv6_fragment(BODY[:32], 0, more=True), 0x86DD),
        p.ethernet(p.ipv6_fragment(BODY[32:], 32, more=False), 0x86DD),
        p.ethernet(b"\x00\x05\x08\x00" + p.ipv4(BODY), 0x8100),
    ),
    p.section()
    + p.interface(p.ETHERNET, 9)
    + p.enhanced(p.ethernet(p.ipv6(BODY), 0x86DD), p.TIME_NS)
    + p.enhanced(p.ethernet(p.ipv4(BODY)), p.TIME_NS),
    MESSAGE * 3,
    MESSAGE.hex().encode() + b" # one\n" + MESSAGE.hex().encode(),
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    whole=st.sampled_from(WHOLE),
    changes=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=6),
    end=st.integers(0, 600),
    form=st.sampled_from([None, *Format]),
)
def test_damage_gives_datagrams_or_one_clear_error(
    tmp_path: Path, whole: bytes, changes: list[tuple[int, int]], end: int, form: Format | None
) -> None:
    """Only CaptureError leaves, and no datagram is longer than what was there."""
    octets = bytearray(whole)
    for at, value in changes:
        octets[at % len(octets)] = value
    path = tmp_path / "capture"
    path.write_bytes(octets[:end])

    with contextlib.suppress(CaptureError):
        for captured in read(path, format=form):
            assert len(captured.payload) <= end
