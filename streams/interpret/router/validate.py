"""What is odd about the times of a flow; it is published all the same."""

from streams.interpret.router.model import SECOND_NS, RouterMessage

LONG_NS = 60 * SECOND_NS
"""A flow should be told of once a minute at least: a longer one hides when its octets passed."""


def flags_of(start_ns: int | None, end_ns: int | None, message: RouterMessage) -> list[str]:
    """Return the flags of a record (``schemas.router_records.FLAGS``), in their order.

    Args:
        start_ns: Of its first packet; None where it does not say.
        end_ns: Of its last.
        message: For the clocks.
    """
    flags: list[str] = []
    if start_ns is not None and end_ns is not None:
        if end_ns - start_ns > LONG_NS:
            flags.append("long_duration")
        flags += message.flags
        if start_ns > end_ns:
            flags.append("first_after_last")
    else:
        flags += message.flags
    if end_ns is not None and end_ns > message.latest_ns:
        flags.append("end_in_future")
    return flags
