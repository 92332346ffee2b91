"""Options data: what an Exporter tells about itself."""

from collections.abc import Sequence

import pytest

from schemas.registry import DataType
from streams.pipeline.counts import Count
from streams.state.limits import StateLimits
from streams.state.model import Options, SessionKey
from streams.wire import FieldSpecifier, Template
from tests.pipeline.messages import (
    DAY,
    FLOW,
    HOUR,
    INTERFACES,
    T0,
    UDID,
    Worker,
    data_set,
    exporter,
    message,
    template_set,
    text,
)

SAMPLING = Template(
    401,
    (FieldSpecifier(0, 48, 1), FieldSpecifier(0, 50, 4), FieldSpecifier(0, 305, 4)),
    scope_count=1,
)
INIT = Template(402, (FieldSpecifier(0, 144, 4), FieldSpecifier(0, 160, 8)), scope_count=1)

# informationElementId, privateEnterpriseNumber; DataType, Semantics, Units, Name (RFC 5610, 3.9)
TYPES = Template(
    403,
    (
        FieldSpecifier(0, 346, 4),
        FieldSpecifier(0, 303, 2),
        FieldSpecifier(0, 339, 1),
        FieldSpecifier(0, 344, 1),
        FieldSpecifier(0, 345, 2),
        FieldSpecifier(0, 341, 65535),
    ),
    scope_count=2,
)


def element(number: int, name: str, enterprise: int = 9, data_type: int = 13) -> bytes:
    """A record of TYPES; data type 13 is string."""
    head = enterprise.to_bytes(4) + number.to_bytes(2) + bytes([data_type, 0]) + bytes(2)
    return head + text(name)


def interface(index: int, name: str) -> bytes:
    """A record of INTERFACES."""
    return index.to_bytes(4) + text(name)


def options_of(worker: Worker, port: int = 5000) -> Options:
    """What was learnt of a session."""
    options = worker.state.options(SessionKey(exporter(), port, 127, 10))
    assert options is not None
    return options


def learn(worker: Worker, template: Template, records: Sequence[bytes], **where: int) -> None:
    """Feed an Options Template and its data."""
    worker.feed(message(template_set(template), data_set(template.template_id, *records)), **where)


@pytest.mark.rfc("5610", "3.9")
def test_element_types_name_what_the_registry_does_not_know() -> None:
    """A described element gets its name and type, in the Message that describes it too."""
    template = Template(262, (FieldSpecifier(9, 12332, 20), FieldSpecifier(9, 32000, 65535)))
    worker = Worker()

    outcome = worker.feed(
        message(
            template_set(TYPES, template),
            data_set(403, element(32000, "ownName")),
            data_set(262, UDID + text("hello")),
        )
    )
    later = worker.feed(message(data_set(262, UDID + text("again"))))
    other_session = worker.feed(
        message(template_set(template), data_set(262, UDID + text("hello"))), port=7
    )

    assert DataType.STRING is options_of(worker).elements[9, 32000].data_type
    assert ["hello", "again"] == [item.records[0].value["ownName"] for item in (outcome, later)]
    assert "e9_32000" in other_session.records[0].value


def test_known_elements_are_not_replaced() -> None:
    """What the registry knows keeps its meaning, whatever an Exporter says."""
    template = Template(262, (FieldSpecifier(9, 12332, 20), FieldSpecifier(9, 12334, 65535)))
    worker = Worker()
    plain = worker.feed(
        message(template_set(template), data_set(262, UDID + text("Linux"))), port=7
    )
    learn(worker, TYPES, [element(12334, "stolen", data_type=3)])

    outcome = worker.feed(message(template_set(template), data_set(262, UDID + text("Linux"))))

    assert plain.records[0].value == outcome.records[0].value


def test_sampling_is_remembered_by_its_scope() -> None:
    """Sampling parameters stay apart by sampler; a change replaces."""
    worker = Worker()
    learn(worker, SAMPLING, [b"\x01" + bytes(3) + b"\x64" + bytes(4)])
    learn(worker, SAMPLING, [b"\x02" + bytes(3) + b"\x65" + bytes(4)])
    learn(worker, SAMPLING, [b"\x01" + bytes(3) + b"\x66" + bytes(4)])

    assert {
        "samplerId=2": {48: 2, 50: 101, 305: 0},
        "samplerId=1": {48: 1, 50: 102, 305: 0},
    } == options_of(worker).sampling


def test_numbers_that_cannot_be_kept_are_passed_over() -> None:
    """A time beyond Avro's long must not stop the writing of the state."""
    worker = Worker()
    learn(worker, INIT, [bytes(4) + b"\xff" * 8])

    assert None is worker.state.options(SessionKey(exporter(), 5000, 127, 10))


def test_system_init_time_is_remembered() -> None:
    """The time of system init is the base of times by uptime."""
    worker = Worker()
    learn(worker, INIT, [bytes(4) + (1_500_000_000_123).to_bytes(8)])

    assert 1_500_000_000_123 == options_of(worker).system_init_ms


def test_what_is_too_much_is_the_oldest() -> None:
    """Beyond the limit of a session the longest known goes."""
    worker = Worker(limits=StateLimits(options_per_session=3))
    learn(worker, INTERFACES, [interface(number, f"eth{number}") for number in range(3)])
    learn(worker, INTERFACES, [interface(0, "renamed"), interface(7, "eth7")])

    assert {2: "eth2", 0: "renamed", 7: "eth7"} == {
        index: item.name for index, item in options_of(worker).interfaces.items()
    }


def test_exporter_with_many_sessions_loses_its_own_oldest() -> None:
    """The quota of an address holds over its sessions, and another's stay."""
    worker = Worker(limits=StateLimits(options_per_exporter=4))
    for port in (1, 2, 3):
        learn(worker, INTERFACES, [interface(number, "x") for number in range(2)], port=port)

    assert [2, 3] == [key.port for key in worker.state.options_keys(exporter())]
    assert 4 == worker.state.options_entries.of(exporter())


def test_names_are_bounded() -> None:
    """A name of any length takes bounded room."""
    worker = Worker()
    learn(worker, INTERFACES, [interface(1, "n" * 200), interface(2, "é" * 120)])

    assert [200, 120] == [len(item.name) for item in options_of(worker).interfaces.values()]


def test_options_live_as_long_as_their_session() -> None:
    """What was told stays while the session lives, and is swept a week after."""
    worker = Worker()
    learn(worker, INTERFACES, [interface(1, "eth0")])
    key = SessionKey(exporter(), 5000, 127, 10)
    for day in range(1, 20):
        worker.feed(message(template_set(FLOW)), at=T0 + day * DAY)
        worker.tick(T0 + day * DAY + HOUR)
    alive = worker.state.options(key)
    for day in range(20, 40):
        worker.tick(T0 + day * DAY)

    assert alive is not None
    assert None is worker.state.options(key)
    assert 0 == worker.state.options_entries.total


def test_refused_template_takes_its_options_with_it() -> None:
    """A malformed Message teaches nothing."""
    worker = Worker()
    outcome = worker.feed(
        message(template_set(INTERFACES), data_set(400, interface(1, "eth0")))[:-2]
    )

    assert 1 == outcome.counts[Count.MALFORMED_MESSAGES]
    assert None is worker.state.options(SessionKey(exporter(), 5000, 127, 10))
