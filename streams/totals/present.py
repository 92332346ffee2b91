"""A total as it stands on ``netflow-1m``, and back."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from schemas.totals import TYPE_LEFT_OUT, TYPE_TOTAL
from streams.totals.buckets import (
    AT_RECEIPT,
    BITS,
    CAPPED,
    ENDED,
    FIRST,
    FLOWS,
    LAST,
    LATE,
    MIXED_SAMPLING,
    OCTETS,
    PACKETS,
    REVISION,
    SAMPLING,
    Total,
)
from streams.totals.flows import ICMP, LEFT_OUT

FLAG_BITS: Final = (
    (AT_RECEIPT, "at_receipt"),
    (LATE, "late"),
    (CAPPED, "capped"),
    (MIXED_SAMPLING, "mixed_sampling"),
)
_MINUTE_SECONDS: Final = 60
_MINUTE_FORM: Final = "%Y-%m-%dT%H:%M:00Z"
_LARGEST: Final = (1 << 64) - 1
_PARTS: Final = 9
"""Of a flow's key, with the Exporter."""


class Parsed(NamedTuple):
    """A record of ``netflow-1m`` as it was read back.

    Attributes:
        key: Exporter and flow key, or what is left out.
        minute: Since 1970-01-01T00:00Z.
        total: Published as it is.
    """

    key: str
    minute: int
    total: Total

    @property
    def revision(self) -> int:
        """Offset on ``netflow`` before which all is included."""
        return self.total[REVISION]


@lru_cache(4096)
def minute_text(minute: int) -> str:
    """Return a minute since 1970-01-01T00:00Z as ISO 8601."""
    return datetime.fromtimestamp(minute * _MINUTE_SECONDS, UTC).strftime(_MINUTE_FORM)


@lru_cache(4096)
def minute_number(text: str) -> int:
    """Return the minute since 1970-01-01T00:00Z.

    Raises:
        ValueError: Not the form of ``minute_text``.
    """
    moment = datetime.strptime(text, _MINUTE_FORM).replace(tzinfo=UTC)
    return int(moment.timestamp()) // _MINUTE_SECONDS


def output_key(key: str, minute: int) -> str:
    """Return the Kafka key: Exporter, flow key and minute, by commas."""
    return f"{key},{minute_text(minute)}"


def output_value(key: str, minute: int, total: Total, *, partial: bool) -> bytes:
    """Return the value of a total.

    Args:
        key: Exporter and flow key, or what is left out.
        minute: Of the total.
        total: As it is now.
        partial: Whether more is expected.
    """
    parts = key.split(",")
    record = (
        _left_out(parts, minute, total) if parts[1] == LEFT_OUT else _total(parts, minute, total)
    )
    flags = ["partial"] if partial else []
    if total[BITS]:
        flags += [name for bit, name in FLAG_BITS if total[BITS] & bit]
    if flags:
        record["flags"] = flags
    record["revision"] = total[REVISION]
    try:
        return orjson.dumps(record)
    except TypeError:  # sums over 64 bits leave as decimal text, like all such integers
        return orjson.dumps(
            {
                name: str(value) if isinstance(value, int) and value > _LARGEST else value
                for name, value in record.items()
            }
        )


def parse(key: bytes, value: bytes) -> Parsed:
    """Read a record of ``netflow-1m`` back.

    Raises:
        ValueError: It is none of this form.
    """
    name, _, minute = key.decode().rpartition(",")
    record = orjson.loads(value)
    if not isinstance(record, dict):
        raise ValueError("no total: not an object")  # noqa: TRY004 - one error for all of it
    flags = record.get("flags", ())
    bits = sum(bit for bit, flag in FLAG_BITS if flag in flags)
    try:
        revision = int(record["revision"])
        if record["type"] == TYPE_LEFT_OUT:
            numbers = [0, 0, int(record["flows_left_out"]), 0, 0, 0]
        else:
            numbers = [
                int(record[field])
                for field in (
                    "bytes",
                    "packets",
                    "flows",
                    "flows_ended",
                    "time_flow_start_ns",
                    "time_flow_end_ns",
                )
            ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"no total: {error!r}") from error
    sampling = record.get("sampling_rate", 0)
    return Parsed(name, minute_number(minute), [*numbers, bits, sampling, revision, revision])


def _total(parts: list[str], minute: int, total: Total) -> dict[str, Any]:
    if len(parts) != _PARTS:
        raise ValueError(f"no flow key: {','.join(parts)}")
    exporter, in_if, out_if, proto, tos, source, destination, first, second = parts
    record: dict[str, Any] = {
        "type": TYPE_TOTAL,
        "sampler_address": exporter,
        "minute": minute_text(minute),
        "in_if": int(in_if),
        "out_if": int(out_if),
        "proto": proto,
        "ip_tos": int(tos),
        "src_addr": source,
        "dst_addr": destination,
    }
    if proto in ICMP:
        record["icmp_type"], record["icmp_code"] = int(first), int(second)
    else:
        if first:
            record["src_port"] = int(first)
        if second:
            record["dst_port"] = int(second)
    record["bytes"] = total[OCTETS]
    record["packets"] = total[PACKETS]
    record["flows"] = total[FLOWS]
    record["flows_ended"] = total[ENDED]
    record["time_flow_start_ns"] = total[FIRST]
    record["time_flow_end_ns"] = total[LAST]
    if total[SAMPLING]:
        record["sampling_rate"] = total[SAMPLING]
    return record


def _left_out(parts: list[str], minute: int, total: Total) -> dict[str, Any]:
    return {
        "type": TYPE_LEFT_OUT,
        "sampler_address": parts[0],
        "minute": minute_text(minute),
        "reason": parts[2],
        "flows_left_out": total[FLOWS],
    }
