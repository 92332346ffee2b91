"""A record to the octets of its value, cut by the written rule where it is too large."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from schemas.addresses import exporter_text
from schemas.records import FORM_VERSION, META_FIELDS
from schemas.records import HEADER_EXPORTER as EXPORTER
from schemas.records import HEADER_FORM as FORM
from schemas.records import HEADER_ORIGIN as ORIGIN
from schemas.records import HEADER_RECEIVED as RECEIVED
from schemas.records import HEADER_RECORD_ID as RECORD_ID
from streams.interpret import render
from streams.metrics import StreamsMetrics
from streams.pipeline.cut import fit
from streams.pipeline.model import Record
from streams.settings import StreamsSettings


class Renderer(NamedTuple):
    """What makes the octets of values.

    Attributes:
        render: A record to its value; None where even the cut record is too large: a dead letter.
        quick: What nearly all records come to, at the least cost; None where ``render`` must look.
    """

    render: Callable[[Record], bytes | None]
    quick: Callable[[dict[str, Any]], bytes | None]


def make_renderer(settings: StreamsSettings, limit: int, metrics: StreamsMetrics) -> Renderer:
    """Make the function for the settings in force.

    Args:
        settings: ``json_values``, ``big_numbers``, ``meta``.
        limit: Octets that a value may have.
        metrics: Counted into.
    """
    json_values, big_numbers = settings.json_values, settings.big_numbers
    meta_of: Callable[[Record], dict[str, Any] | None] = (
        meta_fields if settings.meta == "fields" else _no_meta
    )
    cut = metrics.counter("streams_cut_records_total")

    def shortened(record: Record) -> bytes | None:
        meta = meta_of(record)

        def octets(shorter: Mapping[str, Any]) -> int:
            return len(render(dict(shorter), json_values, big_numbers, meta))

        fitting, _ = fit(record.value, limit, octets)
        value = render(fitting, json_values, big_numbers, meta)
        if len(value) > limit:
            return None
        cut.inc()
        return value

    def rendered(record: Record) -> bytes | None:
        """Render one record."""
        value = render(record.value, json_values, big_numbers, meta_of(record))
        return value if len(value) <= limit else shortened(record)

    def plain(value: dict[str, Any]) -> bytes | None:
        """The default settings'."""
        try:
            octets = orjson.dumps(value)
        except TypeError:  # an integer beyond 64 bits; ``render`` knows what to do
            return None
        return octets if len(octets) <= limit else None

    is_plain = (json_values, big_numbers, settings.meta) == ("typed", "numbers", "headers")
    return Renderer(rendered, plain if is_plain else _never)


def _never(_: dict[str, Any]) -> None:
    return None


def _no_meta(_: Record) -> None:
    return None


def meta_fields(record: Record) -> dict[str, Any]:
    """What is ours, as fields of the value; the receive time as the header has it."""
    fields = {
        META_FIELDS[RECORD_ID]: record.record_id,
        META_FIELDS[EXPORTER]: exporter_text(record.exporter),
        META_FIELDS[RECEIVED]: str(record.received_at_ns),
        META_FIELDS[FORM]: FORM_VERSION,
    }
    if record.origin:
        fields[META_FIELDS[ORIGIN]] = record.origin
    return fields
