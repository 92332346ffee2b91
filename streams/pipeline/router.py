"""Router flows on their way out: validated, keyed, counted."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from schemas.addresses import exporter_text
from schemas.datagram import record_id
from schemas.router_records import ROUTER_KIND, Flag
from streams.interpret.router import RouterFacts, RouterMessage, flow_key, read_header
from streams.pipeline.context import Context
from streams.pipeline.counts import Count
from streams.pipeline.model import DeadLetter, Reason, Record
from streams.wire import MessageHeader

_EXPORTERS = 65_536
"""Addresses whose texts are kept ready; 200 octets each."""

_FLAG_COUNTS: dict[Flag, Count] = {
    "long_duration": Count.LONG_FLOW_RECORDS,
    "clock_off": Count.CLOCK_OFF_RECORDS,
    "first_after_last": Count.FIRST_AFTER_LAST_RECORDS,
    "end_in_future": Count.END_IN_FUTURE_RECORDS,
}

_LISTED = 1024
_INDEXES = tuple(f"{index:04x}" for index in range(_LISTED))
"""Ends of record ids, ready: a format is half a tenth of what a record costs here."""

# A NamedTuple's constructor is a Python function; this is what it calls.
_tuple = tuple.__new__


@lru_cache(_EXPORTERS)
def exporter_names(exporter: bytes) -> tuple[str, bytes]:
    """Return an Exporter's address as text, and as the octets of a Kafka key."""
    text = exporter_text(exporter)
    return text, text.encode()


def router_message(
    header: MessageHeader,
    received_at_ns: int,
    exporter: bytes,
    facts: RouterFacts,
    context: Context,
) -> RouterMessage:
    """Return what a Message says for all of its router flows."""
    return read_header(
        header, received_at_ns, exporter_names(exporter)[0], facts, context.router_settings
    )


class Origin(NamedTuple):
    """Where rows come from that are to be published.

    Attributes:
        prefix: Of their record ids.
        set_index: Of their Set.
        received_at_ns: Of their datagram.
        exporter: 16 octets.
        port: Of the Exporter.
        template_origin: "", ``sibling``; ``fleet`` is nvzFlow's alone.
        is_parked: Whether the Set waited for its Template.
    """

    prefix: str
    set_index: int
    received_at_ns: int
    exporter: bytes
    port: int
    template_origin: str = ""
    is_parked: bool = False


def publish_rows(
    rows: Sequence[dict[str, Any]], origin: Origin, context: Context
) -> tuple[list[Record], list[DeadLetter], dict[str, int]]:
    """Make records of flow records, and dead letters of those that are refused.

    Args:
        rows: Of one Set, in wire order.
        origin: Of these.
        context: For the settings.
    """
    settings = context.router_settings
    base, protocols, keyed = settings.base_information, settings.protocols, settings.key
    prefix, set_index, received_at_ns, exporter, _, template_origin, is_parked = origin
    text, key = exporter_names(exporter)
    shared_key = key if keyed == "exporter" else None
    records: list[Record] = []
    letters: list[DeadLetter] = []
    counts: dict[str, int] = {}
    head = f"{prefix}-{set_index:04x}-"
    index = -1
    for row in rows:
        index += 1
        if "missing" in row:
            _count(counts, Count.INCOMPLETE_RECORDS)
            if base == "require":
                letters.append(_incomplete(row, index, origin))
                continue
            if base == "ignore":
                del row["missing"]
        if "flags" in row:
            for flag in row["flags"]:
                _count(counts, _FLAG_COUNTS[flag])
        if protocols is not None and row.get("proto") not in protocols:
            _count(counts, Count.OTHER_PROTOCOL_RECORDS)
            continue
        if keyed == "flow":
            shared_key = flow_key(text, row)
        records.append(
            _tuple(
                Record,
                (
                    ROUTER_KIND,
                    shared_key,
                    row,
                    head + (_INDEXES[index] if index < _LISTED else f"{index:04x}"),
                    received_at_ns,
                    exporter,
                    template_origin,
                    is_parked,
                ),
            )
        )
    if records:
        counts[Count.ROUTER_RECORDS] = len(records)
    return records, letters, counts


def _count(counts: dict[str, int], what: Count) -> None:
    counts[what] = counts.get(what, 0) + 1


def _incomplete(row: dict[str, Any], index: int, origin: Origin) -> DeadLetter:
    """A record that lacks base information: decoded as octets, the names as detail."""
    return DeadLetter(
        Reason.MISSING_BASE_INFORMATION.value,
        record_id(origin.prefix, origin.set_index, index),
        origin.exporter,
        origin.port,
        origin.received_at_ns,
        0,
        orjson.dumps(row),
        ", ".join(row["missing"]),
        1,
    )
