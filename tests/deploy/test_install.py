"""The installation for real: into a machine of the test's own, run, upgraded, taken away."""

import fcntl
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from envizzy.cli import app
from envizzy.lab.processes import fetch, free_port
from tests.brokers import Broker
from tests.deploy.machine import Machine, MachineError, booted

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PATIENCE = 180.0
QUICK = {"PIP_NO_COMPILE": "0"}
"""pip's own inverted way to leave byte code to the first use."""

INSTALLED = ("/etc", "/opt", "/usr/local/bin", "/var/lib", "/var/log")
"""Where an installation may leave something."""


def _python() -> str:
    """An interpreter that the user of the services may run, of the version that the tests have."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        if Path(candidate).exists():
            return candidate
    pytest.skip(f"no Python {version} outside of a user's home")


def _wheels(folder: Path, version: str) -> Path:
    """A wheelhouse with this version of envizzy; the others are fetched once."""
    pins = DEPLOY / "requirements.txt"
    name = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:16]
    cache = ROOT / ".cache" / "wheelhouse" / name
    cache.parent.mkdir(parents=True, exist_ok=True)
    with (cache.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not cache.is_dir():
            partial = cache.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:"),
                    *("--disable-pip-version-check", "--require-hashes", "-r", str(pins)),
                    *("-d", str(partial)),
                ],
                check=True,
                timeout=600,
            )
            partial.rename(cache)
    house, source = folder / f"wheelhouse-{version}", folder / f"source-{version}"
    shutil.copytree(
        cache, house, copy_function=os.link if _one_disk(cache, folder) else shutil.copy
    )
    source.mkdir()
    for package in ("ingest", "schemas", "streams", "service", "envizzy"):
        shutil.copytree(ROOT / package, source / package)
    for file in ("README.md", "LICENSE"):
        shutil.copy(ROOT / file, source / file)
    text = (ROOT / "pyproject.toml").read_text()
    text = re.sub(r'^version = ".*"$', f'version = "{version}"', text, count=1, flags=re.MULTILINE)
    (source / "pyproject.toml").write_text(text)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(house)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    return house


def _one_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A booted machine; what this host does not allow is a visible skip."""
    base = tmp_path / "machine"
    base.mkdir()
    try:
        with booted(base, (ROOT, tmp_path)) as made:
            yield made
    except MachineError as error:
        pytest.skip(str(error))


