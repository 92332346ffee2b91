"""What a Message says for all of its records: names, times, sampling, clock."""

from collections.abc import Mapping

from streams.interpret.router.model import SECOND_NS, RouterFacts, RouterMessage, RouterSettings
from streams.interpret.router.times import MS_NS, first_uptime
from streams.wire.model import MessageHeader

TYPES: Mapping[int, str] = {
    1: "NETFLOW_V1",
    5: "NETFLOW_V5",
    7: "NETFLOW_V7",
    9: "NETFLOW_V9",
    10: "IPFIX",
}
"""Version to ``type``; goflow2 has the second and the last two."""

IPFIX = 10
SAMPLING_INTERVAL = 0x3FFF
"""Of v5's word of sampling: the lower 14 bits; the upper two are the mode, which few set."""

CLOCK_OFF = ("clock_off",)

_NO_FLAGS: tuple[str, ...] = ()
_NEVER_NS = 1 << 80
"""Later than any time that a record can hold."""


def read_header(
    header: MessageHeader,
    received_at_ns: int,
    exporter: str,
    facts: RouterFacts,
    settings: RouterSettings,
) -> RouterMessage:
    """Return what holds for all records of a Message.

    Args:
        header: Of the Message.
        received_at_ns: Of its datagram; 0 where that is not known: then no clock is judged.
        exporter: Address as text.
        facts: What its options data have told so far.
        settings: For the tolerance.
    """
    version, _, export_time, sequence, domain, sys_uptime_ms, residual_ns, sampling = header
    export_ns = export_time * SECOND_NS + residual_ns
    head = {
        "type": TYPES[version],
        "time_received_ns": received_at_ns,
        "sequence_num": sequence,
        "sampler_address": exporter,
        "observation_domain_id": domain,
    }
    interval = sampling & SAMPLING_INTERVAL
    rate = interval or facts.samplings.alone
    if rate:
        head["sampling_rate"] = rate
    uptime_ms: int | None = sys_uptime_ms
    if version == IPFIX:
        uptime_ms = export_ns // MS_NS - facts.boot_ms if facts.boot_ms else None
    first = 0 if uptime_ms is None else first_uptime(uptime_ms)
    since_boot_ns = 0 if uptime_ms is None else (first - uptime_ms) * MS_NS
    tolerance_ns = settings.clock_tolerance_ns
    flags = _NO_FLAGS
    latest_ns = _NEVER_NS
    if received_at_ns:
        latest_ns = received_at_ns + tolerance_ns
        if not -tolerance_ns <= export_ns - received_at_ns <= tolerance_ns:
            flags = CLOCK_OFF
    return RouterMessage(
        head, flags, export_ns, uptime_ms, first, export_ns + since_boot_ns, latest_ns, facts
    )
