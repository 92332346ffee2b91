"""The ``[subscribers.NAME]`` tables: who gets which records, and how."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from service.settings import ExistingFile, KafkaSettings, Section, TimeZone

RecordTopic = Literal["flow", "endpoint", "interface", "netflow", "netflow-1m", "exporter"]
"""Topics that can be subscribed to, by their default names."""

SubscriberName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""What stands behind ``subscribers.``; part of the consumer group and a label of metrics."""

MAX_UDP_OCTETS = 65_507
"""Longest payload of a datagram over IPv4 (65,535 less 20 and 8)."""

Port = Annotated[int, Field(ge=1, le=65535)]


class SubscriberSettings(Section):
    """What all subscribers have."""

    topics: tuple[RecordTopic, ...] = Field(default=("flow", "endpoint", "interface"), min_length=1)
    """Record topics to read, by their default names."""

    group: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """Consumer group, behind ``topics.prefix``; not set: ``subscriber-NAME``. Processes of one
    group share the partitions."""

    start: Literal["earliest", "latest"] = "earliest"
    """Where a new group begins: with all that the topics hold, or with what comes from now on."""

    session_seconds: float = Field(default=10.0, ge=6, le=1800)
    """After this silence a process counts as dead and its partitions move to others of its group.
    The broker bounds it (Kafka: 6 to 1,800)."""

    batch_records: int = Field(default=1000, ge=1, le=100_000)
    """Records that are delivered together at most; what is not committed repeats after a crash."""

    batch_wait_ms: int = Field(default=100, ge=1, le=10_000)
    """How long a batch waits to fill."""

    commit_interval_seconds: float = Field(default=0.5, gt=0, le=30)
    """How often what was delivered is committed; what came since repeats after a crash."""

    timeout_seconds: float = Field(default=30.0, gt=0, le=300)
    """Patience with one step of the destination: a connection, an answer."""

    retry_seconds: float = Field(default=0.5, gt=0, le=300)
    """Pause after the first failure; it doubles up to ``max_retry_seconds``."""

    max_retry_seconds: float = Field(default=30.0, gt=0, le=3600)
    """Longest pause. It is tried for ever: Kafka keeps the records meanwhile."""

    refusals_in_a_row: int = Field(default=1000, ge=1)
    """Records that may be refused one after the other before the process ends with 1: a wrong
    setting must not move the whole stream into dead letters."""

    @field_validator("topics")
    @classmethod
    def _topics_differ(cls, topics: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(topics)) < len(topics):
            raise ValueError("a topic stands there twice")
        return topics

    @model_validator(mode="after")
    def _pauses_are_a_range(self) -> Self:
        if self.max_retry_seconds < self.retry_seconds:
            raise ValueError("max_retry_seconds is less than retry_seconds")
        return self


class LineSettings(SubscriberSettings):
    """What those have that write the collector's line."""

    priority: Annotated[int, Field(ge=0, le=191)] | Literal["none"] = 14
    """PRI in front of the line: facility times 8 and severity (14: user, info); "none": no PRI.
    What the original sends is not known, for receivers strip it."""

    header: Literal["rfc3164", "rfc5424"] = "rfc3164"
    """``rfc3164``: time and host as in the original's line; ``rfc5424`` needs a priority."""

    hostname: str = Field(default="", pattern=r"^[!-~]{0,255}$")
    """Host in the header; empty: this host's name."""

    local_time_zone: TimeZone = "UTC"
    """Of the header's time, as tzdata names it; the original prints its host's local time."""

    line_octets: int = Field(default=0, ge=0)
    """Longest line; a longer one is cut at items of its lists and counted. 0: what the transport
    takes (65,507 octets over UDP, else any). rsyslog takes 8,192 unless told otherwise."""

    record_id: bool = False
    """Whether the line ends in ``_id="..."``, by which repeats are told; not in the original."""

    @model_validator(mode="after")
    def _header_has_what_it_needs(self) -> Self:
        if self.header == "rfc5424" and self.priority == "none":
            raise ValueError("header rfc5424 needs a priority (RFC 5424, 6.2.1)")
        return self


