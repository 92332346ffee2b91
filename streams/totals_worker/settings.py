"""The ``[totals]`` table: the workers that add router flows up by the minute."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from service.settings import Section
from streams.totals.lanes import Rules

STATIC_SESSION_SECONDS = 30.0
"""With stable names a restart within this time causes no rebalance."""

DYNAMIC_SESSION_SECONDS = 10.0
"""Without: after a crash its partitions stand still for this long."""


class TotalsSettings(Section):
    """How a worker reads ``netflow`` and publishes ``netflow-1m``."""

    group: str = Field(default="totals", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """Consumer group, behind ``topics.prefix``; the workers of a deployment share it."""

    instance_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """Static membership: a name that is unique and stays the same over restarts (systemd,
    StatefulSet). A restart then causes no rebalance. Not set: dynamic."""

    session_seconds: float = Field(default=0.0, ge=0, le=1800)
    """After this silence a worker counts as dead and its partitions move; 0: 30 with
    ``instance_id``, else 10. The broker bounds it (Kafka: 6 to 1,800)."""

    grace_seconds: int = Field(default=0, ge=0, le=3600)
    """How long after the end of a minute its totals are published, by the receive time of the
    records; 0: the longest flow seen in this hour and the one before (the Exporters' active
    timeout), and a minute. What comes later publishes a higher revision."""

    late_minutes: int = Field(default=5, ge=1, le=1440)
    """How long after that totals can be revised. What comes later still counts in the minute of
    its receipt, flagged ``late``. All totals of this time are remembered, and read back at a
    start."""

    longest_flow_minutes: int = Field(default=60, ge=1, le=1440)
    """Flows that claim to last longer are spread over the last minutes of this time, flagged
    ``capped``."""

    idle_seconds: float = Field(default=30.0, gt=0, le=3600)
    """When nothing comes for so long, what is there is published early, flagged ``partial``: the
    minutes of a silent Exporter do not end."""

    totals_in_memory: int = Field(default=500_000, ge=1000)
    """Totals that a worker holds in memory, about 600 octets each. What is more is published
    early, flagged ``partial``, and then kept in a file, where it costs more time."""

    spill_folder: Path | None = None
    """Where that file is made, without a name; not set: the system's folder for such files."""

    spill_octets: int = Field(default=8 * 1024**3, ge=1024**2)
    """Size of the file at most; a worker that needs more ends with 1. About 250 octets a total."""

    commit_interval_seconds: float = Field(default=1.0, gt=0, le=60)
    """How often offsets are committed. They lag behind the oldest minute that is not published:
    after a crash the records since then are read again, and counted once."""

    batch_records: int = Field(default=10_000, ge=1, le=100_000)
    """Records that are taken from Kafka at a time."""

    fetch_octets: int = Field(default=4 * 1024 * 1024, ge=65_536)
    """Most that one fetch brings of a partition."""

    linger_ms: float = Field(default=20.0, ge=0, le=1000)
    """How long totals wait for company in a batch."""

    compression: Literal["none", "lz4", "zstd", "gzip", "snappy"] = "lz4"
    """Of ``netflow-1m``."""

    delivery_timeout_seconds: float = Field(default=120.0, ge=1, le=3600)
    """How long a total is tried before the worker ends with 70, to be started again."""

    stop_seconds: float = Field(default=8.0, ge=1, le=300)
    """After SIGTERM, and where a partition moves away, what is there is published and committed
    within this time; what is not is done by the next owner. Shorter than the supervisor's patience
    (10 s)."""

    @property
    def session(self) -> float:
        """The session time-out in force, seconds."""
        if self.session_seconds:
            return self.session_seconds
        return STATIC_SESSION_SECONDS if self.instance_id else DYNAMIC_SESSION_SECONDS

    @property
    def rules(self) -> Rules:
        """What decides in which minute something counts."""
        return Rules(self.grace_seconds, self.late_minutes, self.longest_flow_minutes)

    @field_validator("spill_folder")
    @classmethod
    def _folder_is_there(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            raise ValueError("accepted: a folder that is there")
        return folder
