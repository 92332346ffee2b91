"""From the datagrams of real sockets to ``netflow-1m``, over workers that die: sums are exact."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from envizzy.lab.processes import Child
from envizzy.lab.reader import AccountReader, TopicReader
from tests.brokers import Broker
from tests.e2e.deployment import Deployment, deployed

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PATIENCE_SECONDS = 120.0
"""Without any progress, on a machine that does other work too."""

TOTALS = """grace_seconds = 1
late_minutes = 1
longest_flow_minutes = 2
idle_seconds = 1
stop_seconds = 60
"""
"""Minutes are published soon, so that more comes for them later; the last ones early."""

ROUTERS = ("--endpoints", "0", "--routers", "8", "--router-rate", "150")
"""One of each kind; the eighth holds its flows back for minutes and reports long ones often."""
LATE = "127.32.0.8"

KEYS = (
    *("in_if", "out_if", "proto", "ip_tos", "src_addr", "dst_addr"),
    *("src_port", "dst_port", "icmp_type", "icmp_code"),
)

Sums = dict[tuple[Any, ...], Counter[str]]


def until(deployment: Deployment, is_done: Callable[[], bool]) -> None:
    """Watch until something is so; a stall is no failure, only a standstill is."""
    watch, seen, moved = deployment.watch, (-1, -1), time.monotonic()
    while not is_done():
        deployment.look()
        now = (watch.seen, watch.minutes.records if watch.minutes else 0)
        if now != seen:
            seen, moved = now, time.monotonic()
        if time.monotonic() - moved > PATIENCE_SECONDS:
            pytest.fail(f"standstill: {deployment.watch.checker.report()}")


def more(deployment: Deployment, flows: int) -> None:
    """Wait for so many more flows, and for totals since."""
    watch = deployment.watch
    assert watch.minutes is not None
    begin, known = watch.checker.published["netflow"], watch.minutes.records
    until(deployment, lambda: watch.checker.published["netflow"] >= begin + flows)
    until(deployment, lambda: watch.minutes is not None and watch.minutes.records > known)


def added(sums: Sums, exporter: str, value: Mapping[str, Any], **numbers: int) -> None:
    """Add to the sums of a flow key."""
    name = (exporter, *(value.get(key) for key in KEYS))
    sums.setdefault(name, Counter()).update(numbers)


def sent(accounts: list[AccountReader]) -> tuple[Sums, Counter[str]]:
    """Octets, packets and flows of each flow key as the routers sent them; who sent incomplete."""
    sums: Sums = {}
    incomplete: Counter[str] = Counter()
    for account in accounts:
        for flow in AccountReader(account.path).read():
            value = flow.value
            if value.get("missing"):
                incomplete[flow.exporter] += 1
            else:
                numbers = {"octets": value["bytes"], "packets": value["packets"], "flows": 1}
                added(sums, flow.exporter, value, **numbers)
    return sums, incomplete


def stands(deployment: Deployment) -> tuple[Sums, Counter[str], list[dict[str, Any]]]:
    """The same of the last record of each key on the topic; and these records."""
    settings = deployment.settings
    reader = TopicReader(settings.kafka.librdkafka(), [settings.topics.name("netflow-1m")])
    last = {each.key(): orjson.loads(each.value() or b"") for each in reader.to_end()}
    reader.close()
    sums: Sums = {}
    left_out: Counter[str] = Counter()
    for value in last.values():
        exporter = value["sampler_address"]
        if "flows_left_out" in value:
            left_out[exporter] += value["flows_left_out"]
        else:
            numbers = {"octets": value["bytes"], "packets": value["packets"]}
            added(sums, exporter, value, **numbers, flows=value["flows_ended"])
    return sums, left_out, list(last.values())


def stop(worker: Child) -> int:
    """SIGTERM, with more patience than a supervisor has: the machine may be busy."""
    worker.process.terminate()
    return worker.process.wait(PATIENCE_SECONDS)


def test_the_last_revisions_are_what_the_routers_sent(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    """v5, v9 and IPFIX over UDP; decoding and adding workers killed with -9 twice each.

    One adding worker lives; flows come minutes late, and what a dead worker did comes again.
    """
    with deployed(broker, prefix, tmp_path, totals=TOTALS) as deployment:
        deployment.ingest()
        decodes = deployment.worker()
        deployment.worker(service="totals")
        dies = deployment.worker(service="totals")
        generator = deployment.generator(*ROUTERS)
        for _ in range(2):
            more(deployment, 500)
            decodes.kill()
            dies.kill()
            decodes = deployment.worker(ready=False)
            dies = deployment.worker(service="totals", ready=False)
        more(deployment, 500)
        code = generator.stop()
        deployment.drain()
        report = deployment.watch.checker.report()
        assert deployment.watch.minutes is not None
        totals = deployment.watch.minutes.report()
        codes = [stop(each) for each in deployment.supervised if each.name == "totals"]
        flows, incomplete = sent(deployment.watch.accounts)
        sums, left_out, last = stands(deployment)

    print(f"{broker.kind}: {report}; {totals.totals} totals, {totals.revisions} revisions replaced")
    assert (0, [0, 0]) == (code, codes)
    assert () == report.examples == totals.examples
    assert report.sent == report.published["netflow"] > 1500
    assert report.repeated > 0
    assert flows == sums
    assert incomplete == left_out
    assert 0 == totals.wrong
    assert len({name[0] for name in sums}) == 7  # the incomplete one stands among those left out
    late = [value for value in last if value["sampler_address"] == LATE]
    assert max(value["flows"] for value in late) > 1