class TlsSettings(SubscriberSettings):
    """What those have that may speak TLS."""

    tls_ca_file: ExistingFile | None = None
    """Certificates (PEM) that the peer is checked against; not set: those of the system."""

    tls_certificate_file: ExistingFile | None = None
    """Our certificate (PEM) where the peer asks for one."""

    tls_key_file: ExistingFile | None = None
    """Key (PEM) of our certificate, without a password; not set: in the same file."""

    tls_check_hostname: bool = True
    """Whether the peer's certificate must carry its name; false only in a lab."""

    @model_validator(mode="after")
    def _key_has_certificate(self) -> Self:
        if self.tls_key_file is not None and self.tls_certificate_file is None:
            raise ValueError("tls_key_file needs tls_certificate_file")
        return self


class SyslogSettings(LineSettings, TlsSettings):
    """The collector's line over syslog, a port for each kind of record."""

    type: Literal["syslog"]
    """Chooses this kind."""

    topics: tuple[Literal["flow", "endpoint", "interface"], ...] = Field(
        default=("flow", "endpoint", "interface"), min_length=1
    )
    """Record topics to read: those that have a port."""

    host: str = Field(default="localhost", min_length=1)
    """Name or address of the syslog server."""

    flow_port: Port = 20519
    """Of flow records; the original's default."""

    endpoint_port: Port = 20520
    """Of endpoint records; the original's default."""

    interface_port: Port = 20521
    """Of interface records; the original's default."""

    transport: Literal["udp", "tcp", "tls"] = "udp"
    """``udp`` as the original: what does not arrive is lost, and nobody knows. ``tcp`` and ``tls``
    resend after a break, but the peer's process confirms nothing: see ``relp``."""

    framing: Literal["octets", "newline"] = "octets"
    """Of ``tcp`` and ``tls``: length in front (RFC 6587, 3.4.1; RFC 5425, 4.3) or a line end."""

    resend_octets: int = Field(default=8_388_608, ge=0)
    """After a break of ``tcp`` or ``tls`` the last lines sent, so many octets, go again: the peer's
    system had them, its process perhaps not. A Linux peer's system holds up to 6 MiB for a
    connection (tcp_rmem). 0: only what was in delivery."""

    resend_seconds: float = Field(default=5.0, ge=0, le=3600)
    """Lines sent longer before the break do not go again: they have been read."""

    def port(self, topic: str) -> int:
        """Of a topic's records."""
        ports = {
            "flow": self.flow_port,
            "endpoint": self.endpoint_port,
            "interface": self.interface_port,
        }
        return ports[topic]


class RelpSettings(LineSettings, TlsSettings):
    """The collector's line over RELP, which confirms each line: nothing is lost over a restart."""

    type: Literal["relp"]
    """Chooses this kind."""

    host: str = Field(default="localhost", min_length=1)
    """Name or address of the receiver (rsyslog's imrelp)."""

    port: Port = 2514
    """TCP port of the receiver."""

    tls: bool = False
    """Whether RELP is spoken inside TLS."""

    window_records: int = Field(default=256, ge=1, le=10_000)
    """Lines on their way that are not confirmed; after a break these go again."""


class SplunkHecSettings(LineSettings, TlsSettings):
    """Records to Splunk's HTTP Event Collector, with indexer acknowledgement."""

    type: Literal["splunk-hec"]
    """Chooses this kind."""

    url: str = Field(default="https://localhost:8088", pattern=r"^https?://[^/?#]+/?$")
    """Of the collector, without a path."""

    token: SecretStr | None = None
    """The token; better by the environment than in the file."""

    token_file: ExistingFile | None = None
    """File that holds the token, in place of ``token``."""

    format: Literal["line", "json"] = "line"
    """``line``: the collector's syslog line, as the add-on's sourcetypes expect it; ``json``: the
    record as a JSON event."""

    priority: Annotated[int, Field(ge=0, le=191)] | Literal["none"] = "none"
    """PRI in front of a line; Splunk's own inputs take it away."""

    index: str = Field(default="", pattern=r"^[a-z0-9_-]{0,80}$")
    """Index for all topics; empty: the token's own."""

    indexes: dict[RecordTopic, str] = Field(default_factory=dict)
    """Indexes of single topics."""

    sourcetypes: dict[RecordTopic, str] = Field(default_factory=dict)
    """Sourcetypes, where others are wanted than those that the Cisco add-on knows."""

    sources: dict[RecordTopic, str] = Field(default_factory=dict)
    """Sources, where others are wanted than those of the original."""

    indexed_fields: bool = True
    """Whether events carry ``record_id`` and ``exporter`` as indexed fields: repeats are told."""

    acknowledgement: bool = True
    """Whether an event counts as delivered only when it is indexed; the token must allow it."""

    ack_seconds: float = Field(default=120.0, gt=0, le=3600)
    """Patience with the acknowledgement; then the events are sent again."""

    ack_poll_seconds: float = Field(default=1.0, gt=0, le=60)
    """How often acknowledgements are asked for."""

    request_octets: int = Field(default=800_000, ge=1000)
    """Largest body before compression; Splunk Cloud takes 1 MB."""

    gzip: bool = True
    """Whether bodies are compressed."""

    batch_records: int = Field(default=5000, ge=1, le=100_000)
    """Records that are delivered together at most: all of them share the wait for
    acknowledgement."""

    @model_validator(mode="after")
    def _token_is_given_once(self) -> Self:
        if (self.token is None) == (self.token_file is None):
            raise ValueError("accepted: either token or token_file")
        return self


