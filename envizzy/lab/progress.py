"""What a run of the lab was asked for, and what it knows while it goes on."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envizzy.lab.processes import Child, resident_octets
from envizzy.lab.services import Services
from envizzy.lab.view import Figures
from envizzy.lab.watch import Rate, Watch

_LOOK_SECONDS = 1.0
_MEBI = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """What ``envizzy lab`` was asked for.

    Attributes:
        endpoints: Generated ones.
        rate: Flow records a second.
        seconds: From ready on; None until Ctrl-C.
        replay: Captures in place of the generator.
        kafka: Brokers in place of Tansu.
        as_json: Print the summary only.
        memory_mebi: Tansu may have so much (it keeps all in memory); then the run ends.
        routers: Simulated ones beside the endpoints.
        router_rate: Flow records a second, of all routers.
    """

    endpoints: int = 20
    rate: float = 100.0
    seconds: float | None = None
    replay: Sequence[Path] = ()
    kafka: str | None = None
    as_json: bool = False
    memory_mebi: int = 2048
    routers: int = 0
    router_rate: float = 100.0


@dataclass(slots=True)
class Run:
    """What a run knows while it goes on."""

    options: Options
    services: Services
    watch: Watch
    source: Child
    stopping: Callable[[], bool]
    received: int = 0
    taken: int = 0
    dropped: int = 0
    ended_by: str = ""
    _looked: float = 0.0
    _rate: Rate = field(default_factory=Rate)

    def look(self) -> None:
        """Ask the services how they are; about once a second."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        self.services.check()
        self.ask()
        broker = self.services.broker
        if broker:
            octets = resident_octets(broker.process.pid)
            if octets > self.options.memory_mebi * _MEBI:
                self.ended_by = (
                    f"the broker in memory holds {octets // _MEBI} MiB (--memory): the run ended"
                )

    def ask(self) -> None:
        """Read the services' counters."""
        ingest = self.services.metrics("ingest")
        self.received = int(ingest.get("ingest_datagrams_total", self.received))
        drops = [value for name, value in ingest.items() if "drop" in name and "_total" in name]
        self.dropped = int(sum(drops))
        taken = self.services.metrics("streams").get("streams_datagrams_total", self.taken)
        self.taken = int(taken)

    def figures(self) -> Figures:
        """What stands above the table."""
        watch = self.watch
        counts = watch.checker.published
        p50, p99 = watch.latencies.quantile(0.5), watch.latencies.quantile(0.99)
        pairs = (
            ("datagrams received", f"{self.received:,}"),
            ("records published", f"{watch.seen:,}"),
            ("records/s", f"{self._rate.at(time.monotonic(), watch.seen):,.0f}"),
            ("latency ms p50, p99", "-" if p50 is None else f"{p50:.0f}, {p99:.0f}"),
            ("flows", self._flows(counts)),
            ("endpoint, interface", f"{counts['endpoint']:,}, {counts['interface']:,}"),
            ("dropped", f"{self.dropped:,}"),
            ("dead letters", f"{sum(watch.dead.values()):,}"),
        )
        return Figures(f"envizzy lab: {self.services.settings.kafka.bootstrap_servers}", pairs)

    def _flows(self, counts: Mapping[str, int]) -> str:
        own = f"{counts['flow']:,}"
        return f"{own}, of routers {counts['netflow']:,}" if self.options.routers else own
