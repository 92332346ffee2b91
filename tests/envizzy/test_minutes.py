"""The lab's checker of ``netflow-1m``: sums of the last revisions against what was sent."""

from functools import cache

import orjson
import pytest

from envizzy.generator.fleet import Sent
from envizzy.generator.routers.network import Network, NetworkBehaviour
from envizzy.lab.minutes import Minutes, MinutesReport
from streams.totals.flows import read_flow
from tests.totals.worlds import EPOCH_NS, SECOND_NS, Kafka, Life, Row, Written, prefix

START_NS = EPOCH_NS + 57 * SECOND_NS
"""Flows cross the minute that begins soon."""


@cache
def sent() -> tuple[Sent, ...]:
    """Flows of four routers, the incomplete one among them, as the account has them."""
    network = Network(NetworkBehaviour(4, 200), START_NS)
    datagrams = [
        each for look in range(120) for each in network.advance(START_NS + look * SECOND_NS // 20)
    ]
    return tuple(
        flow._replace(exporter=f"127.32.0.{each.router + 1}")
        for each in datagrams
        for flow in each.sent
    )


@cache
def published() -> tuple[Written, ...]:
    """What the real totals make of them, some of it published early."""
    rows = []
    for number, flow in enumerate(sent()):
        read = "missing_base_information" if "missing" in flow.value else read_flow(flow.value)
        record_id = f"{prefix(1, number)}-0000-0000".encode()
        received_ns = START_NS + number * SECOND_NS // 200
        rows.append(Row(record_id, None, flow.exporter, received_ns, read))
    kafka = Kafka(rows)
    life = Life(kafka)
    life.read(len(rows) // 2)
    life.publish(everything=True)
    life.finish()
    return tuple(kafka.output)


def report_of(written: list[Written], without: tuple[str, ...] = ()) -> MinutesReport:
    """All that was sent against totals."""
    minutes = Minutes()
    for flow in sent():
        minutes.expect(flow)
    minutes.withdraw(without)
    for each in written:
        minutes.take(each.key, orjson.loads(each.value))
    report = minutes.report()
    assert minutes.outstanding <= report.wrong
    return report


def changed(each: Written, **values: object) -> Written:
    """A total with other values."""
    return each._replace(value=orjson.dumps(orjson.loads(each.value) | values))


def place(key: str) -> int:
    """Where a last revision stands that has this key."""
    last = {each.key: number for number, each in enumerate(published())}
    return next(
        number for number in last.values() if key in orjson.loads(published()[number].value)
    )


def test_what_the_totals_publish_is_right() -> None:
    """Sums and minutes agree, over revisions and what was left out."""
    written = list(published())
    report = report_of(written)

    assert (0, ()) == (report.wrong, report.examples)
    assert len(written) == report.totals + report.revisions
    assert report.revisions > 0
    assert any(b"flows_left_out" in each.value for each in written)
    assert len({orjson.loads(each.value)["minute"] for each in written}) > 1


def test_a_lower_revision_that_comes_late_replaces_nothing() -> None:
    """A frozen worker's."""
    written = list(published())

    assert 0 == report_of([*written, *written[: len(written) // 2]]).wrong


@pytest.mark.parametrize("key", ["bytes", "packets", "flows_ended", "flows_left_out"])
def test_a_wrong_sum_is_found(key: str) -> None:
    """By one octet, packet or flow."""
    written, number = list(published()), place(key)
    value = orjson.loads(written[number].value)[key]
    written[number] = changed(written[number], **{key: value + 1})

    report = report_of(written)
    assert (1, 1) == (report.wrong, len(report.examples))


def test_a_total_that_is_missing_is_found() -> None:
    """Nothing stands for nought."""
    written = list(published())
    key = written[place("bytes")].key

    assert 1 == report_of([each for each in written if each.key != key]).wrong


def test_a_flow_in_another_minute_is_found() -> None:
    """The sum is right, its minute is not."""
    written, number = list(published()), place("bytes")
    moved = [
        changed(each, minute="2025-01-01T00:00:00Z") if each.key == written[number].key else each
        for each in written
    ]

    report = report_of(moved)
    assert report.wrong > 0
    assert all("minute" in line for line in report.examples)


def test_flows_that_never_became_records_are_not_expected() -> None:
    """They wait for a Template, or are dead letters."""
    flow = next(each for each in sent() if "missing" not in each.value)

    assert 1 == report_of(list(published()), (flow.identity,)).wrong
    assert report_of([]).wrong > 100
    assert 0 == report_of([], tuple(each.identity for each in sent())).wrong
