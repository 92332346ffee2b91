"""Compiled layouts, beside the interpreted path that they must equal."""

import pytest

from streams.wire import (
    BoundTemplate,
    CannotRead,
    Column,
    DataSet,
    Limits,
    NestedTemplates,
    Plan,
    RecordReader,
    compile_plan,
    read_data_set,
    run_plan,
)
from streams.wire.memo import ENTRIES, OCTETS, Memo
from tests.wire.octets import (
    FIRST,
    NO_LIMITS,
    VARIABLE,
    a_set,
    bound_of,
    field,
    long,
    message,
    short,
    span_of,
    template,
)

LAYOUT = template(
    256,
    field("ipv4Address", 4),
    field("unsigned16", 2),
    field("string", VARIABLE),
    field("unsigned64", 3),
    field("octetArray", 2),
    field("string", VARIABLE),
    field("basicList", VARIABLE),
    field("dateTimeSeconds", 4),
)
NAMES = b"\3" + field("string", VARIABLE, enterprise=9)
HASHES = b"\3" + field("octetArray", 2, enterprise=9)


def record(name: bytes = b"abc", items: bytes = NAMES + b"\1a\2bc", size: int = 1) -> bytes:
    return (
        b"\x0a\0\0\1" + b"\0\x35" + short(name) + b"\0\0\5" + b"\xab\xcd"
        + (short if size == 1 else long)(b"x" * size) + long(items) + b"\0\0\0\7"
    )  # fmt: skip


def plan_of(bound: BoundTemplate) -> Plan:
    return Plan(
        (("fv", "v"),), tuple(Column(f"k{index}", index) for index in range(len(bound.fields)))
    )


def both(data: bytes, plan: Plan | None = None, layout: bytes = LAYOUT) -> list[dict[str, object]]:
    """What the compiled reader gives, after it was compared with the authority."""
    bound = bound_of(layout)[256]
    wanted = plan or plan_of(bound)
    reader = compile_plan(bound, wanted)
    assert reader is not None
    payload = message(a_set(256, data))
    authority = read_data_set(payload, span_of(payload), bound, NestedTemplates(), NO_LIMITS)
    assert isinstance(authority, DataSet)
    expected = [run_plan(item, wanted) for item in authority.records]
    for _ in range(2):  # memories are empty the first time only
        got = reader(payload, FIRST, len(payload))
        assert repr(expected) == repr(got)
    return expected


def reader_of(layout: bytes = LAYOUT, limits: Limits = NO_LIMITS) -> RecordReader:
    bound = bound_of(layout)[256]
    reader = compile_plan(bound, plan_of(bound), limits)
    assert reader is not None
    return reader


def test_a_record_in_wire_order() -> None:
    """Constants first, then the columns, each value as ``output_value`` gives it."""
    expected = {
        "fv": "v",
        "k0": "10.0.0.1",
        "k1": 53,
        "k2": "abc",
        "k3": 5,
        "k4": "ABCD",
        "k5": "x",
        "k6": ["a", "bc"],
        "k7": 7,
    }

    assert [list(expected.items())] == [list(item.items()) for item in both(record())]


@pytest.mark.parametrize("size", [0, 1, 254, 255, 300])
def test_lists_and_both_length_forms(size: int) -> None:
    """Several records, lists of other headers one behind the other, padding of any octets."""
    lists = [NAMES + b"\1a", HASHES + b"abcd", HASHES, NAMES, NAMES + long(b"q" * 300), b""]
    data = b"".join(record(items=items, size=size) for items in lists)

    assert 6 == len(both(data))
    assert 6 == len(both(data + b"\xff\xff\xff"))


def test_only_wanted_fields_are_read_but_lists_are_checked() -> None:
    """A malformed list is malformed whether or not it is shown."""
    plan = Plan((), (Column("port", 1), Column("again", 1)))

    assert [{"port": 53, "again": 53}] == both(record(name=b"\xff"), plan)
    reader = compile_plan(bound_of(LAYOUT)[256], plan)
    assert reader is not None
    payload = record(items=NAMES + b"\5a")
    with pytest.raises(CannotRead):
        reader(payload, 0, len(payload))


