"""The compose file and the Dockerfile name only what is there (no engine needed, none run)."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from envizzy.config import Settings
from ingest.settings import PORTS
from service.settings import HealthSettings, keys, load

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: body for name, body in SERVICES.items() if "build" in body}


def test_the_file_fits_the_compose_schema() -> None:
    """The Compose Specification's own schema accepts it."""
    schema = json.loads((ROOT / "tests/golden/compose/compose_spec.json").read_text())
    # An extension field is any value by the specification; this schema knows them at the top.
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_and_flag_exists(name: str) -> None:
    """The words before the first flag are a command, and its help names each flag."""
    words = OURS[name]["command"]
    flags = [word for word in words if word.startswith("--")]
    command = words[: words.index(flags[0])] if flags else words
    shown = subprocess.run(
        [sys.executable, "-m", "envizzy", *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "TERM": "dumb"},
        cwd=ROOT,
    ).stdout

    assert [] == [flag for flag in flags if flag not in shown]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_in_the_environment_exists(name: str) -> None:
    """ENVIZZY_SECTION__KEY names a setting."""
    known = {"ENVIZZY_" + key.upper().replace(".", "__") for key in keys(Settings)}
    given = {key for key in OURS[name].get("environment", {}) if key.startswith("ENVIZZY_")}

    assert set() == given - known


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_mounted_file_exists_and_is_valid(name: str) -> None:
    """What is mounted from the checkout is there, and holds settings that are known."""
    for volume in OURS[name].get("volumes", []):
        source = ROOT / volume.split(":")[0]
        assert source.is_file()
        load(Settings, source, {}, {})  # strict: what is not known is an error


def test_health_checks_ask_the_default_ports() -> None:
    """The ports in the health checks and in the Dockerfile are the settings' defaults."""
    default = HealthSettings()
    expected = {
        "ingest": default.ingest_port,
        "streams": default.streams_port,
        "totals": default.totals_port,
        "siem": default.subscribers_port,
    }
    found = {
        name: int(
            re.findall(
                r"127\.0\.0\.1:(\d+)/healthz", " ".join(SERVICES[name]["healthcheck"]["test"])
            )[0]
        )
        for name in expected
    }

    assert expected == found
    exposed = re.search(r"^EXPOSE (.*)$", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    assert exposed is not None
    wanted = {f"{port}/tcp" for port in expected.values()} | {f"{port}/udp" for port in PORTS}
    assert wanted == set(exposed[1].split())


def test_what_the_dockerfile_copies_exists() -> None:
    """Every COPY from the build context names a file or folder of the checkout."""
    lines = re.findall(
        r"^COPY (?!--from)(.+)$", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE
    )
    sources = [word for line in lines for word in line.split()[:-1]]

    assert sources
    assert [] == [source for source in sources if not (ROOT / source).exists()]


def test_the_kafka_image_is_pinned() -> None:
    """A 4.x by its full version."""
    assert re.fullmatch(r"apache/kafka:4\.\d+\.\d+", SERVICES["kafka"]["image"])


@pytest.mark.parametrize("name", ["requirements.txt", "build-requirements.txt"])
def test_what_the_image_installs_is_what_was_tested(name: str) -> None:
    """Each pin of deploy/ stands in constraints.txt; nothing of development is among them."""
    pins = re.compile(r"^([a-z0-9._-]+==\S+)", re.MULTILINE)
    tested = set(pins.findall((ROOT / "constraints.txt").read_text()))
    image = set(pins.findall((ROOT / "deploy" / name).read_text()))

    assert image
    assert set() == image - tested
    assert not any(pin.startswith(("pytest==", "mypy==", "ruff==")) for pin in image)
    assert "constraints.txt" not in (ROOT / "deploy/Dockerfile").read_text()