def _await(what: Callable[[], object], machine: Machine, units: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            status = machine.run("systemctl", "status", "--no-pager", "-l", units, check=False)
            logs = machine.run("sh", "-c", "tail -n 20 /var/log/envizzy/*", check=False)
            pytest.fail(f"{status.stdout}\n{logs.stdout}")
        time.sleep(0.2)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _tree(machine: Machine) -> str:
    """Names, kinds, owners, modes, sizes, times and targets of what an installation may touch."""
    form = "%p %y %u %g %m %s %T@ %l\\n"
    # Services write their logs meanwhile.
    places = [place for place in INSTALLED if place != "/var/log"]
    found = machine.run("find", *places, "-xdev", "-printf", form).stdout.splitlines()
    # Folders that hold the new release for a while have another time after it.
    held = ("/opt d", "/opt/envizzy d", "/opt/envizzy/releases d")
    return "\n".join(line for line in sorted(found) if not line.startswith(held))


def _process(machine: Machine, unit: str) -> tuple[int, dict[str, str], dict[str, str]]:
    """The main process of a unit: its id, what the kernel says of it, its environment."""
    pid = machine.run("systemctl", "show", "-P", "MainPID", unit).stdout.strip()
    status = machine.run("cat", f"/proc/{pid}/status").stdout
    environment = machine.run("cat", f"/proc/{pid}/environ").stdout.split("\0")
    return (
        int(pid),
        dict(line.split(":", 1) for line in status.splitlines() if ":" in line),
        dict(line.split("=", 1) for line in environment if "=" in line),
    )


@dataclass
class Installation:
    """What a test does with the machine.

    Attributes:
        machine: Where.
        python: Interpreter for it.
        wheels: Version to wheelhouse.
        units: Unit file to the unit that is started of it, and its health port.
    """

    machine: Machine
    python: str
    wheels: dict[str, Path]
    units: dict[str, tuple[str, int]]

    def install(self, version: str, *more: str) -> "subprocess.CompletedProcess[str]":
        """Run install.sh."""
        flags = ("--wheelhouse", str(self.wheels[version]), "--python", self.python, *more)
        return self.machine.run(str(DEPLOY / "install.sh"), *flags, check=False, **QUICK)

    def await_ready(self, unit: str, port: int) -> None:
        """Wait for its /readyz."""
        _await(lambda: _is_ready(port), self.machine, unit)

    def start_all(self) -> dict[str, int]:
        """Start each unit and see that it runs as it should.

        Returns:
            Unit to its main process.
        """
        pids = {}
        uid = self.machine.run("id", "-u", "envizzy").stdout.strip()
        # One after the other, the single worker before the others: each group is joined once.
        for unit, port in sorted(self.units.values(), key=lambda each: each[0] in SERVICES):
            self.machine.run("systemctl", "start", unit)
            self.await_ready(unit, port)
            pids[unit], status, environment = _process(self.machine, unit)
            assert [uid] * 4 == status["Uid"].split(), unit
            assert ("1", "2") == (status["NoNewPrivs"].strip(), status["Seccomp"].strip())
            assert 0 == int(status["CapEff"], 16)
            assert "/etc/envizzy/envizzy.toml" == environment["ENVIZZY_CONFIG"]
            static = any(name.endswith("__INSTANCE_ID") for name in environment)
            assert static == ("streams" in unit or "totals" in unit)
            if unit not in SERVICES:
                self.machine.run("systemctl", "stop", unit)
        return pids


SERVICES = ("envizzy-ingest.service", "envizzy-streams.service")


@pytest.fixture
def installation(machine: Machine, tmp_path: Path) -> Installation:
    """Two versions, ready to be installed."""
    tmp_path.chmod(0o755)
    single = free_port()
    units = {
        "envizzy-ingest.service": ("envizzy-ingest.service", free_port()),
        "envizzy-streams.service": ("envizzy-streams.service", free_port()),
        "envizzy-streams@.service": (f"envizzy-streams@{single}.service", single),
        "envizzy-subscribe@.service": ("envizzy-subscribe@archive.service", free_port()),
        "envizzy-totals.service": ("envizzy-totals.service", free_port()),
    }
    wheels = {version: _wheels(tmp_path, version) for version in ("0.1.0", "0.1.1")}
    return Installation(machine, _python(), wheels, units)


def _settings(installation: Installation, broker: Broker, prefix: str, udp: int) -> str:
    port = {name: port for name, (_, port) in installation.units.items()}
    return (
        f'[kafka]\nbootstrap_servers = "{broker.bootstrap}"\n'
        f'[topics]\nprefix = "{prefix}"\nraw_partitions = 4\nrecord_partitions = 4\n'
        f'[ingest]\nlisten = ["127.0.0.1:{udp}"]\nprocesses = 2\n'
        f"[streams]\nprocesses = 2\nsession_seconds = {broker.session_seconds}\n"
        f"[health]\ningest_port = {port['envizzy-ingest.service']}\n"
        f"streams_port = {port['envizzy-streams.service']}\n"
        f"subscribers_port = {port['envizzy-subscribe@.service']}\n"
        f"totals_port = {port['envizzy-totals.service']}\n"
        '[logs]\nfolder = "/var/log/envizzy"\n'
        '[subscribers.archive]\ntype = "file"\ndirectory = "/var/lib/envizzy/archive"\n'
    )


@pytest.mark.kafka
@pytest.mark.e2e
@pytest.mark.slow
def test_installed_run_upgraded_and_taken_away(
    installation: Installation, kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    """Each unit runs as its user under its limits and is ready; settings outlive an upgrade.

    Broken ones stop it; in the end nothing but data is left. On real Kafka: on Tansu a group whose
    static members were stopped does not come together again.
    """
    machine = installation.machine
    udp = free_port(socket.SOCK_DGRAM)
    settings = _settings(installation, kafka, prefix, udp)
    (tmp_path / "first.toml").write_text(settings)
    before = _tree(machine)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    refused = machine.run(*nobody, str(DEPLOY / "install.sh"), check=False)
    assert (1, before) == (refused.returncode, _tree(machine))
    assert "must be run by root" in refused.stderr

    done = installation.install("0.1.0", "--config", str(tmp_path / "first.toml"))
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "envizzy 0.1.0 is installed" in done.stdout
    _check_units(machine)
    machine.run("envizzy", "topics", "create", "--config", "/etc/envizzy/envizzy.toml")
    pids = installation.start_all()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"\x00\x0a", ("127.0.0.1", udp))
    metrics = f"http://127.0.0.1:{installation.units[SERVICES[0]][1]}/metrics"
    delivered = "ingest_datagrams_delivered_total 1.0"
    _await(lambda: delivered in fetch(metrics), machine, SERVICES[0])
    machine.run("systemctl", "reload", *SERVICES)
    logs = machine.run("ls", "/var/log/envizzy").stdout.split()
    assert {"ingest.log", "ingest-0.log", "streams-1.log", "subscribe-archive.log"} <= set(logs)

    file = machine.root / "etc/envizzy/envizzy.toml"
    assert settings == file.read_text()
    _refuse_broken(installation, file, pids)
    mine = settings + "# a word of the operator's\n"
    file.write_text(mine)
    done = installation.install("0.1.1")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "envizzy 0.1.1\n" == machine.run("envizzy", "--version").stdout
    assert mine == file.read_text()
    for unit in SERVICES:
        installation.await_ready(unit, installation.units[unit][1])
        assert pids[unit] != _process(machine, unit)[0]

    _take_away(installation, mine)


def _check_units(machine: Machine) -> None:
    """All that are in the repository are installed, and systemd has nothing to say of them."""
    there = machine.run(
        "sh", "-c", "cd /etc/systemd/system; ls -d envizzy-*.service"
    ).stdout.split()
    assert sorted(file.name for file in (DEPLOY / "systemd").glob("*.service")) == there
    command = "systemd-analyze verify /etc/systemd/system/envizzy-*.service"
    verified = machine.run("sh", "-c", command)
    assert ("", "") == (verified.stdout, verified.stderr)


def _refuse_broken(installation: Installation, file: Path, pids: dict[str, int]) -> None:
    """An upgrade with settings that it cannot use changes nothing and says what is wrong."""
    machine, settings = installation.machine, file.read_text()
    file.write_text(settings.replace("processes = 2\nsession", "proceses = 2\nsession"))
    tree = _tree(machine)
    done = installation.install("0.1.1")
    assert 1 == done.returncode
    hint = "envizzy.toml:11: streams.proceses is no setting; did you mean streams.processes?"
    assert hint in done.stderr
    assert "nothing was changed" in done.stderr
    assert tree == _tree(machine)
    for unit in SERVICES:
        assert pids[unit] == _process(machine, unit)[0]


def _take_away(installation: Installation, settings: str) -> None:
    """Uninstall: data stays, the settings among it, and belongs to root."""
    machine = installation.machine
    uid = machine.run("id", "-u", "envizzy").stdout.strip()
    (machine.root / "var/lib/envizzy/data").write_text("kept")
    done = machine.run("/opt/envizzy/uninstall.sh")
    aside = re.search(r"settings are in (\S+)", done.stdout)
    assert aside is not None
    data = {"/var/lib/envizzy", "/var/log/envizzy"}
    kept = {*data, f"{aside[1]}/envizzy.toml", f"{aside[1]}/envizzy.env"}
    names = ("find", *INSTALLED, "/usr/lib/systemd", "-xdev", "-name", "*envizzy*")
    assert kept == set(machine.run(*names).stdout.split())
    assert settings == (machine.root / aside[1].lstrip("/") / "envizzy.toml").read_text()
    assert "kept" == (machine.root / "var/lib/envizzy/data").read_text()
    assert "" == machine.run("find", *INSTALLED, "-xdev", "-uid", uid).stdout
    assert 0 != machine.run("id", "envizzy", check=False).returncode
    assert not any(_is_ready(port) for _, port in installation.units.values())


def test_every_unit_file_is_tried() -> None:
    """A new one gets into the test above; each is hardened and starts what there is."""
    tried = {"ingest", "streams", "streams@", "subscribe@", "totals"}
    files = list((DEPLOY / "systemd").glob("*.service"))

    names = {each.callback.__name__ for each in app.registered_commands if each.callback}

    assert {f"envizzy-{each}" for each in tried} == {file.stem for file in files}
    for file in files:
        (command,) = re.findall(r"^ExecStart=(\S+) (\S+)", file.read_text(), re.MULTILINE)
        assert "/opt/envizzy/current/bin/envizzy" == command[0]
        assert command[1] in names
        assert "User=envizzy\nGroup=envizzy\n" in file.read_text()


def test_runtime_pins_are_those_of_the_tests() -> None:
    """What is installed is what was tested: version by version, hash by hash."""
    whole = (ROOT / "constraints.txt").read_text().replace("\\\n", " ").splitlines()
    runtime = (DEPLOY / "requirements.txt").read_text().replace("\\\n", " ").splitlines()
    tested = {" ".join(line.split()) for line in whole}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[^a-z0-9-]", each)[0] for each in project["dependencies"]}
    assert set() == needed - {line.split("==")[0] for line in runtime}
    assert [] == [line for line in runtime if " ".join(line.split()) not in tested]
