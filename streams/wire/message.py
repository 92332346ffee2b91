"""Messages of every version: which reader, and which of its Sets hold Templates."""

from collections.abc import Callable, Mapping

from streams.wire.fixed import FIXED_TEMPLATES, read_fixed_header, read_fixed_message
from streams.wire.frame import VERSION, read_header, read_ipfix_message
from streams.wire.model import Limits, Message, MessageHeader, SetSpan, Template, Withdrawal
from streams.wire.netflow9 import (
    OPTIONS_TEMPLATE_FLOWSET,
    TEMPLATE_FLOWSET,
    VERSION_9,
    read_v9_header,
    read_v9_message,
    read_v9_options_templates,
    read_v9_templates,
)
from streams.wire.templates import OPTIONS_TEMPLATE_SET, TEMPLATE_SET, read_ipfix_templates

_VERSION_OCTETS = 2

READERS: Mapping[bytes, Callable[[bytes], Message]] = {
    number.to_bytes(_VERSION_OCTETS): read
    for number, read in (
        (VERSION, read_ipfix_message),
        (VERSION_9, read_v9_message),
        *((number, read_fixed_message) for number in FIXED_TEMPLATES),
    )
}
"""By version word."""

_HEADER_READERS: Mapping[bytes, Callable[[bytes], MessageHeader]] = {
    VERSION_9.to_bytes(_VERSION_OCTETS): read_v9_header,
    **{number.to_bytes(_VERSION_OCTETS): read_fixed_header for number in FIXED_TEMPLATES},
}

_TEMPLATE_SETS: Mapping[int, frozenset[int]] = {
    VERSION: frozenset({TEMPLATE_SET, OPTIONS_TEMPLATE_SET}),
    VERSION_9: frozenset({TEMPLATE_FLOWSET, OPTIONS_TEMPLATE_FLOWSET}),
}

_TEMPLATE_READERS: Mapping[
    int, Callable[[bytes, SetSpan, Limits], tuple[Template | Withdrawal, ...]]
] = {
    TEMPLATE_SET: read_ipfix_templates,
    OPTIONS_TEMPLATE_SET: read_ipfix_templates,
    TEMPLATE_FLOWSET: read_v9_templates,
    OPTIONS_TEMPLATE_FLOWSET: read_v9_options_templates,
}
"""By Set ID: those of IPFIX and of v9 differ."""

_NONE: frozenset[int] = frozenset()


def read_message(payload: bytes) -> Message:
    """Check the frame of a Message of any version, all of it before anything in it is used.

    Args:
        payload: One whole UDP or DTLS payload, from the Version field on.

    Returns:
        Header, Sets and how many octets follow the Message. A Message without Sets is sound.

    Raises:
        MalformedMessage: What the version's reader raises; ``truncated`` or ``version`` where the
            version is none of ``READERS``.
    """
    return READERS.get(payload[:_VERSION_OCTETS], read_ipfix_message)(payload)


def read_message_header(payload: bytes) -> MessageHeader:
    """Read the header alone, of any version: what can be known of a Message that is malformed.

    Raises:
        MalformedMessage: The header is malformed.
    """
    return _HEADER_READERS.get(payload[:_VERSION_OCTETS], read_header)(payload)


def is_template_set(version: int, set_id: int) -> bool:
    """Whether a Set holds Templates or Options Templates (RFC 7011, 3.3.2; RFC 3954, 5.2, 6.1)."""
    return set_id in _TEMPLATE_SETS.get(version, _NONE)


def read_templates(
    payload: bytes, span: SetSpan, limits: Limits
) -> tuple[Template | Withdrawal, ...]:
    """Read a Set of Templates or Options Templates, of IPFIX or of v9: its id says which.

    Args:
        payload: The whole Message.
        span: A Set for which ``is_template_set`` holds.
        limits: ``fields_per_template`` applies.

    Returns:
        Templates and withdrawals in wire order; they take effect in this order (RFC 7011, 8.1).

    Raises:
        MalformedMessage: ``template`` or ``limit``.
    """
    return _TEMPLATE_READERS[span.set_id](payload, span, limits)
