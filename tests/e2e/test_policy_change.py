"""A filter policy that changes while flows come: nothing is lost or doubled by it."""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from envizzy.generator.expected import identity
from envizzy.generator.fleet import Sent
from envizzy.lab.checker import Checker, Published
from envizzy.lab.processes import Child, fetch
from tests.brokers import Broker
from tests.e2e.deployment import deployed

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

Value = Mapping[str, Any]

NO_DNS = '{"rules": {"exclude": [{"dp": "53"}, {"pn": "OUTLOOK.EXE"}]}}'
NO_CHROME = '{"rules": {"exclude": [{"pname": "chrome.exe"}, {"pn": "ms*"}, {"pn": "OUT*"}]}}'
REFUSED = 'streams_policy_reads_total{outcome="refused"}'
TAKEN = 'streams_policy_reads_total{outcome="taken"}'
BROKEN = '{"rules": {"exclude": [{"pn": "chrome.exe"},]}}'


def keeps_without_dns(value: Value) -> bool:
    """What NO_DNS keeps, by the generator's own knowledge."""
    return bool(value["dp"] != 53 and value["pn"] != "OUTLOOK.EXE")


def keeps_without_chrome(value: Value) -> bool:
    """What NO_CHROME keeps."""
    return value["pn"] != "chrome.exe" and not value["pn"].startswith(("ms", "OUT"))


@dataclass
class ChangeChecker(Checker):
    """Holds back the flows on which the two policies differ: their fate depends on the moment.

    An endpoint's flows come in order, in one partition, and so to one worker at a time. With one
    change its published flows must therefore be, up to one place, those that the old policy keeps,
    and behind it those of the new one: that is what ``fates`` looks for.
    """

    before: Callable[[Value], bool] = keeps_without_dns
    after: Callable[[Value], bool] = keeps_without_chrome
    undecided: dict[str, Sent] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def expect(self, sent: Sent) -> None:
        """A record that was sent."""
        if sent.kind == "flow" and self.before(sent.value) != self.after(sent.value):
            self.undecided[sent.identity] = sent
        else:
            self.keeps = self.before  # the other says the same
            super().expect(sent)

    def publish(self, record: Published) -> bool:
        """A record that stands on a topic."""
        name = identity(record.value)
        if name not in self.undecided:
            return super().publish(record)
        self.seen[name] = self.seen.get(name, 0) + 1
        return False

    def fates(self) -> tuple[int, int, list[str]]:
        """How many were judged by the old policy, how many by the new one, and what fits neither.

        Returns:
            Both numbers, and a line for each endpoint whose flows show no single change.
        """
        by_endpoint: dict[int, list[tuple[int, bool]]] = {}
        for name, sent in self.undecided.items():
            by_old = self.before(sent.value) == (name in self.seen)
            by_endpoint.setdefault(sent.endpoint, []).append((sent.number, by_old))
        old = new = 0
        wrong = []
        for endpoint, flows in by_endpoint.items():
            judged = [by_old for _, by_old in sorted(flows)]
            first_new = judged.index(False) if False in judged else len(judged)
            if any(judged[first_new:]):
                wrong.append(f"endpoint {endpoint}: {judged}")
            old += first_new
            new += len(judged) - first_new
        return old, new, wrong


PATIENCE_SECONDS = 90.0


def until(is_so: Callable[[], bool], workers: list[Child], look: Callable[[], object]) -> None:
    """Go on watching until something is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail(f"it takes too long: {[worker.tail() for worker in workers]}")
        look()


def counted(workers: list[Child], line: str) -> bool:
    """Whether a metric of each worker is above 0."""
    ports = [_port(worker) for worker in workers]
    return all(_is_positive(fetch(f"http://127.0.0.1:{port}/metrics"), line) for port in ports)


def has_read_again(worker: Child) -> bool:
    """Whether a worker says that SIGHUP brought nothing new."""
    return "filter policy read again: unchanged" in worker.log.read_text()


def _port(worker: Child) -> str:
    arguments = worker.process.args
    assert isinstance(arguments, list)
    return str(arguments[arguments.index("--health-port") + 1])


def _is_positive(text: str, line: str) -> bool:
    found = [each for each in text.splitlines() if each.startswith(f"{line} ")]
    return bool(found) and float(found[0].rsplit(" ", 1)[1]) > 0


def test_a_changed_policy_loses_and_doubles_nothing(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    """Two workers under load: a broken policy is refused, a sound one is taken."""
    policy = tmp_path / "acnvmfilters.conf"
    policy.write_text(NO_DNS)
    with deployed(kafka, prefix, tmp_path) as deployment:
        settings = deployment.file.read_text()
        own = f'[streams]\nfilter_policy = "{policy}"\n'
        deployment.file.write_text(settings.replace("[streams]\n", own))
        checker = deployment.watch.checker = ChangeChecker()
        deployment.ingest()
        workers = [deployment.worker(), deployment.worker()]
        generator = deployment.generator("--endpoints", "20", "--rate", "400")
        until(lambda: len(checker.seen) > 200, workers, deployment.look)
        policy.write_text(BROKEN)
        until(lambda: counted(workers, REFUSED), workers, deployment.look)
        kept = len(checker.seen)
        until(lambda: len(checker.seen) > kept + 100, workers, deployment.look)
        policy.write_text(NO_CHROME)
        until(lambda: counted(workers, TAKEN), workers, deployment.look)
        for worker in workers:
            worker.process.send_signal(signal.SIGHUP)
        until(lambda: all(map(has_read_again, workers)), workers, deployment.look)
        changed = len(checker.seen)
        until(lambda: len(checker.seen) > changed + 300, workers, deployment.look)
        assert 0 == generator.stop()
        deployment.drain(30)
        report = checker.report()
        old, new, wrong = checker.fates()
        codes = [worker.stop() for worker in workers]

    print(f"{report}; on which they differ: {old} by the old policy, {new} by the new one")
    assert [0, 0] == codes
    assert ([], ()) == (wrong, report.examples)
    assert (0, 0, 0, 0) == (report.lost, report.repeated, report.parked, report.dead_lettered)
    assert {1} == set(checker.seen.values())
    assert report.filtered > 0
    assert min(old, new) > 20
