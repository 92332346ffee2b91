"""The small fault run of each test session; ``make chaos`` is the long one."""

from pathlib import Path

import pytest

from tests.brokers import Broker
from tests.chaos.runner import Chaos, Fault, Plan


@pytest.mark.slow
@pytest.mark.e2e
def test_nothing_is_lost_by_a_kill_a_stop_and_a_join(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    """Two workers, one killed with -9, one stopped by SIGTERM, a third joins: no record is lost."""
    plan = Plan(
        12_000,
        600.0,
        partitions=6,
        faults=(Fault(0.25, "kill"), Fault(0.55, "stop"), Fault(0.75, "join")),
    )

    result = Chaos(broker, prefix, tmp_path, plan).run()

    report = result.report
    assert (0, 0, 0, 0, ()) == (
        report.lost,
        report.dead_lettered,
        report.wrong_value + report.wrong_template,
        report.unknown,
        report.examples,
    )
    assert {0} == set(result.exits)
