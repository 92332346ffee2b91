import csv
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from schemas.elements import BUILTIN, NETFLOW, load_registry
from schemas.errors import SchemaError
from schemas.registry import SCOPE_ELEMENTS, DataType, InformationElement, Semantics

FOLDER = files("schemas") / "elements"
HEADER = "enterprise_number,element_id,name,data_type,semantics,units,field_key,record\n"


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((FOLDER / name).read_text(encoding="utf-8").splitlines()))


def test_every_builtin_row_is_loaded_once() -> None:
    """No element stands in two tables, and no name twice within its enterprise."""
    rows = [row for name in (*BUILTIN, *NETFLOW) for row in _rows(name)]
    rows = [row for row in rows if (row["source"], row["element_id"]) != ("iana", "48")]

    ids = Counter((row["enterprise_number"], row["element_id"]) for row in rows)
    names = Counter((row["enterprise_number"], row["name"]) for row in rows)
    assert [] == [item for item, count in (ids + names).items() if count > 1]
    assert len(rows) == len(load_registry())


def test_the_iana_registry_is_whole() -> None:
    """506 records, less Reserved, a NetFlow v9 remark and two without a name."""
    assert len(_rows("iana.csv")) == 502


def test_every_source_is_described() -> None:
    """SOURCES.md has a line for each table and each source that rows name."""
    text = (FOLDER / "SOURCES.md").read_text(encoding="utf-8")
    tables = sorted(item.name for item in FOLDER.iterdir() if item.name.endswith(".csv"))

    assert [] == [name for name in tables if f"`{name}`" not in text]
    sources = {row["source"] for name in tables for row in _rows(name)}
    assert [] == sorted(source for source in sources if f"`{source}`" not in text)


def test_netflow_tables_only_add_to_the_registry() -> None:
    """What IANA defines is IANA's, so that IPFIX means it; but for one type that is too small."""
    iana = {row["element_id"]: row["name"] for row in _rows("iana.csv")}
    again = [row for name in NETFLOW for row in _rows(name) if row["element_id"] in iana]

    assert [("48", "samplerId", "unsigned32")] == [
        (row["element_id"], row["name"], row["data_type"]) for row in again
    ]
    assert {"0"} == {row["enterprise_number"] for name in NETFLOW for row in _rows(name)}


@pytest.mark.parametrize(
    ("table", "enterprise", "first"), [("cisco.csv", 9, 32768), ("ntop.csv", 35632, 57472)]
)
def test_ids_over_32767_that_stand_for_an_enterprise(
    table: str, enterprise: int, first: int
) -> None:
    """Cisco and ntop make v9 field types of their enterprise's ids; the type is the same."""
    registry = load_registry()
    for row in _rows(table):
        number = int(row["element_id"])
        own = registry.lookup(enterprise, number)
        plain = registry.lookup(0, first + number)
        assert (own.name, own.data_type) == (plain.name, plain.data_type)


@pytest.mark.parametrize(
    ("identity", "name", "data_type"),
    [
        ((0, 1), "octetDeltaCount", DataType.UNSIGNED64),
        ((0, 350), "virtualStationName", DataType.STRING),
        ((9, 12332), "nvzFlowUDID", DataType.OCTET_ARRAY),
        ((9, 12348), "nvzFlowModuleName", DataType.STRING),
        ((9, 12352), "nvzFlowModuleNameList", DataType.BASIC_LIST),
        ((9, 12353), "nvzFlowModuleHashList", DataType.BASIC_LIST),
        ((9, 12354), "nvzFlowCoordinatesList", DataType.BASIC_LIST),
        ((9, 12359), "nvzFlowInterfaceDetailsList", DataType.BASIC_LIST),
        ((29305, 1), "reverseOctetDeltaCount", DataType.UNSIGNED64),
        ((6871, 14), "initialTCPFlags", DataType.UNSIGNED16),
        ((0, 33000), "ingressAclId", DataType.OCTET_ARRAY),
        ((0, 56701), "paloAltoAppId", DataType.STRING),
        ((0, SCOPE_ELEMENTS + 1), "scopeSystem", DataType.IPV4_ADDRESS),
        ((9, 12364), "e9_12364", DataType.OCTET_ARRAY),
        ((0, SCOPE_ELEMENTS + 6), "scope_6", DataType.OCTET_ARRAY),
    ],
)
def test_lookup(identity: tuple[int, int], name: str, data_type: DataType) -> None:
    """Known, reverse and unknown elements have a stable name and a type."""
    element = load_registry().lookup(*identity)

    assert (name, data_type) == (element.name, element.data_type)
    assert (name not in {"e9_12364", "scope_6"}) == element.known


