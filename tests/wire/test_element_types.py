"""Element type records (RFC 5610)."""

import struct

import pytest

from schemas.registry import DataType, InformationElement, Semantics
from streams.wire import DataSet, learn_element_type
from tests.wire.octets import VARIABLE, decode, field, options_template, short

LAYOUT = options_template(
    256,
    2,
    field(346, 4),
    field(303, 2),
    field(339, 1),
    field(344, 1),
    field(345, 2),
    field(341, VARIABLE),
)


def learnt(enterprise: int, element: int, kind: int, name: str, scoped: bool = True) -> object:
    data = struct.pack(">IHBBH", enterprise, element, kind, 3, 2) + short(name.encode())
    result = decode(data, LAYOUT, set_id=3)
    assert isinstance(result, DataSet)
    record = result.records[0]
    return learn_element_type(record if scoped else record._replace(scope_count=0))


@pytest.mark.rfc("5610", "3.9")
def test_an_element_is_learnt() -> None:
    """Type, semantics, units and name by the numbers of the registries."""
    expected = InformationElement(
        9, 12364, "agentVersion", DataType.STRING, Semantics.DELTA_COUNTER, "octets"
    )

    assert expected == learnt(9, 12364, 13, "agentVersion")
    assert expected == learnt(9, 12364 | 0x8000, 13, "agentVersion")


@pytest.mark.rfc("5610", "3.1")
def test_every_data_type_has_its_number() -> None:
    """0 octetArray to 22 subTemplateMultiList, 23 unsigned256."""
    found = [learnt(9, 1, number, "x").data_type for number in range(24)]  # type: ignore[attr-defined]

    assert set(DataType) == set(found)
    assert (DataType.OCTET_ARRAY, DataType.STRING) == (found[0], found[13])
    assert (DataType.IPV4_ADDRESS, DataType.BASIC_LIST) == (found[18], found[20])


@pytest.mark.parametrize(
    ("enterprise", "element", "kind", "name"),
    [
        (0, 1, 4, "octetDeltaCount"),
        (29305, 1, 4, "reverse"),
        (9, 0, 4, "x"),
        (9, 1, 24, "x"),
        (9, 1, 4, ""),
        (9, 1, 4, "a'b"),
        (9, 1, 4, "x" * 129),
    ],
)
def test_what_an_exporter_may_not_define(
    enterprise: int, element: int, kind: int, name: str
) -> None:
    """IANA's and reverse elements, unknown types, names that are none."""
    assert learnt(enterprise, element, kind, name) is None


def test_other_records_teach_nothing() -> None:
    """No scope, or other fields."""
    assert learnt(9, 1, 4, "x", scoped=False) is None
    result = decode(b"\1", options_template(256, 1, field("unsigned8", 1)), set_id=3)
    assert isinstance(result, DataSet)
    assert learn_element_type(result.records[0]) is None