@pytest.mark.parametrize(
    "key", ["'", '"', "\\", "{x}", "\n", "k'] = 1\nimport os #", "a" * 300, "ключ", "\udc80", "_"]
)
def test_keys_cannot_enter_the_source(key: str) -> None:
    """Keys come from tables of a site and from exporters (RFC 5610)."""
    plan = Plan(((key + "!", 1),), (Column(key, 1), Column(key + "_d", 1, lambda v: v + 1)))

    assert [{key + "!": 1, key: 53, key + "_d": 54}] == both(record(), plan)


def test_derived_columns() -> None:
    """Behind their parent; None leaves the key out; they get the output value."""
    plan = Plan(
        (),
        (
            Column("name", 2),
            Column("first", 2, lambda v: v[:1] or None),
            Column("hex", 4, str.lower),
            Column("items", 6, len),
            Column("none", 1, lambda _: None),
        ),
    )

    assert [{"name": "abc", "first": "a", "hex": "abcd", "items": 2}] == both(record(), plan)
    assert [{"name": "", "hex": "abcd", "items": 2}] == both(record(b""), plan)


def test_repeated_keys_keep_the_first_place_and_the_last_value() -> None:
    """As a dictionary assigned twice does; a derived None changes nothing."""
    plan = Plan((("a", 0),), (Column("b", 1), Column("a", 2), Column("b", 1, lambda _: None)))

    assert [{"a": "abc", "b": 53}] == both(record(), plan)


def test_true_and_one_are_not_confused() -> None:
    """Equal as keys of a memory, other values."""
    plan = Plan((), (Column("flag", 0, repr),))
    got = both(b"\1\0\2", plan, template(256, field("boolean", 1)))

    assert ["True", "0", "False"] == [item["flag"] for item in got]


@pytest.mark.parametrize("data", [record(name=b"\xff"), record(items=NAMES + b"\1\xff")])
def test_ill_formed_text_is_declined(data: bytes) -> None:
    """The interpreted path keeps it visible and counts it."""
    for _ in range(2):
        with pytest.raises(CannotRead):
            reader_of()(data, 0, len(data))


def test_every_truncation_is_declined_or_padding() -> None:
    """In a payload that goes on behind the Set, and in one that does not."""
    whole = record(size=300)
    reader = reader_of()
    minimum = bound_of(LAYOUT)[256].minimum_length
    for length in range(len(whole)):
        for payload in (whole, whole[:length]):
            if length < minimum:
                assert [] == reader(payload, 0, length)
                continue
            with pytest.raises(CannotRead):
                reader(payload, 0, length)


@pytest.mark.parametrize(
    ("layout", "limits"),
    [
        (template(256, field("subTemplateList", VARIABLE)), NO_LIMITS),
        (template(256, field("subTemplateMultiList", VARIABLE)), NO_LIMITS),
        (template(256, field("string", 0)), NO_LIMITS),
        (LAYOUT, Limits(list_members=10)),
        (LAYOUT, Limits(list_depth=0)),
    ],
)
def test_layouts_that_are_not_compiled(layout: bytes, limits: Limits) -> None:
    """Templates in lists may change; records of no octets; limits that count across lists."""
    bound = bound_of(layout)[256]

    assert compile_plan(bound, plan_of(bound), limits) is None


def test_a_list_that_holds_templates_is_declined() -> None:
    """A basicList of subTemplateLists needs Templates that the compiled layout has not."""
    data = record(items=b"\3" + field("subTemplateList", VARIABLE) + short(b"\3\1\x2c\1"))
    with pytest.raises(CannotRead):
        reader_of()(data, 0, len(data))


def test_memories_are_bounded() -> None:
    """In entries and in octets of their keys; what they lose is made anew."""
    numbers = Memo(lambda key: key + 1)
    assert all(numbers[key] == key + 1 for key in range(3 * ENTRIES))
    texts = Memo(len)
    for number in range(40):
        assert OCTETS // 10 == texts[bytes([number]) * (OCTETS // 10)]

    assert len(numbers) <= ENTRIES
    assert len(texts) <= 10
