from typing import Any

import pytest

from schemas.elements import load_registry
from schemas.field_keys import load_field_keys
from schemas.registry import DataType, InformationElement
from streams.interpret import (
    InterpretError,
    InterpretSettings,
    layout_of,
    parse_layout,
    plan_for,
    recognise,
    zone,
)
from streams.interpret.readable_time import readable_time
from streams.wire import BoundTemplate, DataRecord, FieldSpecifier, Template, bind, run_plan
from streams.wire.model import BasicList

REGISTRY = load_registry()
KEYS = load_field_keys()
FLOW_V6 = (
    "0:4/1 0:27/16 0:7/2 0:28/16 0:11/2 0:150/4 0:151/4 9:12332/20 9:12333/v 9:12361/2 9:12338/v "
    "9:12362/2 9:12340/v 9:12341/32 9:12339/v 9:12363/2 9:12342/v 9:12343/32 9:12346/8 9:12347/8 "
    "9:12344/v 9:12345/v 9:12355/4 9:12352/v 9:12353/v"
)


def _bound(layout: str, *, scope_count: int = 0) -> BoundTemplate:
    fields = tuple(FieldSpecifier(*item) for item in parse_layout(layout))
    return bind(Template(300, fields, scope_count), REGISTRY)


def _keys(layout: str, settings: InterpretSettings | None = None) -> list[str]:
    plan = plan_for(_bound(layout), "flow", KEYS, settings or InterpretSettings())
    return [key for key, _ in plan.constants] + [column.key for column in plan.columns]


def _value(layout: str, *values: Any, settings: InterpretSettings | None = None) -> dict[str, Any]:
    bound = _bound(layout)
    fields = tuple((item.element, value) for item, value in zip(bound.fields, values, strict=True))
    plan = plan_for(bound, "flow", KEYS, settings or InterpretSettings())
    return run_plan(DataRecord(300, 0, fields), plan)


@pytest.mark.parametrize(
    ("layout", "kind"),
    [
        ("9:12332/20 9:12356/4", "interface"),
        ("9:12332/20 9:12360/v 0:8/4", "interface"),
        ("9:12332/20 0:28/16", "flow"),
        ("9:12332/20 9:12346/8", "flow"),
        ("9:12364/v 0:8/4", "flow"),
        ("0:350/v 9:12332/20 9:12333/v", "endpoint"),
        ("9:12332/20 9:12355/4", "endpoint"),
        ("0:8/4 0:12/4", None),
        ("0:8/4 0:12/4 9:4315/4", None),
    ],
)
def test_records_are_recognised_by_their_elements(layout: str, kind: str | None) -> None:
    """Template ids say nothing; a router's Cisco elements are not nvzFlow's."""
    assert kind == recognise(_bound(layout))


def test_an_options_template_is_no_record() -> None:
    """Options data describe, they are not flows."""
    assert recognise(_bound("9:12332/20 0:8/4", scope_count=1)) is None


def test_derived_keys_stand_behind_their_parent() -> None:
    """The order is the Template's; the parent's account is not split by default."""
    expected = (
        "fv pr sa6 sp da6 dp fss fst fes fet udid liuid liuida liuidp liuat pa paa pap puat pn ph "
        "ppa ppuat ppn pph ibc obc ds dh iid mnl mhl"
    )

    assert expected.split() == _keys(FLOW_V6)
    split = expected.replace("ppa ", "ppa ppaa ppap ").split()
    assert split == _keys(FLOW_V6, InterpretSettings(derive_parent_account=True))


def test_the_v1_endpoint_record_has_the_user() -> None:
    """12333 stood in the endpoint record first; its version is not known, so there is no fv."""
    assert ["vsn", "udid", "liuid", "liuida", "liuidp"] == _keys("0:350/v 9:12332/20 9:12333/v")


