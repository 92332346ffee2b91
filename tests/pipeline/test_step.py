"""One datagram through ``step``."""

import pytest

from streams.pipeline.counts import Count
from tests.pipeline.messages import (
    DAY,
    ENDPOINT,
    FLOW,
    INTERFACES,
    OTHER_FLOW,
    ROUTER,
    SECOND,
    T0,
    UDID,
    Worker,
    data_set,
    endpoint,
    flow,
    message,
    other_flow,
    reasons,
    set_of,
    template_set,
    text,
    values,
)


def test_records_are_published_with_their_identity() -> None:
    """A Set of a known Template gives its records, with coordinates, key and receive time."""
    worker = Worker()
    worker.feed(message(template_set(FLOW)))

    outcome = worker.feed(message(data_set(267, flow(443), flow(53))), at=T0 + 5)

    first, second = outcome.records
    assert ("flow", "00000000-0003-000000000001-0000-0000-0000") == (first.kind, first.record_id)
    assert "00000000-0003-000000000001-0000-0000-0001" == second.record_id
    assert UDID.hex().upper().encode() == first.key
    assert (T0 + 5, "", False) == (first.received_at_ns, first.origin, first.parked)
    assert [443, 53] == values(outcome, "dp")
    assert {Count.DATAGRAMS: 1, Count.FLOW_RECORDS: 2} == outcome.counts
    assert () == tuple(outcome.changes)


def test_compiled_and_interpreted_give_the_same() -> None:
    """Whether a layout is compiled changes nothing but the cost."""
    slow, fast = Worker(compile_after=1 << 60), Worker(compile_after=1)
    payload = message(data_set(267, flow(1), flow(2)))
    for worker in (slow, fast):
        worker.feed(message(template_set(FLOW)))
        worker.feed(payload)

    assert slow.feed(payload) == fast.feed(payload)


@pytest.mark.rfc("7011", "9.3")
def test_data_before_its_template_in_one_message_is_read() -> None:
    """A Message may hold data before its Template; the records stay in wire order."""
    outcome = Worker().feed(
        message(data_set(267, flow(1)), template_set(ENDPOINT), data_set(262, endpoint()),
                template_set(FLOW), data_set(267, flow(2)))
    )  # fmt: skip

    assert ["flow", "endpoint", "flow"] == [record.kind for record in outcome.records]
    assert [1, None, 2] == values(outcome, "dp")
    assert ["", "", ""] == [record.origin for record in outcome.records]


@pytest.mark.rfc("7011", "8.4")
def test_redefinition_takes_effect_where_it_stands() -> None:
    """Data before a redefinition in the same Message is read with the former definition."""
    worker = Worker()
    worker.feed(message(template_set(FLOW)))

    outcome = worker.feed(
        message(data_set(267, flow(1)), template_set(OTHER_FLOW), data_set(267, other_flow(2))),
        at=T0 + SECOND,
    )

    assert [1, 2] == values(outcome, "dp")
    assert 1 == outcome.counts[Count.TEMPLATES_REDEFINED]


def test_replayed_data_is_read_with_what_was_replaced() -> None:
    """A replay that meets newer state uses the definition of its receive time."""
    worker = Worker()
    worker.feed(message(template_set(FLOW)), at=T0)
    worker.feed(message(template_set(OTHER_FLOW)), at=T0 + 10 * SECOND)

    again = worker.feed(message(data_set(267, flow(7))), at=T0 + 5 * SECOND)
    template_again = worker.feed(message(template_set(FLOW)), at=T0)
    newest = worker.feed(message(data_set(267, other_flow(8))), at=T0 + 11 * SECOND)

    assert [7] == values(again, "dp")
    assert () == tuple(template_again.changes)
    assert [8] == values(newest, "dp")


@pytest.mark.rfc("7011", "9.1")
def test_malformed_message_is_one_dead_letter_and_changes_nothing() -> None:
    """The Templates of a malformed Message are discarded with it (RFC 7011, 9.1)."""
    worker = Worker()
    payload = message(template_set(FLOW), data_set(267, flow()[:-3]))

    outcome = worker.feed(payload)

    assert ["malformed_record"] == reasons(outcome)
    assert payload == outcome.dead_letters[0].octets
    assert outcome.dead_letters[0].offset > 16
    assert ((), (), ()) == (outcome.records, outcome.changes, outcome.notes)
    assert 0 == len(worker.state)


def test_set_malformed_under_its_own_template_is_malformed() -> None:
    """The session's own Template is no guess: what does not follow it is malformed."""
    worker = Worker()
    worker.feed(message(template_set(FLOW)))

    assert ["malformed_record"] == reasons(worker.feed(message(data_set(267, flow()[:-1]))))


@pytest.mark.parametrize("version", [2, 3, 4, 6, 8])
def test_versions_that_are_not_read_are_dead_letters(version: int) -> None:
    """They are NetFlow, and not malformed."""
    outcome = Worker().feed(version.to_bytes(2) + bytes(50))

    assert ["unsupported_version"] == reasons(outcome)
    assert {Count.DATAGRAMS: 1, Count.UNSUPPORTED_MESSAGES: 1} == outcome.counts


def test_words_that_are_no_version_are_malformed() -> None:
    """The decoder says so."""
    worker = Worker()

    assert ["malformed_version"] == reasons(worker.feed(b"\x00\x63" + bytes(30)))
    assert ["malformed_truncated"] == reasons(worker.feed(b"\x00"))
    assert ["malformed_truncated"] == reasons(worker.feed(b"\x00\x0a"))
    assert ["malformed_truncated"] == reasons(worker.feed(b"\x00\x05"))
    assert ["malformed_truncated"] == reasons(worker.feed(b"\x00\x09"))


