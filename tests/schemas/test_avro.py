import pytest

from schemas import avro
from schemas.errors import SchemaError
from schemas.topics import TOPICS

LETTER = {
    "reason": "malformed_truncated",
    "record_id": "00000000-0001-000000000002-0003",
    "exporter": bytes(16),
    "port": 5000,
    "received_at_ns": 1_791_000_000_000_000_000,
    "offset": 16,
    "octets": b"\x00\x0a",
    "detail": "2 octets, the header needs 16",
    "records": 0,
    "raw_topic": "raw",
    "raw_partition": 1,
    "raw_offset": 2,
}


def test_every_schema_has_its_own_fingerprint() -> None:
    """The reader finds the schema by eight octets (CRC-64-AVRO)."""
    assert all(len(avro.fingerprint(name)) == 8 for name in avro.NAMES)
    assert len({avro.fingerprint(name) for name in avro.NAMES}) == len(avro.NAMES)


def test_a_dead_letter_comes_back() -> None:
    """Single-object encoding names the schema."""
    value = avro.encode("dead_letter", LETTER)

    assert value.startswith(b"\xc3\x01")
    assert ("dead_letter", LETTER) == avro.decode(value)


def test_every_truncation_of_a_value_is_refused() -> None:
    """A value cut anywhere, or with octets behind it, is a SchemaError."""
    value = avro.encode("dead_letter", LETTER)

    for wrong in (*(value[:length] for length in range(len(value))), value + b"\x00"):
        with pytest.raises(SchemaError):
            avro.decode(wrong)


def test_a_value_that_does_not_follow_its_schema_is_refused() -> None:
    """The error names the schema."""
    with pytest.raises(SchemaError, match="dead_letter"):
        avro.encode("dead_letter", {**LETTER, "port": "5000"})
    with pytest.raises(SchemaError, match="no Avro schema 'nothing'"):
        avro.encode("nothing", {})


def test_topics_have_cleanup_and_retention() -> None:
    """What is not compacted has a retention; the state keeps what compaction would remove early."""
    assert all(
        spec.retention_ms is not None for spec in TOPICS.values() if "delete" in spec.cleanup_policy
    )
    assert {"cleanup.policy": "delete", "retention.ms": "172800000"} == TOPICS["raw"].configs()
    assert {"cleanup.policy": "compact", "min.compaction.lag.ms": "21600000"} == (
        TOPICS["state"].configs()
    )
    assert "raw" == TOPICS["state"].partitions_rule
