"""A record to what ``produce`` takes, as soon as it is read and without keeping it."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from schemas.addresses import exporter_text
from schemas.records import (
    FORM_VERSION,
    HEADER_EXPORTER,
    HEADER_FORM,
    HEADER_ORIGIN,
    HEADER_RECEIVED,
    HEADER_RECORD_ID,
    HEADER_RELEASED_BY,
)
from streams.agents.flights import Flight
from streams.agents.publisher import ANY_PARTITION, NS_PER_MS, Arguments
from streams.agents.rendering import Renderer
from streams.pipeline.model import DeadLetter, Reason, Record

Maker = Callable[..., Arguments | None]
"""Takes the fields of a ``Record``, in order; None where it is too large."""

_FORM = (HEADER_FORM, str(FORM_VERSION))

EXPORTERS = 65_536
"""Addresses whose header is kept ready; 200 octets each."""


def maker(
    flight: Flight,
    topics: Mapping[str, str],
    renderer: Renderer,
    too_large: list[DeadLetter],
    prefix: str = "",
) -> Maker:
    """Make the function for one piece of work on an event; it sends nothing.

    Args:
        flight: Whose report is given.
        topics: Full name of each.
        renderer: A record to its value.
        too_large: Takes the letters of records that do not fit even when they are cut.
        prefix: Where in ``raw`` the work stands: by it what was parked is released.
    """
    report, quick, render = flight.report, renderer.quick, renderer.render
    at_ns, at_ms, received = -1, 0, ("", "")

    def make(
        kind: str,
        key: bytes | None,
        value: dict[str, Any],
        record_id: str,
        received_at_ns: int,
        exporter: bytes,
        origin: str = "",
        parked: bool = False,
    ) -> Arguments | None:
        nonlocal at_ns, at_ms, received
        octets = quick(value)
        if octets is None:
            record = Record(kind, key, value, record_id, received_at_ns, exporter, origin, parked)
            octets = render(record)
            if octets is None:
                too_large.append(_too_large(record))
                return None
        if received_at_ns != at_ns:  # the same for all of a datagram
            at_ns, at_ms = received_at_ns, received_at_ns // NS_PER_MS
            received = (HEADER_RECEIVED, str(received_at_ns))
        headers = [(HEADER_RECORD_ID, record_id), _exporter(exporter), received, _FORM]
        if origin:
            headers.append((HEADER_ORIGIN, origin))
        if parked:
            headers.append((HEADER_RELEASED_BY, prefix))
        return topics[kind], octets, key, ANY_PARTITION, report, None, at_ms, headers

    return make


@lru_cache(EXPORTERS)
def _exporter(exporter: bytes) -> tuple[str, str]:
    return (HEADER_EXPORTER, exporter_text(exporter))


def _too_large(record: Record) -> DeadLetter:
    """A record that does not fit even when it is cut; its datagram stands in ``raw``."""
    detail = f"{record.kind}: does not fit even when its texts and lists are cut"
    return DeadLetter(
        Reason.TOO_LARGE,
        record.record_id,
        record.exporter,
        0,
        record.received_at_ns,
        0,
        b"",
        detail,
        1,
    )
