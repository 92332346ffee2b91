"""The public real messages of a v3 client, decoded and interpreted, against the real lines' form.

Source of the octets: github.com/obsrvbl-oss/ona, src/scripts/tests/test_nvzflow_reader.py
(Apache-2.0), as laid out in the corpus case ``ona-nvzflow/all``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.elements import load_registry
from schemas.field_keys import load_field_keys
from streams.interpret import (
    InterpretSettings,
    plan_for,
    recognise,
    record_key,
    render,
)
from streams.wire import (
    DataSet,
    Limits,
    NestedTemplates,
    Template,
    bind,
    compile_plan,
    read_data_set,
    read_message,
    read_templates,
    run_plan,
)

DATA = Path(__file__).parents[1] / "golden" / "ona-nvzflow-all" / "packets"

REGISTRY = load_registry()
KEYS = load_field_keys()
LIMITS = Limits()
UDID = "4CA7D9A79889DC4F18B4CD1B7E9F7E25D0C866A4"

ENDPOINT = {
    "fv": "nvzFlow_v3",
    "vsn": "STATION-102010",
    "udid": UDID,
    "osn": "Mac OS X",
    "osv": "10.12.6",
    "ose": "Sierra",
    "sm": "-",
    "st": "x64",
}

FLOW = {
    "fv": "nvzFlow_v3",
    "pr": 17,
    "sa": "192.168.0.10",
    "sp": 43879,
    "da": "192.168.0.11",
    "dp": 53,
    "fss": 1491362773,
    "fst": "Wed Apr  5 03:26:13 2017",
    "fes": 1491362773,
    "fet": "Wed Apr  5 03:26:13 2017",
    "udid": UDID,
    "liuid": "MYNVM\\dummy11",
    "liuida": "MYNVM",
    "liuidp": "dummy11",
    "liuat": 2,
    "pa": "NT AUTHORITY\\NETWORK SERVICE",
    "paa": "NT AUTHORITY",
    "pap": "NETWORK SERVICE",
    "puat": 1,
    "pn": "svchost.exe",
    "ph": "740A46A0F5E0E8C933EFD28C9901E54E42792619A8A3A6D11E1F0025A7324BC2",
    "ppa": "NT AUTHORITY\\SYSTEM",
    "ppuat": 2,
    "ppn": "services.exe",
    "pph": "D7BC4ED605B32274B45328FD9914FB0E7B90D869A38F0E6F94FB1BF4E9E2B407",
    "ibc": 100,
    "obc": 41,
    "ds": "dummy.du",
    "dh": "Unknown",
    "iid": 6,
    "mnl": [
        "cryptsvc.dll",
        "dhcpcore.dll",
        "termsrv.dll",
        "dnsrslvr.dll",
        "wkssvc.dll",
        "qagentRT.dll",
        "nlasvc.dll",
        "WsmSvc.dll",
        "wecsvc.dll",
        "tapisrv.dll",
    ],
    "mhl": [
        "340DF730E88F8B6A4EF542F620EBA2A720546AFAB4DFFA00F066B7610A1026C5",
        "4D9037B458C522874619143A4176BCED42472C68933E6E83D37B67242706F3C4",
        "5F52C2E7902024CF1C9CC0069F411C3F19CCA3DB209F437FA0F3932D4898EB50",
        "16060DDC32EF95EB6E37B91D50A96AB53CB0DEBB3DFDCB31975D16361092ABA5",
        "C3E6519A1A38F1B3597D4391E42ABFE8F1F5E86256C4B3BD876CDAD9BB68B0A6",
        "D252248532142E9E2332DA693BC51B795102CA938B568FF04981E98B19BFBC5C",
        "99B8CD043DF531D4B9725ED167F63CED220608B2FED3EE8250C217D15762DFD7",
        "5B6618615EBFBA594C945AD35F5C68DA8C6053892B6D12D626BB6120910D80DC",
        "A53940BA28854486FF18F16B98A3314B36322B0B6EFB54D08B921315BEB0ADD5",
        "FCFF02E466D2501630B452627FB218C01E5245A0921EE3D2117E7FD63AC7E98E",
    ],
}


def _payload(name: str) -> bytes:
    text = (DATA / name).read_text(encoding="ascii")
    return bytes.fromhex("".join(line for line in text.splitlines() if not line.startswith("#")))


def _templates() -> dict[int, Template]:
    payload = _payload("template_message.hex")
    message = read_message(payload)
    return {
        item.template_id: item
        for span in message.sets
        for item in read_templates(payload, span, LIMITS)
        if isinstance(item, Template)
    }


def _interpreted(name: str) -> Sequence[tuple[str, dict[str, Any]]]:
    """Read the records of a message by both paths, which must agree."""
    templates = _templates()
    payload = _payload(name)
    records = []
    for span in read_message(payload).sets:
        bound = bind(templates[span.set_id], REGISTRY)
        kind = recognise(bound)
        assert kind is not None
        plan = plan_for(bound, kind, KEYS, InterpretSettings())
        data = read_data_set(payload, span, bound, NestedTemplates(), LIMITS)
        assert isinstance(data, DataSet)
        values = [run_plan(record, plan) for record in data.records]
        reader = compile_plan(bound, plan)
        assert reader is not None
        assert values == reader(payload, span.start, span.end)
        records += [(kind, value) for value in values]
    return records


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("data_message_262.hex", "endpoint", ENDPOINT),
        ("data_message_267.hex", "flow", FLOW),
    ],
)
def test_real_messages_have_the_real_lines_keys(
    name: str, kind: str, expected: dict[str, Any]
) -> None:
    """Keys, order and values are those of the collector's lines for a v3 client."""
    [(found, value)] = _interpreted(name)

    assert kind == found
    assert list(expected.items()) == list(value.items())
    assert expected == orjson.loads(render(value))
    assert UDID.encode() == record_key(kind, value)


def test_the_real_templates_are_told_apart() -> None:
    """262 endpoint, 266 interface, 267 and 268 flow; all have the public v3 layouts."""
    kinds = {}
    versions = set()
    for template_id, template in _templates().items():
        bound = bind(template, REGISTRY)
        kind = kinds[template_id] = recognise(bound)
        assert kind is not None
        versions.add(plan_for(bound, kind, KEYS, InterpretSettings()).constants)

    assert {262: "endpoint", 266: "interface", 267: "flow", 268: "flow"} == kinds
    assert {(("fv", "nvzFlow_v3"),)} == versions