class FileSettings(LineSettings):
    """Records into files, rotated by size and time."""

    type: Literal["file"]
    """Chooses this kind."""

    directory: Path
    """Where the files are; made if it is not there. One process writes to it."""

    format: Literal["json", "line"] = "json"
    """``json``: the record as on its topic, a line each; ``line``: the collector's syslog line."""

    priority: Annotated[int, Field(ge=0, le=191)] | Literal["none"] = "none"
    """PRI in front of a line of ``format = "line"``."""

    meta: bool = True
    """Whether JSON gets ``_id`` (the record id, by which repeats are told), ``_exporter`` and
    ``_received``, where the value has none."""

    rotate_octets: int = Field(default=100 * 1024 * 1024, ge=0)
    """A file of this size is completed; 0: size does not matter."""

    rotate_seconds: float = Field(default=3600.0, ge=0)
    """A file of this age is completed, when something is written or nothing comes; 0: never."""

    keep_files: int = Field(default=0, ge=0)
    """Completed files of each topic that are kept, the oldest go; 0: all."""

    compression: Literal["none", "gzip"] = "none"
    """Of completed files."""

    fsync: Literal["batch", "file", "never"] = "batch"
    """When octets are forced to disk: before each batch counts as delivered, when a file is
    completed, or when the system likes. Only ``batch`` loses nothing at a loss of power."""


class KafkaTargetSettings(SubscriberSettings):
    """Records to another Kafka cluster, or to other topics."""

    type: Literal["kafka"]
    """Chooses this kind."""

    kafka: KafkaSettings | None = None
    """How the other cluster is reached; not set: the cluster of ``[kafka]``."""

    names: dict[RecordTopic, str] = Field(default_factory=dict)
    """Topic to its name there, as in ``{flow = "nvm-flow"}``; others keep their default name behind
    ``prefix``."""

    prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,49}$")
    """Before names that ``names`` does not give."""

    compression: Literal["none", "lz4", "zstd", "gzip", "snappy"] = "lz4"
    """Of the records there."""

    message_octets: int = Field(default=1_000_000, ge=1000)
    """Largest record that is sent; larger ones are refused into dead letters."""

    def target(self, topic: str) -> str:
        """The name there of a topic here (default name)."""
        given: dict[Any, str] = self.names
        return given.get(topic, self.prefix + topic)


class PluginSettings(SubscriberSettings):
    """Records to a subscriber of another package (docs/subscribers.md tells how to write one)."""

    type: Literal["plugin"]
    """Chooses this kind."""

    plugin: str = Field(min_length=1)
    """Name of the entry point, in the group ``envizzy.subscribers``."""

    settings: dict[str, Any] = Field(default_factory=dict)
    """What the plug-in is given; it says what it accepts."""


AnySubscriber = Annotated[
    SyslogSettings
    | RelpSettings
    | SplunkHecSettings
    | FileSettings
    | KafkaTargetSettings
    | PluginSettings,
    Field(discriminator="type"),
]
"""Each kind of table; ``type`` tells which."""
