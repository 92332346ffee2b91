"""Real processes, real UDP, both brokers: what was sent and what stands there, as sets."""

from pathlib import Path

import pytest

from tests.brokers import Broker
from tests.e2e.deployment import deployed

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SMALL = ("--endpoints", "5", "--rate", "120")


def test_nothing_is_lost_when_workers_die_stop_and_join(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    """One worker killed and restarted, one stopped, a third added.

    Templates come before, between, after, and only to the fleet.
    """
    with deployed(broker, prefix, tmp_path) as deployment:
        deployment.ingest()
        first = deployment.worker(ready=False)
        second = deployment.worker()
        generators = [
            deployment.generator(*SMALL, "--for", "14", "--first", "0"),
            deployment.generator(
                *SMALL, "--for", "14", "--first", "100", "--templates", "late", "--late", "3"
            ),
            deployment.generator(
                *(*SMALL, "--for", "14", "--first", "200", "--templates", "late", "--late", "10"),
                *("--layout", "brief"),
            ),
            deployment.generator(*SMALL, "--for", "14", "--first", "300", "--templates", "never"),
        ]
        deployment.run(3)
        first.kill()
        deployment.worker(ready=False)
        deployment.run(3)
        code = second.stop()
        deployment.worker(ready=False)
        deployment.run(9)
        sent = [generator.process.wait(60) for generator in generators]
        deployment.drain()
        report = deployment.watch.checker.report()

    print(f"{broker.kind}: {report}")
    assert ([0] * 4, 0) == (sent, code)
    assert () == report.examples
    assert (0, 0, 0) == (report.lost, report.parked, report.dead_lettered)
    assert report.sent == sum(report.published.values()) > 500
    assert report.origins.get("fleet", 0) > 50


def test_the_fleets_layout_decodes_whom_it_fits_and_nobody_else(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    """One endpoint sends templates, many of its version do not: decoded.

    Those of another version under the same ids: parked, none decoded wrongly.
    """
    with deployed(broker, prefix, tmp_path) as deployment:
        deployment.ingest()
        deployment.worker()
        never = ("--templates", "never", "--for", "5", "--endpoints", "40", "--rate", "60")
        generators = [
            deployment.generator("--endpoints", "1", "--rate", "5", "--for", "5"),
            deployment.generator(*never, "--first", "100"),
            deployment.generator(*never, "--first", "200", "--layout", "brief"),
        ]
        deployment.run(6)
        assert [0] * 3 == [generator.process.wait(60) for generator in generators]
        deployment.look()
        of_other_version = deployment.watch.accounts[2].records
        deployment.drain(parked=of_other_version)
        report = deployment.watch.checker.report()

    print(f"{broker.kind}: {report}")
    assert () == report.examples
    assert (0, 0, 0) == (report.lost, report.dead_lettered, report.repeated)
    assert of_other_version == report.parked > 30
    assert report.origins["fleet"] == deployment.watch.accounts[1].records
