"""Structured data (RFC 6313)."""

import struct

import pytest

from streams.wire import (
    BasicList,
    DataSet,
    Limits,
    ListSemantic,
    Malformed,
    MalformedMessage,
    SubTemplateList,
    SubTemplateMultiList,
    UndecodedSet,
    output_value,
)
from tests.wire.octets import (
    FIRST,
    NO_LIMITS,
    VARIABLE,
    decode,
    entry_of,
    field,
    long,
    options_template,
    short,
    template,
    values,
)

BASIC = template(256, field("basicList", VARIABLE), field("unsigned8", 1))
SUB = template(256, field("subTemplateList", VARIABLE), field("unsigned8", 1))
MULTI = template(256, field("subTemplateMultiList", VARIABLE), field("unsigned8", 1))
PAIR = template(300, field("unsigned8", 1), field("string", VARIABLE))
NUMBER = template(301, field("unsigned16", 2))


def one(content: bytes, *templates: bytes, limits: Limits = NO_LIMITS) -> object:
    """The list, in both forms of its length; the octet behind it must stand."""
    found = values(long(content) + b"\x2a", *templates, limits=limits)
    assert found == values(short(content) + b"\x2a", *templates, limits=limits)
    assert 42 == found[0][1]
    return found[0][0]


def refused(content: bytes, *templates: bytes, limits: Limits = NO_LIMITS) -> tuple[str, int]:
    with pytest.raises(MalformedMessage) as caught:
        decode(short(content) + b"\x2a", *templates, limits=limits)
    return caught.value.reason, caught.value.offset - FIRST - 1


def basic(
    kind: str | int, length: int, content: bytes, enterprise: int = 0, semantic: int = 3
) -> bytes:
    """Semantic | Field Specifier | content."""
    return bytes([semantic]) + field(kind, length, enterprise) + content


def sub(template_id: int, content: bytes, semantic: int = 3) -> bytes:
    """Semantic | Template ID | content."""
    return struct.pack(">BH", semantic, template_id) + content


def plain(value: object) -> object:
    return output_value(value)


@pytest.mark.rfc("6313", "4.5.1")
@pytest.mark.parametrize("enterprise", [0, 9])
def test_basic_list_of_fixed_and_variable_elements(enterprise: int) -> None:
    """Elements until no octet remains; the enterprise number stands behind the Element Length."""
    fixed = one(basic("unsigned16", 2, b"\0\1\0\2", enterprise), BASIC)
    names = one(
        basic("string", VARIABLE, short(b"ab") + long(b"c") + short(b""), enterprise), BASIC
    )

    assert isinstance(fixed, BasicList)
    assert (ListSemantic.ALL_OF, enterprise) == (fixed.semantic, fixed.element.enterprise_number)
    assert ([1, 2], ["ab", "c", ""]) == (plain(fixed), plain(names))


@pytest.mark.rfc("6313", "4.5.1")
@pytest.mark.parametrize("enterprise", [0, 9])
def test_empty_lists(enterprise: int) -> None:
    """A header alone is an empty list; no octet at all is read as one too."""
    assert [] == plain(one(basic("string", VARIABLE, b"", enterprise), BASIC))
    assert [] == plain(one(b"", BASIC))
    assert [] == plain(one(b"", SUB))
    assert [] == plain(one(b"", MULTI))


@pytest.mark.rfc("6313", "4.4")
@pytest.mark.parametrize("semantic", [*ListSemantic, 17])
def test_semantics_are_kept(semantic: int) -> None:
    """The six of RFC 6313, and an unassigned number as it is."""
    for found in (
        one(basic("unsigned8", 1, b"", semantic=semantic), BASIC),
        one(sub(300, b"", semantic), SUB),
        one(bytes([semantic]), MULTI),
    ):
        assert semantic == found.semantic  # type: ignore[attr-defined]


def test_unknown_elements_in_lists_keep_their_octets() -> None:
    """Unknown is data, inside lists too."""
    found = one(basic(99, 2, b"\1\2\3\4", enterprise=77), BASIC)

    assert ("e77_99", (b"\1\2", b"\3\4")) == (found.element.name, found.values)  # type: ignore[attr-defined]


@pytest.mark.rfc("6313", "4.5.2")
def test_sub_template_list() -> None:
    """Data Records of one Template; an empty one needs no Template."""
    found = one(sub(300, b"\1" + short(b"a") + b"\2" + short(b"")), SUB, PAIR)

    assert isinstance(found, SubTemplateList)
    assert (300, 2) == (found.template_id, len(found.records))
    assert [{"xunsigned8": 1, "xstring": "a"}, {"xunsigned8": 2, "xstring": ""}] == plain(found)
    assert SubTemplateList(3, 999, ()) == one(sub(999, b""), SUB)


@pytest.mark.rfc("6313", "4.5.3")
def test_sub_template_multi_list() -> None:
    """Series of records of several Templates; the length counts its own header."""
    content = (
        b"\1"
        + entry_of(300, b"\1" + short(b"a"))
        + entry_of(301, b"\0\7\0\x08")
        + entry_of(300, b"")
    )
    found = one(content, MULTI, PAIR, NUMBER)

    assert isinstance(found, SubTemplateMultiList)
    assert [300, 301, 301] == [record.template_id for record in found.records]
    assert [{"xunsigned8": 1, "xstring": "a"}, {"xunsigned16": 7}, {"xunsigned16": 8}] == plain(
        found
    )


