"""The diagnostics bundle: what is in it, what is not, and what happens where things are broken."""

import os
import re
import stat
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from envizzy.captures import read
from envizzy.config import Settings
from envizzy.diag.bundle import _ABOUT, _PARTS
from envizzy.diag.settings import PARTS
from envizzy.lab.processes import Child, envizzy, fetch
from service.settings import keys
from tests.brokers import Broker, free_port
from tests.e2e.deployment import deployed

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"envizzydiag-[A-Za-z0-9._-]+-\d{8}T\d{6}Z\.zip")


def diag(folder: Path, *flags: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ENVIZZY_")}
    return subprocess.run(
        envizzy("diag", "-p", str(folder), *flags),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        cwd=ROOT,
        env={**clean, **env},
    )


def unzipped(done: subprocess.CompletedProcess[str]) -> dict[str, bytes]:
    """The files of the bundle that the command names."""
    path = Path(done.stdout.strip())
    assert NAME.fullmatch(path.name), done.stderr
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_works_without_kafka_and_hides_secrets(tmp_path: Path) -> None:
    """What could not be had stands in README.txt; a password stands nowhere."""
    file, out, logs = tmp_path / "e.toml", tmp_path / "out", tmp_path / "logs"
    out.mkdir()
    logs.mkdir()
    (logs / "ingest.log").write_text("line 1\nline 2\n" * 100)
    (logs / "ingest.log.1").write_text("older\n")
    file.write_text(
        f'[kafka]\nbootstrap_servers = "127.0.0.1:{free_port()}"\ntimeout_seconds = 1\n'
        'security_protocol = "SASL_PLAINTEXT"\nsasl_username = "u"\n'
        'extra = {"sasl.oauthbearer.client.secret" = "hunter3"}\n'
        f'[logs]\nfolder = "{logs}"\n[diag]\nlog_octets = 50\nraw_seconds = 1\n'
        f"[health]\ningest_port = {free_port()}\nstreams_port = {free_port()}\n"
    )
    done = diag(out, "--config", str(file), ENVIZZY_KAFKA__SASL_PASSWORD="hunter2")  # noqa: S106 - the test's own
    found = unzipped(done)

    assert 0 == done.returncode
    assert [] == [name for name, content in found.items() if b"hunter" in content]
    assert b"kafka.sasl_password = ********  # env" in found["settings/effective.toml"]
    readme = found["README.txt"].decode()
    for part in ("topics", "exporters", "raw"):
        assert re.search(rf"^  {part}: Kafka .*does not answer", readme, re.MULTILINE), readme
    assert b"does not answer" in found["services/streams-readyz.txt"]
    overview = found["services/overview.txt"].decode().splitlines()
    assert ["ingest", "streams", "subscribers", "totals"] == [
        line.partition(": http://")[0] for line in overview if "does not answer" in line
    ]
    assert b"line 2\n" == found["logs/ingest.log"][-7:]
    assert len(found["logs/ingest.log"]) <= 50
    assert b"older\n" == found["logs/ingest.log.1"]
    assert b"prometheus" in found["versions.txt"]
    assert b"MemTotal" in found["host/proc/meminfo"]
    assert b"drops" in found["host/proc/net/udp"]
    assert b"traceback" in found["errors.txt"].lower()
    assert ["out/" + Path(done.stdout.strip()).name] == [
        f"out/{each.name}" for each in out.iterdir()
    ]


def test_it_works_with_broken_settings(tmp_path: Path) -> None:
    """The mistake stands in the bundle and on standard error; the defaults are taken."""
    file = tmp_path / "e.toml"
    file.write_text("[ingest]\nlinger = 3\n")
    done = diag(tmp_path, "--config", str(file), "--kafka", f"127.0.0.1:{free_port()}")
    found = unzipped(done)

    assert 0 == done.returncode
    assert b"e.toml:2: ingest.linger is no setting" in found["settings/effective.toml"]
    assert "e.toml:2: ingest.linger is no setting" in done.stderr


def test_parts_that_are_not_wanted_are_left_out(tmp_path: Path) -> None:
    """What goes in is a setting."""
    done = diag(tmp_path, ENVIZZY_DIAG__PARTS="settings,versions")

    assert {"settings", "versions.txt", "README.txt"} == {
        name.split("/")[0] for name in unzipped(done)
    }
    assert "" == done.stderr


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """Exit code 2."""
    done = diag(tmp_path / "no", ENVIZZY_DIAG__PARTS="versions")

    assert 2 == done.returncode
    assert f"envizzy: {tmp_path}/no: No such file or directory\n" == done.stderr


def test_each_part_is_made_and_explained() -> None:
    """The closed set of the setting, the makers and the words are one."""
    assert set(PARTS) == set(_PARTS)
    assert {*PARTS, "raw"} == set(_ABOUT)
    assert "diag.parts" in keys(Settings)


def _port(child: Child) -> str:
    arguments = list(map(str, child.process.args))  # type: ignore[arg-type] # a list, as we made it
    return arguments[arguments.index("--health-port") + 1]


@pytest.mark.e2e
@pytest.mark.kafka
@pytest.mark.slow
def test_a_running_deployment_is_shown_whole(tansu: Broker, prefix: str, tmp_path: Path) -> None:
    """Metrics, topics, lag, exporters, and a capture that decode and tcpdump read.

    What clients report is in the capture and nowhere else.
    """
    out = tmp_path / "out"
    out.mkdir()
    with deployed(tansu, prefix, tmp_path) as deployment:
        ingest, worker = deployment.ingest(), deployment.worker()
        producer = Producer({"bootstrap.servers": tansu.bootstrap})
        for value in (b'{"old":1}', b'{"messages":7}'):
            producer.produce(f"{prefix}exporter", value, key=b"192.0.2.1")
        producer.flush(30)
        deployment.generator("--endpoints", "5", "--rate", "50", "--for", "60")
        url = f"http://127.0.0.1:{_port(worker)}/metrics"
        while not re.search(r"streams_flow_records_total [1-9]", fetch(url)):
            deployment.run(0.2)
        with ThreadPoolExecutor(1) as pool:
            making = pool.submit(
                diag,
                out,
                *("--config", str(deployment.file), "--raw", "6"),
                ENVIZZY_HEALTH__INGEST_PORT=_port(ingest),
                ENVIZZY_HEALTH__STREAMS_PORT=_port(worker),
            )
            first = 100
            while not making.done():  # the capture needs templates, which come at the start
                deployment.generator("--endpoints", "2", "--for", "2", "--first", str(first))
                deployment.run(2)
                first += 10
        done = making.result()
    found = unzipped(done)

    assert "Nothing was missing" in found["README.txt"].decode(), found["README.txt"].decode()
    assert re.search(rb"ingest_datagrams_total [1-9]", found["services/ingest-metrics.txt"])
    assert re.search(rb"streams_flow_records_total [1-9]", found["services/streams-metrics.txt"])
    assert b"ok" in found["services/streams-readyz.txt"]
    assert b"streams: ok" in found["services/overview.txt"]
    states = orjson.loads(found["kafka/topics.json"])
    assert {f"{prefix}raw", f"{prefix}flow"} <= {each["name"] for each in states}
    assert [] == [each["trouble"] for each in states if each["trouble"]]
    groups = orjson.loads(found["kafka/groups.json"])
    assert f"{prefix}streams" in [each["group"] for each in groups], groups
    (exporter,) = [orjson.loads(line) for line in found["kafka/exporters.jsonl"].splitlines()]
    assert ("192.0.2.1", {"messages": 7}) == (exporter["key"], exporter["value"])

    capture = tmp_path / "raw.pcap"
    capture.write_bytes(found["raw.pcap"])
    datagrams = list(read(capture))
    assert len(datagrams) > 20
    decoded = subprocess.run(
        envizzy("decode", "--records", "--json", str(capture)),
        capture_output=True,
        check=True,
        timeout=60,
        cwd=ROOT,
    ).stdout
    assert b'"pn"' in decoded
    names = set(re.findall(rb'"liuid":"([^"]+)"', decoded))
    assert names
    spoken = [name for name, content in found.items() for each in names if each in content]
    assert {"raw.pcap"} >= set(spoken)
