"""The fleet's memory of layouts."""

import pytest

from schemas import avro
from schemas.errors import SchemaError
from streams.state.layouts import Fleet, is_nvzflow, layout_key, layout_template, layout_value
from streams.state.limits import StateLimits
from streams.wire import FieldSpecifier, Template

NVZFLOW = Template(267, (FieldSpecifier(9, 12332, 20), FieldSpecifier(0, 8, 4)))
ROUTER = Template(267, (FieldSpecifier(0, 8, 4),))


def test_layouts_come_back() -> None:
    """What is written to the topic is read as it was."""
    assert NVZFLOW == layout_template(layout_value(NVZFLOW))


def test_key_is_of_the_content() -> None:
    """Id, scope and every field make another key."""
    others = [
        Template(268, NVZFLOW.fields),
        Template(267, NVZFLOW.fields[::-1]),
        Template(267, NVZFLOW.fields, 1),
    ]

    assert 4 == len({layout_key(item) for item in [NVZFLOW, *others]})
    assert layout_key(NVZFLOW) == layout_key(layout_template(layout_value(NVZFLOW)))


def test_fleet_grows_by_what_it_lacks() -> None:
    """A known layout changes nothing; a new one raises the number."""
    empty = Fleet()
    one = empty.with_layout(layout_value(NVZFLOW))

    assert one is one.with_layout(layout_value(NVZFLOW))
    assert (0, 1) == (empty.number, one.number)
    assert (NVZFLOW,) == one.candidates(267)
    assert () == one.candidates(268)


def test_fleet_is_bounded() -> None:
    """Neither one id nor all of them grow without end."""
    fleet = Fleet(limits=StateLimits(layouts=3, layouts_per_template_id=2))
    for number in range(5):
        fleet = fleet.with_template(Template(267, (FieldSpecifier(9, number, 4),)))
        fleet = fleet.with_template(Template(300 + number, (FieldSpecifier(9, number, 4),)))

    assert 3 == len(fleet.keys)
    assert 2 == len(fleet.candidates(267))


def test_foreign_value_is_refused() -> None:
    """Only layouts are read from the topic."""
    with pytest.raises(SchemaError):
        Fleet().with_layout(b"nonsense")
    parked = dict.fromkeys(
        (
            "set_index",
            "set_id",
            "missing",
            "port",
            "received_at_ns",
            "sequence_number",
            "sys_uptime_ms",
        ),
        1,
    )
    with pytest.raises(SchemaError, match="parked_set in the layouts topic"):
        Fleet().with_layout(
            avro.encode("parked_set", {**parked, "record_id": "", "export_time": 1, "octets": b""})
        )


def test_only_enterprise_9_is_nvzflow() -> None:
    """A router's layout never speaks for the fleet."""
    assert [True, False] == [is_nvzflow(NVZFLOW), is_nvzflow(ROUTER)]