def test_records_of_routers_are_published() -> None:
    """Records without an element of nvzFlow go to the topic of router flows."""
    outcome = Worker().feed(message(template_set(ROUTER), data_set(300, bytes(8), bytes(8))))

    assert [] == reasons(outcome)
    assert ["netflow", "netflow"] == [record.kind for record in outcome.records]
    assert 2 == outcome.counts[Count.ROUTER_RECORDS]


def test_filter_concerns_flows_only_and_is_counted() -> None:
    """What the policy drops is intended, and counted as such; endpoints pass."""
    worker = Worker(policy={"rules": {"exclude": [{"dp": 53}]}}, compile_after=1)
    for turn in range(3):
        outcome = worker.feed(
            message(template_set(FLOW, ENDPOINT), data_set(267, flow(53), flow(443)),
                    data_set(262, endpoint()), sequence=3 * turn)
        )  # fmt: skip
        assert [443, None] == values(outcome, "dp")
        assert 1 == outcome.counts[Count.FILTERED_RECORDS]

    steady = worker.feed(message(data_set(267, flow(53), flow(443)), sequence=9))
    assert {Count.DATAGRAMS: 1, Count.FLOW_RECORDS: 1, Count.FILTERED_RECORDS: 1} == steady.counts


def test_meaningless_sets_and_trailing_octets_are_counted() -> None:
    """Sets of id 0, 1, 4 to 255 are skipped by length; octets behind the Message are not read."""
    outcome = Worker().feed(message(set_of(4, b"abc"), set_of(255, b""), set_of(0, b"")) + b"xyz")

    assert 3 == outcome.counts[Count.SKIPPED_SETS]
    assert 3 == outcome.counts[Count.TRAILING_OCTETS]


def test_ill_formed_strings_are_kept_and_counted() -> None:
    """A string that is not UTF-8 stays visible; the compiled path gives way to the other."""
    worker = Worker(compile_after=1)
    worker.feed(message(template_set(ENDPOINT), data_set(262, endpoint())))

    outcome = worker.feed(message(data_set(262, b"\x02\xff\xfe" + UDID + text("Linux"))))

    assert 1 == outcome.counts[Count.ILL_FORMED_STRINGS]
    assert "\\xff\\xfe" in outcome.records[0].value.values()


@pytest.mark.rfc("7011", "8.4")
def test_withdrawal_over_udp_is_ignored() -> None:
    """Template Withdrawals over UDP are to be ignored (RFC 7011, 8.4)."""
    worker = Worker()
    worker.feed(message(template_set(FLOW)))

    outcome = worker.feed(message(set_of(2, bytes.fromhex("010b 0000"))))

    assert 1 == outcome.counts[Count.WITHDRAWALS_IGNORED]
    assert [443] == values(worker.feed(message(data_set(267, flow()))), "dp")


def test_repeated_templates_are_remembered_coarsely() -> None:
    """A refresh changes the state only when it is worth remembering, and its interval is learnt."""
    worker = Worker()
    worker.feed(message(template_set(FLOW)), at=T0)

    soon = worker.feed(message(template_set(FLOW)), at=T0 + 60 * SECOND)
    next_day = worker.feed(message(template_set(FLOW)), at=T0 + DAY)

    assert () == tuple(soon.changes)
    (change,) = next_day.changes
    assert DAY == change.value.refresh_ns  # type: ignore[union-attr]


def test_new_layout_is_shown_to_the_fleet_once() -> None:
    """Each nvzFlow layout is written once; a router's never."""
    worker = Worker()
    first = worker.look(message(template_set(FLOW, ENDPOINT, ROUTER)))
    worker.state.apply(first.changes, first.notes)
    not_read_back = worker.feed(message(template_set(FLOW, ENDPOINT)), port=5001)
    late = worker.feed(message(template_set(FLOW, ENDPOINT)), port=5002, at=T0 + 61 * SECOND)
    read_back = worker.feed(message(template_set(FLOW)), port=5003, at=T0 + 200 * SECOND)

    assert [2, 0, 2, 0] == [
        len(outcome.layouts) for outcome in (first, not_read_back, late, read_back)
    ]


def test_options_are_learnt_and_not_published() -> None:
    """Interface names are remembered in the session; a repeat changes nothing."""
    worker = Worker()
    payload = message(
        template_set(INTERFACES),
        data_set(400, (7).to_bytes(4) + text("eth0"), (8).to_bytes(4) + text("eth1")),
    )

    outcome = worker.feed(payload)

    assert 2 == outcome.counts[Count.OPTIONS_RECORDS]
    assert () == tuple(outcome.records)
    options = worker.state.options(outcome.changes[-1].key[0])
    assert options is not None
    assert {7: "eth0", 8: "eth1"} == {
        index: item.name for index, item in options.interfaces.items()
    }
    assert () == tuple(worker.feed(payload).changes)


def test_record_without_udid_has_no_key() -> None:
    """A layout without a UDID is published without a key, and counted."""
    bare = type(FLOW)(267, tuple(item for item in FLOW.fields if item.element_id != 12332))
    record = flow()[:17] + flow()[37:]
    worker = Worker(compile_after=1)
    for _ in range(3):
        outcome = worker.feed(message(template_set(bare), data_set(267, record)))
        assert None is outcome.records[0].key
        assert 1 == outcome.counts[Count.NO_UDID_RECORDS]
    assert 1 == worker.feed(message(data_set(267, record))).counts[Count.NO_UDID_RECORDS]
