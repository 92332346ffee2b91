"""A whole deployment for a test: settings, topics, ingest, workers and generators as processes."""

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from envizzy import topics
from envizzy.config import Settings, read
from envizzy.lab.minutes import Minutes
from envizzy.lab.processes import Child, await_ready, envizzy, free_port, spawn
from envizzy.lab.reader import AccountReader
from envizzy.lab.watch import Watch, parked_sets
from service.exits import Exit
from tests.brokers import Broker

READY_SECONDS = 90.0
"""Patience with a service on a busy machine."""

DRAIN_SECONDS = 120.0
"""So long without any progress, and what is missing is missing. Longer than the 90 s that Faust's
client waits for a coordinator's answer: what comes late is not lost."""


@dataclass
class Deployment:
    """What runs for one test."""

    folder: Path
    file: Path
    settings: Settings
    port: int
    watch: Watch
    children: list[Child] = field(default_factory=list)
    supervised: list[Child] = field(default_factory=list)

    def ingest(self) -> Child:
        """Start the receiver and wait until it is ready."""
        at = free_port()
        flags = ["--health-port", str(at), "--listen", f"127.0.0.1:{self.port}"]
        child = self._start("ingest", *flags)
        await_ready(child, f"http://127.0.0.1:{at}/readyz", READY_SECONDS)
        return child

    def worker(self, *, service: str = "streams", ready: bool = True) -> Child:
        """Start a worker; one that asks for it (exit code 70) is started again."""
        at = free_port()
        child = self._start(service, "--health-port", str(at))
        self.supervised.append(child)
        if ready:
            await_ready(child, f"http://127.0.0.1:{at}/readyz", READY_SECONDS)
        return child

    def generator(self, *flags: str) -> Child:
        """Start endpoints; what they send is expected."""
        account = self.folder / f"account-{len(self.watch.accounts)}.jsonl"
        self.watch.accounts.append(AccountReader(account))
        target = f"127.0.0.1:{self.port}"
        command = envizzy("generate", "--to", target, "--account", str(account), *flags)
        return self._keep(spawn("generate", command, self.folder / f"{account.stem}.log"))

    def run(self, seconds: float) -> None:
        """Let time pass and watch."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()

    def look(self) -> int:
        """Take what came."""
        for child in list(self.supervised):
            if child.ended:
                self.supervised.remove(child)
                if child.process.returncode == Exit.INTERNAL:
                    self.worker(service=child.name, ready=False)
        return self.watch.step(0.1)

    def drain(self, parked: int = 0) -> None:
        """Until no more than what is to stay parked is outstanding, or nothing moves any more.

        Args:
            parked: Records that no Template will come for.
        """
        moved = time.monotonic()
        while time.monotonic() - moved < DRAIN_SECONDS:
            if self.look():
                moved = time.monotonic()
            elif self.watch.outstanding <= parked and self.watch.at_end:
                break
        for each in parked_sets(self.settings.kafka, self.settings.topics):
            self.watch.checker.park(each.octets)

    def _start(self, name: str, *flags: str) -> Child:
        command = envizzy(name, "--config", str(self.file), *flags)
        log = self.folder / f"{name}-{len(self.children)}.log"
        return self._keep(spawn(name, command, log))

    def _keep(self, child: Child) -> Child:
        self.children.append(child)
        return child


@contextlib.contextmanager
def deployed(
    broker: Broker,
    prefix: str,
    folder: Path,
    partitions: int = 4,
    totals: str = "",
    connection: str | None = None,
) -> Iterator[Deployment]:
    """Topics of the test's own on a broker; all processes are gone in the end.

    Args:
        broker: Where.
        prefix: Of the topics.
        folder: For settings and logs.
        partitions: Of ``raw`` and of the record topics.
        totals: Settings of ``[totals]``, where ``netflow-1m`` is to be watched, too.
        connection: The table ``[kafka]``, where it is more than the broker's address.
    """
    connection = connection or f'bootstrap_servers = "{broker.bootstrap}"\n'
    file = folder / "envizzy.toml"
    file.write_text(
        f"[kafka]\n{connection}"
        f'[topics]\nprefix = "{prefix}"\nraw_partitions = {partitions}\n'
        f"record_partitions = {partitions}\nreplication_factor = 1\n"
        f"[ingest]\nprocesses = 1\n"
        f"[streams]\nprocesses = 1\nsession_seconds = {broker.session_seconds}\n"
        f"[totals]\nsession_seconds = {broker.session_seconds}\n{totals}"
    )
    settings = read(file).settings
    topics.create(settings.kafka, settings.topics)
    minutes = Minutes() if totals else None
    watch = Watch(settings.kafka, settings.topics, [], minutes=minutes)
    port = free_port(socket.SOCK_DGRAM)
    deployment = Deployment(folder, file, settings, port, watch)
    try:
        yield deployment
    except BaseException:
        for child in deployment.children:
            print(f"--- {child.name} ({child.log.name}): {child.process.poll()}\n{child.tail()}")
        raise
    finally:
        for child in reversed(deployment.children):
            child.kill()
        watch.close()
