from pathlib import Path

import pytest

from schemas.elements import load_registry
from schemas.errors import SchemaError
from schemas.field_keys import load_field_keys
from schemas.records import KINDS, contract

HEADER = "enterprise_number,element_id,name,data_type,semantics,units,field_key,record\n"


def test_every_element_of_a_key_is_in_the_registry() -> None:
    """Keys are taken from elements that exist, each from one key only."""
    registry = load_registry()
    keys = load_field_keys()

    identities = [identity for item in keys.fields for identity in item.elements]
    assert len(identities) == len(set(identities))
    assert all(registry.lookup(*identity).known for identity in identities)


def test_derived_keys_name_their_parent() -> None:
    """A derived key has no element and its parent is a key, an element or the layout."""
    keys = load_field_keys()
    derived = {item.key: item.derived_from for item in keys.fields if item.derived_from}

    expected = {"fv", "fst", "fet", "liuida", "liuidp", "paa", "pap", "ppaa", "ppap", "ist", "SSID"}
    assert expected == set(derived)
    assert all(
        keys.get(parent) is not None or parent in {"layout", "9:12359"}
        for parent in derived.values()
    )


def test_the_forms_of_flow_keys() -> None:
    """The filter compiler learns what a value is."""
    forms = load_field_keys().flow_keys()

    assert ("number", "text", "hex", "address", "list") == tuple(
        forms[key] for key in ("dp", "pn", "ph", "sa6", "mnl")
    )
    assert "vsn" not in forms


def test_each_kind_has_a_contract() -> None:
    """Every record kind begins with fv and has the UDID."""
    keys = load_field_keys()
    for kind in KINDS:
        fields = [item.key for item in contract(kind, keys)]
        assert fields[0] == "fv"
        assert "udid" in fields


def test_a_site_completes_a_known_key_and_adds_one(tmp_path: Path) -> None:
    """Ids that are not public come by a site's table; the form follows the element's type."""
    path = tmp_path / "site.csv"
    path.write_text(
        HEADER
        + "9,12364,nvzFlowAgentVersion,string,,,agv,\n"
        + "9,12365,nvzFlowProcessID,unsigned32,,,pid,flow\n"
        + "9,12399,nvzFlowOther,basicList,,,oth,EF\n"
        + "0,58,vlanId,unsigned16,,,,\n"
    )
    keys = load_field_keys([path])
    registry = load_registry([path])

    found = [keys.key_for(registry.lookup(9, number)) for number in (12364, 12365, 12399)]
    assert ["agv", "pid", "oth"] == found
    assert keys.key_for(registry.lookup(0, 58)) is None
    assert ("number", "list") == (keys.flow_keys()["pid"], keys.flow_keys()["oth"])
    assert "agv" not in keys.flow_keys()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("9,12364,x,string,,,fst,F", "site.csv:2: field_key 'fst' is made here"),
        ("9,12364,x,string,,,_id,F", "site.csv:2: field_key '_id' is made here"),
        ("9,12364,x,string,,,agv,Q", "site.csv:2: record 'Q' is not made of the letters E, F, I"),
    ],
)
def test_a_wrong_key_names_the_line(tmp_path: Path, row: str, message: str) -> None:
    """Keys that are made here cannot be taken."""
    path = tmp_path / "site.csv"
    path.write_text(HEADER + row + "\n")

    with pytest.raises(SchemaError, match=message):
        load_field_keys([path])
