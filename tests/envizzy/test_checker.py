"""The checker: a loss and a repeat do not hide each other."""

from collections.abc import Sequence
from typing import Any

import pytest

from envizzy.generator.endpoint import SECOND
from envizzy.generator.expected import digest
from envizzy.generator.fleet import Behaviour, Emission, Fleet
from envizzy.lab.checker import Checker, Published, Report


def traffic(**behaviour: object) -> list[Emission]:
    """The records of a small fleet, by seed the same each time."""
    fleet = Fleet(Behaviour(**{"endpoints": 3, "rate": 50, **behaviour}), 0)  # type: ignore[arg-type]
    return [
        emission._replace(sent=emission.sent._replace(exporter="127.16.0.1"))
        for now in range(0, 4 * SECOND, SECOND // 50)
        for emission in fleet.advance(now)
        if emission.sent
    ]


def records(emissions: Sequence[Emission]) -> list[Published]:
    """What must stand on the topics: the value with its lists, read from the Template's layout."""
    found = []
    for number, emission in enumerate(emissions):
        sent = emission.sent
        assert sent is not None
        value = FULL[sent.digest]
        name = f"00000000-0001-{number:012x}-0000-0000-0000"
        found.append(Published(sent.kind, 2, sent.key, name, "127.16.0.1", "", value))
    return found


FULL: dict[str, dict[str, object]] = {}


@pytest.fixture(autouse=True)
def _values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the whole values by digest; the account leaves the long lists out."""
    from envizzy.generator import fleet  # noqa: PLC0415 - to be patched

    true = digest

    def noting(value: dict[str, object]) -> str:
        found = true(value)
        FULL[found] = dict(value)
        return found

    monkeypatch.setattr(fleet, "digest", noting)


def check(emissions: Sequence[Emission], published: Sequence[Published]) -> Report:
    """Sent and published, in this order."""
    checker = Checker()
    for emission in emissions:
        assert emission.sent is not None
        checker.expect(emission.sent)
    for record in published:
        checker.publish(record)
    return checker.report()


def test_all_that_was_sent_and_stands_there_is_sound() -> None:
    """Nothing lost, nothing wrong."""
    sent = traffic()
    report = check(sent, records(sent))

    assert (True, len(sent), 0) == (report.sound, sum(report.published.values()), report.repeated)
    assert () == report.examples


def test_a_loss_and_a_repeat_do_not_hide_each_other() -> None:
    """The counts are equal, the sets are not."""
    sent = traffic()
    there = records(sent)
    report = check(sent, [*there[:5], *there[6:], there[-1]])

    assert (len(sent), 1, 1) == (report.sent, report.lost, report.repeated)
    assert not report.sound


def test_a_record_may_be_read_before_the_account_tells_of_it() -> None:
    """Both sides are read at the same time."""
    sent = traffic()
    checker = Checker()
    for emission, record in zip(sent, records(sent), strict=True):
        assert checker.publish(record) is False
        assert emission.sent is not None
        checker.expect(emission.sent)

    assert (True, 0) == (checker.report().sound, checker.outstanding)


def test_a_wrong_value_is_found() -> None:
    """Also where nothing is lost."""
    sent = traffic()
    there = records(sent)
    bad = there[-1]._replace(value={**there[-1].value, "ibc": 1})

    assert 1 == check(sent, [*there[:-1], bad]).wrong_value


def test_another_order_of_keys_is_a_wrong_value() -> None:
    """The wire's order is part of the record."""
    sent = traffic()
    there = records(sent)
    turned = dict(reversed(list(there[0].value.items())))

    assert 1 == check(sent, [there[0]._replace(value=turned), *there[1:]]).wrong_value


def test_a_wrong_topic_is_a_wrong_template() -> None:
    """It was decoded as something else."""
    sent = traffic()
    there = records(sent)
    kind = "interface" if there[-1].kind == "flow" else "flow"

    assert 1 == check(sent, [*there[:-1], there[-1]._replace(kind=kind)]).wrong_template


@pytest.mark.parametrize("change", [{"key": "X"}, {"exporter": "127.16.0.9"}])
def test_a_wrong_key_or_exporter_is_found(change: dict[str, Any]) -> None:
    """Consumers rely on both."""
    sent = traffic()
    there = records(sent)

    assert 1 == check(sent, [there[0]._replace(**change), *there[1:]]).wrong_value


def test_what_was_never_sent_is_unknown() -> None:
    """The true record is lost then."""
    sent = traffic()
    there = records(sent)
    strange = there[-1]._replace(value={**there[-1].value, "udid": "00"})
    report = check(sent, [*there[:-1], strange])

    assert (1, 1) == (report.unknown, report.lost)


def test_two_records_of_an_endpoint_in_the_wrong_order_are_found() -> None:
    """Within an endpoint and kind the order of sending holds."""
    sent = [e for e in traffic(endpoints=1) if e.sent and e.sent.kind == "flow"]
    there = records(sent)
    report = check(sent, [*there[:3], there[4], there[3], *there[5:]])

    assert (1, 0) == (report.out_of_order, report.lost)


def test_repeats_after_a_crash_are_in_order() -> None:
    """What was done since the last commit is done again, then new records follow."""
    sent = traffic()
    there = records(sent)
    report = check(sent, [*there[:20], *there[10:]])

    assert (True, 10) == (report.sound, report.repeated)


def test_what_was_parked_may_stand_late() -> None:
    """Data before its Template is not counted as out of order."""
    sent = traffic(endpoints=1, templates="never")
    there = records(sent)

    assert 0 == check(sent, [*there[5:], *there[:5]]).out_of_order


def test_parked_and_dead_lettered_records_are_not_lost() -> None:
    """They are found by the octets of their Set, whatever header stands before it."""
    sent = traffic(templates="never")
    checker = Checker()
    for emission in sent:
        assert emission.sent is not None
        checker.expect(emission.sent)
    checker.park(sent[0].payload[20:])
    checker.dead_letter(sent[1].payload[16:], "no_template")
    checker.dead_letter(sent[2].payload, "malformed_record")
    for record in records(sent)[3:]:
        checker.publish(record)
    report = checker.report()

    assert (1, 2, 0, True) == (report.parked, report.dead_lettered, report.lost, report.sound)
    assert 0 == checker.outstanding


def test_what_the_policy_filters_is_not_lost() -> None:
    """And a record that it filters must not stand there."""
    sent = traffic()
    there = records(sent)
    checker = Checker(keeps=lambda value: value.get("dp") != 53)
    for emission in sent:
        assert emission.sent is not None
        checker.expect(emission.sent)
    for record in there:
        if record.value.get("dp") != 53:
            checker.publish(record)
    kept = checker.report()
    checker.publish(next(record for record in there if record.value.get("dp") == 53))

    assert (True, 0) == (kept.sound, kept.lost)
    assert kept.filtered > 10
    assert (1, False) == (checker.report().wrong_value, checker.report().sound)


def test_one_record_cannot_be_sent_twice() -> None:
    """An identity that is not unique would make the check worthless."""
    sent = traffic()[0].sent
    assert sent is not None
    checker = Checker()
    checker.expect(sent)

    with pytest.raises(ValueError, match="twice"):
        checker.expect(sent)
