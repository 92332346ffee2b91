"""Plug-ins: found by entry point; the example passes the contract, is installed and run."""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from schemas.subscriber import ENTRY_POINTS, Event, MisconfiguredError, Subscriber
from service.exits import Exit
from streams.subscribers.contract import ContractContext, SubscriberContract, make_events, marks
from streams.subscribers.plugin import make_plugin
from tests.brokers import Broker
from tests.subscribers.deployment import records, until

EXAMPLE = Path(__file__).resolve().parents[1] / "plugin_example"


def example() -> ModuleType:
    """The example's module, from its source."""
    spec = importlib.util.spec_from_file_location(
        "envizzy_visits", EXAMPLE / "envizzy_visits" / "__init__.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestExampleContract(SubscriberContract):
    """As its author would test it."""

    can_refuse = True

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.file = tmp_path / "out" / "visits.txt"
        self.file.parent.mkdir()

    def make(self, context: ContractContext) -> Subscriber:
        """By the factory."""
        made: Subscriber = example().make({"file": str(self.file)}, context)
        return made

    def received(self) -> Sequence[bytes]:
        """The lines."""
        return self.file.read_bytes().split(b"\n") if self.file.exists() else []

    def away(self) -> None:
        """The folder is not there."""
        self.file.parent.rename(self.file.parent.with_name("away"))

    def back(self) -> None:
        """It is there again."""
        self.file.parent.with_name("away").rename(self.file.parent)

    def refusable(self, event: Event) -> Event:
        """No record."""
        return event._replace(value=b"[]")


def entry(name: str, value: str) -> EntryPoint:
    """An entry point of the group."""
    return EntryPoint(name, value, ENTRY_POINTS)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([], r"no plug-in 'mine' is installed; there are: none"),
        ([entry("other", "x:y")], r"there are: other"),
        ([entry("mine", "a:b"), entry("mine", "c:d")], r"more than once: a:b, c:d"),
        ([entry("mine", "nowhere_at_all:make")], r"cannot be imported: ModuleNotFoundError"),
        ([entry("mine", "json:no_such_name")], r"cannot be imported: AttributeError"),
        ([entry("mine", "operator:neg")], r"operator:neg fails: TypeError"),
        ([entry("mine", "operator:is_")], r"makes a bool, which is no subscriber"),
    ],
)
def test_a_plug_in_that_cannot_be_had_is_one_line(entries: list[EntryPoint], problem: str) -> None:
    """It names the setting and what is wrong."""
    with pytest.raises(MisconfiguredError, match=rf"^subscribers\.contract\.plugin: .*{problem}"):
        make_plugin("mine", {}, ContractContext(), entries)


def test_a_plug_in_says_which_settings_it_accepts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own line, with the table's name in front."""
    monkeypatch.setitem(sys.modules, "envizzy_visits", example())
    with pytest.raises(MisconfiguredError, match=r"^subscribers\.contract\.settings: accepted: fi"):
        make_plugin("v", {"flie": "x"}, ContractContext(), [entry("v", "envizzy_visits:make")])


@pytest.mark.kafka
def test_the_example_is_installed_and_run(tansu: Broker, prefix: str, tmp_path: Path) -> None:
    """By pip into a folder of its own, without a network; by the command, from a topic."""
    packages, file = tmp_path / "packages", tmp_path / "visits.txt"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-index", "--no-deps", "--no-build-isolation", "--target", str(packages)),
            str(EXAMPLE),
        ],
        check=True,
        capture_output=True,
    )
    settings = (
        '[subscribers.visits]\ntype = "plugin"\nplugin = "visits"\ntopics = ["flow"]\n'
        f'session_seconds = 6\nsettings = {{file = "{file}"}}\n'
    )
    events = make_events(300)
    with records(tansu, prefix, tmp_path, settings) as deployment:
        deployment.publish(events)
        child = deployment.start("visits", env={"PYTHONPATH": str(packages)})
        wanted = set(marks([each.value or b"" for each in events]))
        until(
            lambda: file.exists() and wanted <= set(marks([file.read_bytes()])),
            "all lines of the plug-in",
        )
        assert Exit.OK == child.stop(), child.tail()