@pytest.mark.rfc("5103", "6.2")
@pytest.mark.parametrize(
    ("element_id", "name", "data_type"),
    [
        (0x4000 + 14, "reverseInitialTCPFlags", DataType.UNSIGNED16),
        (0x4000 + 18, "reversePayload", DataType.OCTET_ARRAY),
        (0x4000 + 16383, "e6871_32767", DataType.OCTET_ARRAY),
    ],
)
def test_an_enterprise_reserves_a_bit_for_reverse_elements(
    element_id: int, name: str, data_type: DataType
) -> None:
    """CERT's reverse elements, which YAF sends, have the forward one's type."""
    element = load_registry().lookup(6871, element_id)

    assert (element_id, name, data_type) == (element.element_id, element.name, element.data_type)


def test_no_other_enterprise_has_that_bit() -> None:
    """What the bit means is each enterprise's own affair."""
    registry = load_registry()

    assert registry.lookup(35632, 80).known
    assert not registry.lookup(35632, 0x4000 + 80).known


def test_a_site_adds_and_overrides(tmp_path: Path) -> None:
    """The last table wins; columns from semantics on may be left out."""
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(HEADER + "# ours\n9,12364,nvzFlowAgentVersion,octetArray,,,,\n")
    second.write_text(
        "enterprise_number,element_id,name,data_type\n9,12364,nvzFlowAgentVersion,string\n"
    )

    registry = load_registry([first, second])

    expected = InformationElement(
        9, 12364, "nvzFlowAgentVersion", DataType.STRING, Semantics.DEFAULT
    )
    assert expected == registry.lookup(9, 12364)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"site.csv:1: no header line; columns: enterprise_number"),
        ("a,b\n", r"site.csv:1: unknown column 'a'"),
        ("element_id\n", r"site.csv:1: column 'enterprise_number' is missing"),
        (HEADER + "9,12364,x\n", r"site.csv:2: 3 values, the header has 8"),
        (HEADER + "9,99999,x,string,,,,\n", r"site.csv:2: element_id '99999' .* 0 to 32767"),
        (HEADER + "0,65536,x,string,,,,\n", r"site.csv:2: element_id '65536' .* 0 to 65535"),
        (HEADER + "9,-1,x,string,,,,\n", r"site.csv:2: element_id '-1'"),
        (HEADER + "9,1,1x,string,,,,\n", r"site.csv:2: name '1x' must begin with a letter"),
        (HEADER + "9,1,x,text,,,,\n", r"site.csv:2: data_type 'text' is none of octetArray"),
        (HEADER + "9,1,x,string,often,,,\n", r"site.csv:2: semantics 'often' is none of default"),
    ],
)
def test_a_wrong_site_table_names_the_line(tmp_path: Path, text: str, message: str) -> None:
    """The error says where and what is right."""
    path = tmp_path / "site.csv"
    path.write_text(text)

    with pytest.raises(SchemaError, match=message):
        load_registry([path])


def test_a_missing_site_table_is_named(tmp_path: Path) -> None:
    """A path that does not exist is a clear error."""
    with pytest.raises(SchemaError, match=r"none\.csv: cannot be read: No such file"):
        load_registry([tmp_path / "none.csv"])
