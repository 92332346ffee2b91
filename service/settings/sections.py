"""Tables of settings that several services share: ``[topics]``, ``[logs]``, ``[health]``."""

import ipaddress
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from service.settings.section import Section

_LEGAL_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")
"""What Kafka takes as a topic's name; 249 characters with a prefix."""

_HOUR_MS = 3_600_000


class TopicNames(Section):
    """What each topic is called in this deployment, behind ``topics.prefix``."""

    raw: str = "raw"
    """Datagrams as they came, in batches."""

    state: str = "state"
    """What the workers must remember: templates of sessions, options, parked sets."""

    layouts: str = "layouts"
    """Each distinct template layout once: the fleet's memory."""

    flow: str = "flow"
    """Flow records of endpoints; the collector's default name."""

    endpoint: str = "endpoint"
    """Endpoint records; the collector's default name."""

    interface: str = "interface"
    """Interface records; the collector's default name."""

    netflow: str = "netflow"
    """Flows of routers."""

    netflow_1m: str = "netflow-1m"
    """Totals of routers' flows by the minute."""

    exporter: str = "exporter"
    """What each exporter sends and what is wrong with it."""

    dead_letter: str = "dead-letter"
    """What could not go on, with the reason."""

    @field_validator("*")
    @classmethod
    def _names_are_legal(cls, name: str) -> str:
        if not _LEGAL_NAME.fullmatch(name) or name in (".", ".."):
            raise ValueError("accepted: letters, digits, '.', '_' and '-', at most 200")
        return name

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = list(self.model_dump().values())
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two topics are called {twice[0]}")
        return self


class TopicRetention(Section):
    """How long topics keep records, in hours; not set: the default of the topic."""

    raw: float | None = Field(default=None, gt=0)
    """Hours; the time that decoding may stand still and that a replay can reach back (48)."""

    flow: float | None = Field(default=None, gt=0)
    """Hours (168)."""

    endpoint: float | None = Field(default=None, gt=0)
    """Hours (720)."""

    interface: float | None = Field(default=None, gt=0)
    """Hours (720)."""

    netflow: float | None = Field(default=None, gt=0)
    """Hours (168)."""

    netflow_1m: float | None = Field(default=None, gt=0)
    """Hours (168)."""

    dead_letter: float | None = Field(default=None, gt=0)
    """Hours (720)."""


class TopicsSettings(Section):
    """The topics of this deployment; ``envizzy topics create`` makes them."""

    prefix: str = ""
    """Before each name, so that deployments share a cluster (``prod.`` gives ``prod.raw``)."""

    raw_partitions: int = Field(default=32, ge=1, le=1024)
    """Of ``raw`` and ``state``: the most workers that can share the work. Fixed for a deployment:
    another number moves exporters to other partitions, away from their state."""

    record_partitions: int = Field(default=32, ge=1, le=1024)
    """Of the topics that carry records: the most consumers of one subscriber's group."""

    replication_factor: int = Field(default=0, ge=0, le=7)
    """Copies of each partition; 0: three, or as many as there are brokers when they are fewer. With
    three or more ``min.insync.replicas`` is 2: one broker may fail and nothing is lost."""

    raw_retention_octets: int = Field(default=-1, ge=-1)
    """``retention.bytes`` of each partition of ``raw``; -1: time alone decides."""

    names: TopicNames = TopicNames()
    """Names, where others are wanted."""

    retention_hours: TopicRetention = TopicRetention()
    """Retention, where another is wanted."""

    @field_validator("prefix")
    @classmethod
    def _prefix_is_legal(cls, prefix: str) -> str:
        if prefix and not re.fullmatch(r"[A-Za-z0-9._-]{1,49}", prefix):
            raise ValueError("accepted: letters, digits, '.', '_' and '-', at most 49")
        return prefix

    def name(self, topic: str) -> str:
        """The full name of a topic.

        Args:
            topic: As in ``schemas.topics.TOPICS``: ``raw``, ``dead-letter``.
        """
        name: str = getattr(self.names, topic.replace("-", "_"))
        return self.prefix + name

    def retention_ms(self, topic: str) -> int | None:
        """The retention that is wanted for a topic; None where its default holds."""
        hours: float | None = getattr(self.retention_hours, topic.replace("-", "_"), None)
        return None if hours is None else int(hours * _HOUR_MS)


LogLevel = Literal["debug", "info", "warning", "error"]
"""What a log can be set to."""


class LogSettings(Section):
    """What is logged. ``level`` and ``levels`` are read again at SIGHUP (docs/operations.md)."""

    level: LogLevel = "info"
    """The least that is logged; payloads and user names never stand above debug."""

    levels: dict[str, LogLevel] = Field(default_factory=dict)
    """Other levels of single loggers and what is below them (``"streams.lag" = "debug"``)."""

    format: Literal["text", "json"] = "text"
    """For people, or one JSON object a line."""

    repeat_seconds: float = Field(default=60.0, gt=0, le=3600)
    """A repeated event is logged once in this time, with the number of those that were not."""

    folder: Path | None = None
    """Folder for log files, one for each service and process (``ingest.log``, ``ingest-0.log``);
    only errors go to standard error then. Not set: standard error alone, for journald."""

    rotate_octets: int = Field(default=50_000_000, ge=0)
    """A log file of this size is put aside and a new one begun; 0: never, logrotate does it (a
    file that was moved away is opened anew)."""

    keep_files: int = Field(default=5, ge=1, le=1000)
    """Files put aside of each log; the oldest goes."""

    @field_validator("folder")
    @classmethod
    def _folder_can_be(cls, folder: Path | None) -> Path | None:
        # It is made where it is missing: an installation checks its settings before it has one.
        if folder is not None and not folder.parent.is_dir():
            raise ValueError("accepted: a folder, itself within one that is there")
        return folder


class HealthSettings(Section):
    """Where each service answers ``/metrics``, ``/healthz`` and ``/readyz`` over HTTP."""

    enabled: bool = True
    """Whether it answers at all."""

    host: str = "127.0.0.1"
    """Address to listen on: not open to the network unless you say so (there is no password)."""

    ingest_port: int = Field(default=9465, ge=0, le=65535)
    """Port of ingest; 0: any free one, which the log names."""

    streams_port: int = Field(default=9466, ge=0, le=65535)
    """Port of the streams; several services on a host each need their own, or 0: any free one."""

    subscribers_port: int = Field(default=9467, ge=0, le=65535)
    """Port of a process of subscribers; several on a host each need their own, or 0."""

    totals_port: int = Field(default=9468, ge=0, le=65535)
    """Port of a totals worker; several on a host each need their own, or 0: any free one."""

    @field_validator("host")
    @classmethod
    def _host_is_address(cls, host: str) -> str:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ValueError("accepted: an IP address, 0.0.0.0 or :: for all") from None
        return host