@pytest.mark.rfc("6313", "4.5.3")
def test_multi_list_of_zero_instances_has_length_zero() -> None:
    """The exceptional case: Template ID and a Data Records Length of 0."""
    assert SubTemplateMultiList(3, ()) == one(b"\3" + struct.pack(">HH", 300, 0), MULTI)


@pytest.mark.rfc("6313", "5.2")
def test_lists_nest() -> None:
    """BasicList of basicLists, of subTemplateLists; a Template that names itself."""
    numbers = basic("unsigned8", 1, b"\1\2")
    nested = basic("basicList", VARIABLE, long(numbers) + short(numbers))
    pairs = basic("subTemplateList", VARIABLE, long(sub(300, b"\1" + short(b"a"))))
    tree = sub(256, long(sub(256, b"")) + b"\7")

    assert [[1, 2], [1, 2]] == plain(one(nested, BASIC))
    assert [[{"xunsigned8": 1, "xstring": "a"}]] == plain(one(pairs, BASIC, PAIR))
    assert [{"xsubTemplateList": [], "xunsigned8": 7}] == plain(one(tree, SUB))


def test_nesting_ends_at_the_limit() -> None:
    """Recursion is bounded by a setting."""
    content = basic("unsigned8", 1, b"\1")
    for _ in range(2):
        content = basic("basicList", VARIABLE, long(content))

    assert [[[1]]] == plain(one(content, BASIC, limits=Limits(list_depth=3)))
    assert (Malformed.LIMIT, 16) == refused(content, BASIC, limits=Limits(list_depth=2))


def test_members_end_at_the_limit() -> None:
    """Of all lists of a record together."""
    layout = template(256, field("basicList", VARIABLE), field("basicList", VARIABLE))
    pair = short(basic("unsigned8", 1, b"\1\2"))

    assert 2 == len(values(pair * 4, layout, limits=Limits(list_members=4)))
    with pytest.raises(MalformedMessage) as caught:
        decode(pair * 2, layout, limits=Limits(list_members=3))
    assert (Malformed.LIMIT, FIRST + 15) == (caught.value.reason, caught.value.offset)


@pytest.mark.rfc("6313", "7")
def test_a_template_that_is_not_known_leaves_the_set_undecoded() -> None:
    """The Set can be read when the Template comes; it is not malformed."""
    for content, layout in (
        (sub(300, b"\1\0"), SUB),
        (b"\1" + entry_of(300, b"\1\0"), MULTI),
        (basic("subTemplateList", VARIABLE, short(sub(300, b"\1\0"))), BASIC),
    ):
        result = decode(short(content) + b"\x2a", layout)
        assert isinstance(result, UndecodedSet)
        assert (300, 256) == (result.missing, result.span.set_id)


EMPTY = template(302, field("string", 0))


@pytest.mark.rfc("7011", "9.1")
@pytest.mark.parametrize(
    ("content", "layout", "offset"),
    [
        *((basic("unsigned16", 2, b"")[:n], BASIC, 1) for n in range(1, 5)),
        *((basic("unsigned16", 2, b"", 9)[:n], BASIC, 1) for n in range(5, 9)),
        (basic("unsigned16", 2, b"\0\1\0"), BASIC, 7),
        (basic("string", VARIABLE, b"\2a"), BASIC, 5),
        (basic("string", VARIABLE, b"\xff\0"), BASIC, 5),
        (basic("string", 0, b"a"), BASIC, 5),
        (b"\3", SUB, 1),
        (b"\3\1", SUB, 1),
        (sub(300, b"\1"), SUB, 4),
        (sub(300, b"\1\2a"), SUB, 4),
        (sub(302, b"a"), SUB, 3),
        *((b"\3" + entry_of(300, b"\1\0")[:n], MULTI, 1 if n < 4 else 3) for n in range(1, 6)),
        (b"\3" + struct.pack(">HH", 300, 3), MULTI, 3),
        (b"\3" + entry_of(301, b"\0\1\2"), MULTI, 7),
    ],
)
def test_lists_whose_lengths_cannot_be_are_refused(
    content: bytes, layout: bytes, offset: int
) -> None:
    """At the first octet of the field that does not fit."""
    assert (Malformed.LIST, offset) == refused(content, layout, PAIR, NUMBER, EMPTY)


@pytest.mark.rfc("6313", "5.5")
def test_padding_octets_in_lists_do_not_show() -> None:
    """PaddingOctets is how lists are padded; outputs leave it out."""
    padded = template(300, field("unsigned8", 1), field(210, 3))
    found = one(sub(300, b"\1\0\0\0\2\0\0\0"), SUB, padded)

    assert [{"xunsigned8": 1}, {"xunsigned8": 2}] == plain(found)


@pytest.mark.rfc("6313", "5.3")
def test_lists_in_options() -> None:
    """As a Scope Field and as any other field."""
    layout = options_template(256, 1, field("basicList", VARIABLE), field("basicList", VARIABLE))
    items = short(basic("unsigned8", 1, b"\1\2"))
    result = decode(items + items, layout, set_id=3)

    assert isinstance(result, DataSet)
    assert [[1, 2], [1, 2]] == [plain(value) for _, value in result.records[0].fields]


@pytest.mark.rfc("6313", "5.1")
def test_lists_of_fixed_length() -> None:
    """A list's length may stand in the Template."""
    layout = template(256, field("basicList", 7), field("unsigned8", 1))
    result = decode(basic("unsigned8", 1, b"\1\2") + b"\x2a", layout)

    assert isinstance(result, DataSet)
    assert [[1, 2], 42] == [plain(value) for _, value in result.records[0].fields]
