"""The ``[streams]`` table: the workers that decode, interpret, filter and publish."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from service.settings import ExistingFile, Section, TimeZone
from streams.interpret import parse_layout
from streams.interpret.router import BaseInformation, FlowKey, protocol_name

STATIC_SESSION_SECONDS = 30.0
"""With stable names a restart within this time causes no rebalance (measured: back in 3 to 4 s)."""

DYNAMIC_SESSION_SECONDS = 10.0
"""Without: after a crash all workers stand still for this long."""


class StateSettings(Section):
    """How much a worker remembers of each partition of ``raw``; what spills over is buried."""

    sessions_per_exporter: int = Field(default=4096, ge=1)
    """Transport Sessions of one address; a NAT shows thousands of endpoints under one."""

    sessions: int = Field(default=262_144, ge=1)
    """Transport Sessions of a partition in all."""

    templates_per_session: int = Field(default=1024, ge=1)
    """Templates of one session; real exporters have up to a few hundred."""

    parked_per_exporter: int = Field(default=1024, ge=0)
    """Sets of one address that wait for their Template."""

    parked_octets_per_exporter: int = Field(default=1024 * 1024, ge=0)
    """Octets of these."""

    parked: int = Field(default=32_768, ge=0)
    """Sets of a partition that wait for their Template."""

    parked_octets: int = Field(default=32 * 1024 * 1024, ge=0)
    """Octets of these; memory of a worker is this times its partitions at worst."""

    parked_hours: float = Field(default=26.0, gt=0)
    """How long a Set waits: clients may send Templates only once a day."""

    replay_hours: float = Field(default=48.0, gt=0)
    """How long a redefined Template is kept for a replay: as long as ``raw`` is kept."""

    layouts: int = Field(default=4096, ge=0)
    """Template layouts of the whole fleet; client versions, not endpoints."""


class NetflowSettings(Section):
    """Router flows: what is asked of them, and under which key they are published."""

    base_information: BaseInformation = "flag"
    """Of flows that lack base information (start, end, interfaces, protocol, ToS, addresses,
    octets, packets; ports of TCP and UDP, type and code of ICMP): `flag` publishes them with the
    names in `missing`, `require` makes dead letters of them, `ignore` publishes them without."""

    protocols: tuple[str, ...] = ()
    """Only flows of these are published, by name or number (`TCP`, `UDP`, `ICMP`, `ICMPv6`, `47`);
    the others are dropped and counted. Empty: all."""

    key: FlowKey = "exporter"
    """Kafka key: `exporter` (its address; an exporter's flows stay in order), `flow` (exporter,
    addresses, protocol and ports: busy exporters spread over partitions), `none`."""

    clock_tolerance_seconds: float = Field(default=60.0, gt=0, le=86_400)
    """How far an exporter's clock may be from ours, and how late a flow may end after its receipt,
    before its flows are flagged (`clock_off`, `end_in_future`)."""

    @field_validator("protocols")
    @classmethod
    def _protocols_are_known(cls, protocols: tuple[str, ...]) -> tuple[str, ...]:
        for name in protocols:
            if protocol_name(name) is None:
                raise ValueError(
                    f"{name!r} is no protocol; accepted: names such as TCP, UDP, ICMP, ICMPv6, GRE,"
                    " or numbers from 0 to 255"
                )
        return protocols

    @property
    def protocol_names(self) -> frozenset[str] | None:
        """The protocols as records have them; None: all."""
        return frozenset(protocol_name(name) or name for name in self.protocols) or None


class StreamsSettings(Section):
    """How a worker reads ``raw``, decodes and publishes."""

    group: str = Field(default="streams", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """Consumer group, behind ``topics.prefix``; the workers of a deployment share it."""

    processes: int | Literal["auto"] = "auto"
    """Worker processes under one supervisor, behind one health port. "auto": one for each
    processor, at most ``topics.raw_partitions``: more would have nothing to do."""

    instance_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """Static membership: a name that is unique and stays the same over restarts (systemd,
    StatefulSet). A restart then causes no rebalance. With several processes each adds its number
    (``NAME-0``). Not set: dynamic."""

    session_seconds: float = Field(default=0.0, ge=0, le=1800)
    """After this silence a worker counts as dead and its partitions move; 0: 30 with
    ``instance_id``, else 10. The broker bounds it (Kafka: 6 to 1,800)."""

    commit_interval_seconds: float = Field(default=0.5, gt=0, le=30)
    """How often offsets are committed: what came since is done again after a crash (measured: 2 %
    of repeats with 0.5, over 60 % with 20)."""

    fetch_octets: int = Field(default=4 * 1024 * 1024, ge=65_536)
    """Most that one fetch brings; 256 KiB made a worker four times slower."""

    buffered_events: int = Field(default=16, ge=1, le=4096)
    """Events that wait inside Faust; each may hold 256 KiB."""

    flights: int = Field(default=32, ge=1, le=1024)
    """Events in work at most: sent, but not yet confirmed by Kafka."""

    flight_octets: int = Field(default=64 * 1024 * 1024, ge=1024)
    """Octets of these at most."""

    message_octets: int = Field(default=1_000_000, ge=10_000)
    """Largest record that is sent; not above ``max.message.bytes`` of any topic."""

    linger_ms: float = Field(default=10.0, ge=0, le=1000)
    """How long records wait for company in a batch."""

    compression: Literal["none", "lz4", "zstd", "gzip", "snappy"] = "lz4"
    """Of the record topics; lz4 costs 1.5 us of 600 octets."""

    delivery_timeout_seconds: float = Field(default=120.0, ge=1, le=3600)
    """How long a record is tried before the worker ends with 70, to be started again."""

    stop_seconds: float = Field(default=9.0, ge=1, le=300)
    """After SIGTERM: what is not done by then is left to the next start. Shorter than the
    supervisor's patience (10 s)."""

    failures_in_a_row: int = Field(default=100, ge=1)
    """Datagrams that may fail one after the other by a defect of ours before the worker stops: a
    bad deployment must not move the whole stream into dead letters."""

    fleet_layouts: bool = True
    """Whether nvzFlow data of a session without Templates may be decoded by the one layout of the
    fleet that fits exactly; marked ``template-origin: fleet``."""

    json_values: Literal["typed", "strings"] = "typed"
    """``strings`` is the collector's form: every value a string."""

    big_numbers: Literal["numbers", "strings"] = "numbers"
    """``strings``: only what exceeds 2**53, for readers with floats."""

    meta: Literal["headers", "fields"] = "headers"
    """Where what is ours (record id, exporter, receive time) stands: in Kafka headers, or also in
    the value, for consumers that drop headers."""

    local_time_zone: TimeZone = "UTC"
    """Of ``fst`` and ``fet``, as tzdata names it."""

    versions: dict[str, str] = Field(default_factory=dict)
    """``fv`` of layouts that are not public, as in ``"9:12332/20 9:12334/v" = "nvzFlow_v9"``: each
    field as ENTERPRISE:ID/LENGTH, ``v`` for variable. Other layouts have no ``fv``: no guesses."""

    derive_parent_account: bool = False
    """Whether ``ppaa`` and ``ppap`` are derived: in the manual, but in no real line."""

    filter_policy: ExistingFile | None = None
    """JSON file with the filter of flows (``rules``); not set: all flows are published. Read again
    when it changes and on SIGHUP."""

    compile_after: int = Field(default=32, ge=1)
    """Records of a layout that are read before it is compiled; compiling costs about as much."""

    state: StateSettings = StateSettings()
    """Bounds of what is remembered."""

    @property
    def session(self) -> float:
        """The session time-out in force, seconds."""
        if self.session_seconds:
            return self.session_seconds
        return STATIC_SESSION_SECONDS if self.instance_id else DYNAMIC_SESSION_SECONDS

    @field_validator("processes")
    @classmethod
    def _processes_are_few(cls, processes: int | str) -> int | str:
        if isinstance(processes, int) and not 1 <= processes <= 256:  # noqa: PLR2004 - more is a slip
            raise ValueError('accepted: a whole number from 1 to 256, or "auto"')
        return processes

    @field_validator("versions")
    @classmethod
    def _layouts_are_readable(cls, versions: dict[str, str]) -> dict[str, str]:
        for layout in versions:
            parse_layout(layout)
        return versions

    @model_validator(mode="after")
    def _session_outlasts_commits(self) -> Self:
        if self.session <= self.commit_interval_seconds:
            raise ValueError(
                f"session_seconds ({self.session:g}) must be above commit_interval_seconds "
                f"({self.commit_interval_seconds:g})"
            )
        return self