def test_an_interface_record_has_the_parts_of_its_details() -> None:
    """The interface's keys in the order reported of real lines; other details are kept."""
    layout = "9:12332/20 9:12355/4 9:12356/4 9:12357/1 9:12358/v 9:12359/v 9:12360/v"
    text = InformationElement(9, 1, "text", DataType.STRING)
    details = BasicList(3, text, ("STATE=Trusted", "SSID=a=b", "BAND=5"))

    expected = {
        "fv": "nvzFlow_v3",
        "udid": "00" * 20,
        "iid": 7,
        "ii": 12,
        "it": 1,
        "in": "Wi-Fi",
        "ist": "Trusted",
        "SSID": "a=b",
        "nvzFlowInterfaceDetailsList": ["BAND=5"],
        "im": "00:0c:29:55:51:1a",
    }
    mac = bytes.fromhex("000c2955511a")
    got = _value(layout, bytes(20), 7, 12, 1, "Wi-Fi", details, mac)
    assert list(expected.items()) == list(got.items())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((b"STATE=Trusted", b"SSID=caf\xc3\xa9"), {"ist": "Trusted", "SSID": "café"}),
        ((b"STATE=",), {"ist": ""}),
        ((b"\xff\xfe",), {"nvzFlowInterfaceDetailsList": ["FFFE"]}),
        ((), {"nvzFlowInterfaceDetailsList": []}),
    ],
)
def test_details_of_an_unknown_inner_element(
    values: tuple[bytes, ...], expected: dict[str, Any]
) -> None:
    """The inner element's id is not public: its octets are read as text where they are text."""
    unknown = REGISTRY.lookup(9, 12349)

    assert expected == _value("9:12359/v", BasicList(3, unknown, values))


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"00:0c:29:55:51:1a", "00:0c:29:55:51:1a"),
        (bytes.fromhex("AABBCCDDEEFF"), "aa:bb:cc:dd:ee:ff"),
        (b"-", "-"),
        (b"", ""),
        (b"\x00\x01", "0001"),
    ],
)
def test_a_mac_address_may_be_text_or_octets(octets: bytes, expected: str) -> None:
    """Which of both real clients send is not known."""
    assert expected == _value("9:12360/v", octets)["im"]


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("NT AUTHORITY\\SYSTEM", {"paa": "NT AUTHORITY", "pap": "SYSTEM"}),
        ("AzureAD\\a\\b", {"paa": "AzureAD", "pap": "a\\b"}),
        ("root", {"pap": "root"}),
        ("-", {}),
        ("", {}),
        ("\\x", {"pap": "x"}),
        ("x\\", {"paa": "x"}),
    ],
)
def test_accounts_are_split_at_the_backslash(account: str, expected: dict[str, str]) -> None:
    """No authority where there is no backslash; what is anonymised is not split."""
    assert {"pa": account, **expected} == _value("9:12338/v", account)


def test_repeats_unknown_and_unnamed_elements_keep_a_stable_name() -> None:
    """Nothing that was sent is dropped but padding."""
    layout = "9:12340/v 9:12364/4 0:58/2 9:12340/v 9:12338/v 9:12338/v 0:210/2 9:12364/4"

    expected = ["pn", "e9_12364", "vlanId", "pn_2"]
    expected += ["pa", "paa", "pap", "pa_2", "paa_2", "pap_2", "e9_12364_2"]
    assert expected == _keys(layout)


def test_unknown_octets_are_upper_case_hex() -> None:
    """An unknown element keeps its octets; empty is not absent."""
    got = _value("9:12364/v 9:12340/v", b"\xab\x01", "")

    assert {"e9_12364": "AB01", "pn": ""} == got


def test_a_site_maps_versions_by_layout() -> None:
    """Without the mapping a new layout has no fv: it is not guessed."""
    layout = FLOW_V6 + " 9:12364/8"

    assert "fv" not in _keys(layout)
    settings = InterpretSettings(versions={parse_layout(layout): "nvzFlow_v9"})
    assert "fv" == _keys(layout, settings)[0]
    assert parse_layout(layout) == layout_of(_bound(layout))


@pytest.mark.parametrize("text", ["", "9", "9:1", "9:1/x", "9:32768/4", "9:1/65536", "x:1/2"])
def test_a_wrong_layout_is_refused(text: str) -> None:
    """The error says how a layout is written."""
    with pytest.raises(InterpretError):
        parse_layout(text)


@pytest.mark.parametrize(
    ("zone_name", "seconds", "expected"),
    [
        ("UTC", 1534755850, "Mon Aug 20 09:04:10 2018"),
        ("UTC", 1750954134, "Thu Jun 26 16:08:54 2025"),
        ("Asia/Kolkata", 1784017733, "Tue Jul 14 13:58:53 2026"),
        ("UTC", 0, "Thu Jan  1 00:00:00 1970"),
        ("UTC", 2**32 - 1, "Sun Feb  7 06:28:15 2106"),
    ],
)
def test_times_are_those_of_real_lines(zone_name: str, seconds: int, expected: str) -> None:
    """C's ctime in the C locale, the day padded by a space; values of real v3, v9, v11 lines."""
    assert expected == readable_time(zone_name)(seconds)


def test_what_is_no_time_has_no_readable_form() -> None:
    """Octets that did not fit the type, or numbers beyond 32 bits, leave fst out."""
    assert [None, None, None] == [readable_time("UTC")(item) for item in ("AB", 2**32, -1)]


def test_an_unknown_zone_is_named() -> None:
    """A wrong setting is a clear error."""
    with pytest.raises(InterpretError, match="local_time_zone 'Mars/North'"):
        zone("Mars/North")
    with pytest.raises(InterpretError, match="local_time_zone"):
        zone("../etc/passwd")
