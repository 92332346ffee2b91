"""The pages for operators name only what there is: metrics, settings, links, commands, ports."""

import re
from pathlib import Path

import pytest

from envizzy.cli import app
from envizzy.config import Settings
from envizzy.diag.settings import PARTS
from service.settings import HealthSettings, keys

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = ("operations", "firewall", "sizing", "troubleshooting")
METRICS = set(re.findall(r"^\| `([a-z_0-9]+)`", (DOCS / "metrics.md").read_text(), re.MULTILINE))
SETTINGS = set(keys(Settings))
COMMANDS = {each.callback.__name__ for each in app.registered_commands if each.callback} | {
    str(each.name or (each.typer_instance and each.typer_instance.info.name))
    for each in app.registered_groups
}
SECTIONS = {key.split(".")[0] for key in SETTINGS}


def page(name: str) -> str:
    """Its text."""
    return (DOCS / f"{name}.md").read_text()


@pytest.mark.parametrize("name", PAGES)
def test_every_metric_that_is_named_exists(name: str) -> None:
    """So does the reason of a drop that is named with it."""
    named = re.findall(r"`((?:ingest|streams|subscribers|totals)_[a-z0-9_]+)", page(name))

    assert set() == set(named) - METRICS
    reasons = re.findall(r'reason="([a-z_]+)"', page(name))
    assert all(f"`{reason}`" in page("metrics") for reason in reasons)


@pytest.mark.parametrize("name", PAGES)
def test_every_setting_that_is_named_exists(name: str) -> None:
    """`section.key` as in docs/settings.md; of a table any part."""
    named = set(re.findall(r"`([a-z]+\.[a-z_.]+)(?: = [^`]*)?`", page(name)))
    named = {each for each in named if each.split(".")[0] in SECTIONS and each[-4:] != ".log"}
    known = SETTINGS | {key.rpartition(".")[0] for key in SETTINGS}

    assert set() == named - known


@pytest.mark.parametrize("name", PAGES)
def test_every_link_and_command_is_there(name: str) -> None:
    """A file beside the page, or a command of ours."""
    links = re.findall(r"\]\(([^)#]+)\)", page(name))
    assert [] == [link for link in links if not (DOCS / link).exists()]
    commands = re.findall(r"(?:^    |`)envizzy ([a-z]+)", page(name), re.MULTILINE)
    assert set() == set(commands) - set(COMMANDS)
    assert f"(docs/{name}.md)" in (ROOT / "README.md").read_text()


def test_ports_are_the_defaults() -> None:
    """Health ports and the ports that ingest listens on."""
    health = HealthSettings()
    fields = [field for field in type(health).model_fields if field.endswith("_port")]

    assert [] == [each for each in fields if str(getattr(health, each)) not in page("firewall")]
    ports = {address.rpartition(":")[2] for address in Settings().ingest.listen}
    assert [] == [port for port in ports if port not in page("firewall")]


def test_every_unit_part_and_installed_place_is_explained() -> None:
    """Unit files, parts of the bundle, folders of install.sh."""
    text = page("operations")
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        assert f"`{unit.stem}" in text, unit.name
    for part in (*PARTS, "raw"):
        assert f"| `{part}`" in text
    script = (ROOT / "deploy" / "install.sh").read_text()
    for place in re.findall(r"^[A-Z_]+=(/\S+)$", script, re.MULTILINE):
        assert place in text, place
