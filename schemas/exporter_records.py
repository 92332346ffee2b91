"""The contract of the ``exporter`` topic: one record per router, as one table."""

from dataclasses import dataclass
from typing import Final

EXPORTER_FORM: Final = 1
"""Of the records' form; rises when a reader of the old form could be misled."""

WINDOW_SECONDS: Final = 1800
"""What is said of "lately" is of the last half hour to hour: what was put right is forgotten."""


@dataclass(frozen=True, slots=True)
class ExporterField:
    """One key of an exporter record.

    Attributes:
        key: In the JSON object.
        json_type: Of its value.
        meaning: One sentence, with its unit.
    """

    key: str
    json_type: str
    meaning: str


EXPORTER_FIELDS: Final[tuple[ExporterField, ...]] = (
    ExporterField("exporter", "string", "Address, the record's Kafka key."),
    ExporterField("first_seen_ns", "integer", "Receive time of its first datagram, ns since 1970."),
    ExporterField("last_seen_ns", "integer", "Receive time of its last datagram so far."),
    ExporterField(
        "protocols",
        "array of strings",
        "`NETFLOW_V5`, `NETFLOW_V9`, `IPFIX` ..., as `type` has it.",
    ),
    ExporterField(
        "domains", "array of integers", "Observation Domain IDs, Source IDs, engine types and ids."
    ),
    ExporterField("datagrams", "integer", "Datagrams so far."),
    ExporterField(
        "records", "object", "Records (and Messages) so far by outcome, under the counts' names."
    ),
    ExporterField(
        "missing",
        "object",
        "Flows lately that lack base information, by the key that they lack.",
    ),
    ExporterField(
        "templates",
        "array of objects",
        "Templates in use: `protocol`, `domain`, `template_id`, `fields` (how many), "
        "`ip_versions`, `lacks` (keys of the base information), `short_counters` (keys with fewer "
        "than 64 bits).",
    ),
    ExporterField(
        "sampling_rates", "array of numbers", "One packet of so many, of options and v5's header."
    ),
    ExporterField("interface_names", "integer", "Interfaces whose names options data tell."),
    ExporterField(
        "clock_offset_ms",
        "integer",
        "Receive time less Export Time of the last datagram, ms; v9 and IPFIX count whole seconds.",
    ),
    ExporterField(
        "longest_duration_ms",
        "integer",
        "Longest flow lately, ms: so long is its active timeout at least.",
    ),
    ExporterField(
        "longest_silence_ms", "integer", "Longest time between two of its datagrams lately, ms."
    ),
    ExporterField(
        "sequence",
        "object",
        "Lately by Sequence Numbers: `missing` records (v9: Export Packets), `irregular` Messages.",
    ),
    ExporterField(
        "raw", "string", "Up to where in `raw` it is counted: incarnation, partition, offset."
    ),
    ExporterField("form", "integer", "Version of this form."),
)
"""Every key, in order; all are always there."""
