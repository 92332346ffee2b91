"""Compiled layouts of router flows, beside the interpreted path that they must equal."""

import contextlib
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.elements import load_registry
from schemas.router_records import REVERSE_KEYS, ROUTER_FIELDS
from streams.interpret.router import (
    RouterFacts,
    RouterSettings,
    Samplings,
    compile_router,
    interpret,
    make_plan,
    read_header,
)
from streams.wire import (
    CannotRead,
    DataSet,
    FieldSpecifier,
    Limits,
    MalformedMessage,
    MessageHeader,
    NestedTemplates,
    SetSpan,
    Template,
    bind,
    read_data_set,
)

REGISTRY = load_registry()
RECEIVED = 1_700_000_000_000_000_000
EXPORTED = 1_700_000_000

SOURCES = sorted(
    {
        *(source for item in ROUTER_FIELDS for source in item.sources),
        *(source for sources in REVERSE_KEYS.values() for source in sources),
        *((0, number) for number in (48, 302, 60, 95, 160, 210, 136, 61, 82, 23, 24)),
        (9, 12235),
        (35632, 118),
    }
)
"""Every element that gives a key, and some that do not."""

SIZES = (4, 4, 8, 1, 2, 3, 6, 16, 0, 5)

specifiers = st.builds(
    lambda key, size: FieldSpecifier(key[0], key[1], size),
    st.sampled_from(SOURCES),
    st.sampled_from(SIZES),
)


@st.composite
def fitting(draw: st.DrawFn) -> FieldSpecifier:
    """A field in the length that its element has, or in another."""
    enterprise, number = draw(st.sampled_from(SOURCES))
    kind = REGISTRY.lookup(enterprise, number).data_type.value
    size = {
        "unsigned8": 1, "unsigned16": 2, "unsigned32": 4, "unsigned64": 8, "ipv4Address": 4,
        "ipv6Address": 16, "macAddress": 6, "dateTimeSeconds": 4, "dateTimeMilliseconds": 8,
        "dateTimeMicroseconds": 8, "dateTimeNanoseconds": 8, "string": 5, "float64": 8,
    }.get(kind, 4)  # fmt: skip
    return FieldSpecifier(enterprise, number, size)


FACTS = (
    RouterFacts(),
    RouterFacts(
        {1: "Gi0/1", 2: "Gi0/2"},
        {"00000001": "ftp", "0001": "http"},
        Samplings(10, 10, {1: 100, 2: 2000}, {2: 50}, {}, {1: "one", -3: "two"}),
        (EXPORTED - 5000) * 1000,
    ),
    RouterFacts(samplings=Samplings(None, 7, {}, {}, {3: 7})),
    RouterFacts(start_uptime_ms=77),
)

octets = st.one_of(
    st.binary(min_size=200, max_size=200),
    st.lists(st.sampled_from([0, 0, 0, 1, 2, 4, 6, 17, 58]), min_size=200, max_size=200).map(bytes),
)
headers = st.builds(
    MessageHeader,
    st.sampled_from([9, 10]),
    st.just(0),
    st.sampled_from([EXPORTED, EXPORTED + 3600, 0]),
    st.just(7),
    st.just(3),
    st.sampled_from([0, 5, 4_000_000_000]),
)


def both(
    template: Template, payload: bytes, header: MessageHeader, facts: RouterFacts
) -> list[dict[str, Any]] | None:
    """What the compiled reader gives, compared with the authority; None where it declines."""
    bound = bind(template, REGISTRY)
    plan = make_plan(bound)
    message = read_header(header, RECEIVED, "192.0.2.1", facts, RouterSettings())
    span = SetSpan(template.template_id, 0, 0, len(payload))
    reader = compile_router(plan, Limits())
    if reader is None:
        return None
    try:
        data = read_data_set(payload, span, bound, NestedTemplates({}), Limits())
    except MalformedMessage:  # a list that is none
        with pytest.raises(CannotRead):
            reader(payload, 0, len(payload), message)
        return None
    assert isinstance(data, DataSet)
    expected = [interpret(record, plan, message) for record in data.records]
    for _ in range(2):  # memories are empty the first time only
        with contextlib.suppress(CannotRead):
            got = reader(payload, 0, len(payload), message)
            assert expected == got
            assert repr([sorted(row) for row in expected]) == repr([sorted(row) for row in got])
            return got
    return None


@given(
    st.lists(st.one_of(fitting(), fitting(), fitting(), specifiers), min_size=1, max_size=14),
    octets,
    headers,
    st.sampled_from(FACTS),
    st.sampled_from([256, 256, 5]),
)
def test_both_paths_give_the_same(
    fields: list[FieldSpecifier],
    payload: bytes,
    header: MessageHeader,
    facts: RouterFacts,
    template_id: int,
) -> None:
    """Whatever fields, values, Message and options are."""
    both(Template(template_id, tuple(fields)), payload, header, facts)


WHOLE = Template(
    300,
    tuple(
        FieldSpecifier(0, *item)
        for item in (
            (8, 4), (12, 4), (27, 16), (28, 16), (60, 1), (4, 1), (7, 2), (11, 2), (32, 2),
            (139, 2), (10, 4), (14, 4), (2, 8), (1, 8), (22, 4), (21, 4), (5, 1), (6, 1), (48, 1),
            (9, 1), (13, 1), (29, 1), (30, 1), (15, 4), (62, 16), (95, 4), (136, 1),
        )
    ),
)  # fmt: skip


def test_a_template_for_both_families_is_compiled() -> None:
    """Every protocol and family of a template that has all; nothing is declined."""
    for protocol, version, facts in product((1, 6, 17, 47, 58, 132), (0, 4, 6), FACTS[:2]):
        record = (
            bytes([10, 0, 0, 1, 10, 0, 0, 2]) + bytes(15) + b"\1" + bytes(15) + b"\2"
            + bytes([version, protocol]) + b"\x01\xbb\x00\x35\x08\x00\x80\x00"
            + b"\0\0\0\1\0\0\0\2" + (5).to_bytes(8) + (500).to_bytes(8)
            + (1000).to_bytes(4) + (2000).to_bytes(4) + b"\x10\x02\x01\x18\x10\x40\x30"
            + b"\xc0\0\2\1" + bytes(15) + b"\7" + b"\0\0\0\1" + b"\1"
        )  # fmt: skip
        header = MessageHeader(9, 0, EXPORTED, 1, 2, 3000)
        got = both(WHOLE, record * 3, header, facts)

        assert got is not None
        assert 3 == len(got)
        assert ("IPv6" if version == 6 else "IPv4") == got[0]["etype"]


def test_a_layout_with_lists_is_not_compiled() -> None:
    """Each record says what its lists hold (RFC 6313, 4.5.1)."""
    fields = (FieldSpecifier(0, 4, 1), FieldSpecifier(0, 291, 65535))

    assert compile_router(make_plan(bind(Template(256, fields), REGISTRY)), Limits()) is None
