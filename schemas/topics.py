"""The topics as data: key, value, clean-up and retention of each (names are settings)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS

PartitionsRule = Literal["raw", "one", "records"]
"""How many partitions: as many as ``raw``, one, or the setting for record topics."""

RAW: Final = "raw"
STATE: Final = "state"
LAYOUTS: Final = "layouts"
FLOW: Final = "flow"
ENDPOINT: Final = "endpoint"
INTERFACE: Final = "interface"
NETFLOW: Final = "netflow"
NETFLOW_1M: Final = "netflow-1m"
EXPORTER: Final = "exporter"
DEAD_LETTER: Final = "dead-letter"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic.

    Attributes:
        name: Default name; a prefix may stand before it.
        key: What the Kafka key is, for people.
        value: What the value is, for people.
        cleanup_policy: Of Kafka: ``delete``, ``compact`` or ``compact,delete``.
        retention_ms: Milliseconds that a record is kept; None where compaction alone removes.
        partitions_rule: Where the number of partitions comes from.
        extra: Further Kafka topic settings.
        description: One sentence.
    """

    name: str
    key: str
    value: str
    cleanup_policy: str
    retention_ms: int | None
    partitions_rule: PartitionsRule
    description: str
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def configs(self) -> dict[str, str]:
        """Return Kafka's topic settings."""
        configs = {"cleanup.policy": self.cleanup_policy, **self.extra}
        if self.retention_ms is not None:
            configs["retention.ms"] = str(self.retention_ms)
        return configs


# Without hours of lag compaction may remove the newer of two versions of a key before a reader
# has seen that the later write was a frozen worker's.
_STATE_EXTRA = MappingProxyType({"min.compaction.lag.ms": str(6 * _HOUR_MS)})

_SPECS = (
    TopicSpec(
        RAW,
        "none; the partition is murmur2 of the exporter's 16 octets",
        "Avro RawBatch",
        "delete",
        48 * _HOUR_MS,
        "raw",
        "Datagrams as received, in batches.",
    ),
    TopicSpec(
        STATE,
        "session and kind",
        "version, form version, Avro",
        "compact",
        None,
        "raw",
        "What a worker must remember of a partition of raw; same partition number.",
        _STATE_EXTRA,
    ),
    TopicSpec(
        LAYOUTS,
        "content hash",
        "Avro Layout",
        "compact",
        None,
        "one",
        "Each distinct template layout of the fleet, once.",
    ),
    TopicSpec(
        FLOW,
        "UDID, 40 hex digits; none if not sent",
        "JSON flow record",
        "delete",
        7 * _DAY_MS,
        "records",
        "nvzFlow flow records.",
    ),
    TopicSpec(
        ENDPOINT,
        "UDID, 40 hex digits; none if not sent",
        "JSON endpoint record",
        "delete",
        30 * _DAY_MS,
        "records",
        "nvzFlow endpoint records; not compacted, for UDIDs of cloned machines collide.",
    ),
    TopicSpec(
        INTERFACE,
        "UDID/iid",
        "JSON interface record",
        "delete",
        30 * _DAY_MS,
        "records",
        "nvzFlow interface records.",
    ),
    TopicSpec(
        NETFLOW,
        "exporter address",
        "JSON router flow",
        "delete",
        7 * _DAY_MS,
        "records",
        "Flows of routers.",
    ),
    TopicSpec(
        NETFLOW_1M,
        "flow key and minute",
        "JSON total of a minute; a higher revision replaces",
        "compact,delete",
        7 * _DAY_MS,
        "records",
        "Router flows added up by the minute.",
        _STATE_EXTRA,
    ),
    TopicSpec(
        EXPORTER,
        "exporter address",
        "JSON: what it sends, what is wrong with it",
        "compact",
        None,
        "one",
        "One record per exporter.",
    ),
    TopicSpec(
        DEAD_LETTER,
        "exporter address",
        "Avro DeadLetter",
        "delete",
        30 * _DAY_MS,
        "one",
        "What could not go on, with its reason and octets.",
    ),
)

TOPICS: Final[Mapping[str, TopicSpec]] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every topic by its default name."""
