"""NetFlow v9: Export Packets, FlowSets, Templates and Options Templates."""

import struct

import pytest

from schemas.elements import load_registry
from schemas.registry import SCOPE_ELEMENTS, DataType
from streams.wire import (
    DataSet,
    FieldSpecifier,
    Limits,
    Malformed,
    MalformedMessage,
    MessageHeader,
    NestedTemplates,
    SetSpan,
    Template,
    Withdrawal,
    bind,
    is_template_set,
    output_value,
    read_data_set,
    read_message,
    read_message_header,
    read_templates,
)
from tests.wire.octets import (
    NO_LIMITS,
    VARIABLE,
    a_set,
    field,
    short,
    template,
    v9_message,
    v9_options_template,
)

FIRST = 24
"""Offset of the first octet behind the first FlowSet Header."""

# Version 9 | Count 2 | SysUptime 5925 | UNIX Secs 2015-05-02T22:08:27Z | Sequence 3 | Source ID 4
HEADER = bytes.fromhex("0009 0002 00001725 55454abb 00000003 00000004")


def refused(payload: bytes, limits: Limits = NO_LIMITS) -> tuple[Malformed, int]:
    with pytest.raises(MalformedMessage) as caught:
        templates_of(payload, limits)
    return caught.value.reason, caught.value.offset


def templates_of(payload: bytes, limits: Limits = NO_LIMITS) -> list[Template | Withdrawal]:
    message = read_message(payload)
    return [
        item
        for span in message.sets
        if is_template_set(message.header.version, span.set_id)
        for item in read_templates(payload, span, limits)
    ]


@pytest.mark.rfc("3954", "5.1")
def test_header_fields_are_read() -> None:
    """Version, Count, SysUptime, UNIX Secs, Sequence Number, Source ID; the length is ours."""
    got = read_message(HEADER)

    assert MessageHeader(9, 20, 0x55454ABB, 3, 4, 5925) == got.header == read_message_header(HEADER)
    assert ((), 0) == (got.sets, got.trailing)


@pytest.mark.rfc("3954", "5.1")
@pytest.mark.parametrize("length", range(2, 20))
def test_every_truncation_of_the_header_is_refused(length: int) -> None:
    """A payload shorter than the header is malformed at octet 0."""
    assert (Malformed.TRUNCATED, 0) == refused(HEADER[:length])
    with pytest.raises(MalformedMessage):
        read_message_header(HEADER[:length])


@pytest.mark.rfc("3954", "5.1")
@pytest.mark.parametrize("count", [0, 1, 3, 65535])
def test_flowsets_are_walked_by_their_lengths(count: int) -> None:
    """The header's Count, which many Exporters get wrong, is not asked."""
    got = read_message(v9_message(a_set(0), a_set(256, b"abcd"), a_set(300, b"ab"), count=count))

    assert (
        SetSpan(0, 0, 24, 24),
        SetSpan(256, 1, 28, 32),
        SetSpan(300, 2, 36, 38),
    ) == got.sets
    assert (38, 0) == (got.header.length, got.trailing)


@pytest.mark.rfc("3954", "5.3")
@pytest.mark.parametrize("left", [1, 2, 3, 4, 7, 8, 1380])
def test_zeros_behind_the_last_flowset_end_the_walk(left: int) -> None:
    """Palo Alto fills datagrams up; a FlowSet of id 0 and length 0 is no FlowSet."""
    got = read_message(v9_message(a_set(256, b"abcd")) + bytes(left))

    assert ((SetSpan(256, 0, 24, 28),), left) == (got.sets, got.trailing)
    assert 28 == got.header.length


@pytest.mark.parametrize("left", [b"\xff", b"\x01\x02", b"abc"])
def test_fewer_octets_than_a_flowset_header_end_the_walk(left: bytes) -> None:
    """Whatever they are: they cannot be a FlowSet."""
    assert len(left) == read_message(v9_message(a_set(256, b"abcd")) + left).trailing


@pytest.mark.rfc("3954", "5.3")
@pytest.mark.parametrize("length", [1, 2, 3, 9, 65535])
@pytest.mark.parametrize("before", [b"", a_set(300, b"ab")])
def test_flowset_length_that_cannot_be_is_refused(length: int, before: bytes) -> None:
    """Shorter than its header, or past the datagram: malformed at its Length field."""
    payload = v9_message(before, struct.pack(">HH", 256, length) + b"abcd")

    assert (Malformed.SET_LENGTH, 20 + len(before) + 2) == refused(payload)


def test_a_flowset_of_id_0_and_length_0_ends_the_walk_whatever_follows() -> None:
    """What is behind it is counted, and not decoded."""
    message = read_message(v9_message(a_set(300, b"ab"), bytes(4), a_set(256, b"abcd")))

    assert ((SetSpan(300, 0, 24, 26),), 12) == (message.sets, message.trailing)


def test_a_length_of_zero_under_another_id_is_refused() -> None:
    """It would never end."""
    assert (Malformed.SET_LENGTH, 22) == refused(v9_message(struct.pack(">HH", 256, 0)))
    assert (Malformed.SET_LENGTH, 22) == refused(v9_message(struct.pack(">HH", 1, 0)))


def test_every_truncation_of_a_message_is_refused_or_shorter() -> None:
    """Cut in a FlowSet it is malformed; cut between two nobody can tell."""
    payload = v9_message(a_set(0, template(256, field(8, 4))), a_set(256, b"abcdefgh"))
    whole = {20: 0, 21: 0, 22: 0, 23: 0, 32: 1, 33: 1, 34: 1, 35: 1}
    for length in range(20, len(payload)):
        if length in whole:
            assert whole[length] == len(read_message(payload[:length]).sets)
        else:
            assert (Malformed.SET_LENGTH, 22 if length < 32 else 34) == refused(payload[:length])


@pytest.mark.rfc("3954", "5.2")
def test_only_flowsets_0_and_1_hold_templates() -> None:
    """2 and 3 are IPFIX's; ids up to 255 are reserved."""
    assert [True, True, False, False, False] == [is_template_set(9, n) for n in (0, 1, 2, 3, 256)]
    assert [False, False, True, True, False] == [is_template_set(10, n) for n in (0, 1, 2, 3, 256)]
    assert not any(is_template_set(5, number) for number in range(256))


@pytest.mark.rfc("3954", "5.2")
def test_templates_of_a_flowset() -> None:
    """Several in one FlowSet, repeated elements kept, types over 32767 plain, variable length."""
    octets = a_set(
        0,
        template(256, field(8, 4), field(8, 4)),
        template(256, struct.pack(">HH", 33000, 12), struct.pack(">HH", 0xFFFF, VARIABLE)),
    )

    assert [
        Template(256, (FieldSpecifier(0, 8, 4), FieldSpecifier(0, 8, 4))),
        Template(256, (FieldSpecifier(0, 33000, 12), FieldSpecifier(0, 65535, VARIABLE))),
    ] == templates_of(v9_message(octets))


@pytest.mark.rfc("3954", "5.2")
@pytest.mark.parametrize("padding", [b"\0", b"\xff\xff", b"abc", bytes(4), bytes(11)])
def test_padding_of_a_template_flowset_is_accepted(padding: bytes) -> None:
    """Garbage shorter than a Template's header; zeros of any number."""
    assert 1 == len(templates_of(v9_message(a_set(0, template(256, field(8, 4)), padding))))


def test_template_that_cannot_be_is_refused() -> None:
    """Reserved ids, and no fields: v9 has no withdrawal."""
    first = template(300, field(8, 4))
    for number in (0, 1, 255):
        octets = a_set(0, first, template(number, field(8, 4)))
        assert (Malformed.TEMPLATE, FIRST + 8) == refused(v9_message(octets))
    assert (Malformed.TEMPLATE, FIRST + 2) == refused(v9_message(a_set(0, template(256))))


def test_every_truncation_of_a_template_is_refused() -> None:
    """At the first octet of the field that does not fit."""
    octets = template(256, field(8, 4), field(12, 4))
    for length in range(4, len(octets)):
        at = FIRST + (4 if length < 8 else 8)
        assert (Malformed.TEMPLATE, at) == refused(v9_message(a_set(0, octets[:length])))


SYSTEM, INTERFACE = struct.pack(">HH", 1, 4), struct.pack(">HH", 2, 4)
SAMPLING = (field(34, 4), field(35, 1))


@pytest.mark.rfc("3954", "6.1")
def test_options_template_has_its_scopes() -> None:
    """Scope types are numbers of their own: 1 is System, not octetDeltaCount."""
    octets = a_set(1, v9_options_template(257, (SYSTEM, INTERFACE), SAMPLING), bytes(2))
    (got,) = templates_of(v9_message(octets))

    assert (
        Template(
            257,
            (
                FieldSpecifier(0, SCOPE_ELEMENTS + 1, 4),
                FieldSpecifier(0, SCOPE_ELEMENTS + 2, 4),
                FieldSpecifier(0, 34, 4),
                FieldSpecifier(0, 35, 1),
            ),
            2,
        )
        == got
    )


@pytest.mark.rfc("3954", "6.1")
@pytest.mark.parametrize(
    ("number", "name", "data_type"),
    [
        (1, "scopeSystem", DataType.IPV4_ADDRESS),
        (2, "scopeInterface", DataType.UNSIGNED32),
        (3, "scopeLineCard", DataType.UNSIGNED32),
        (4, "scopeCache", DataType.OCTET_ARRAY),
        (5, "scopeTemplate", DataType.UNSIGNED32),
        (6, "scope_6", DataType.OCTET_ARRAY),
    ],
)
def test_every_scope_type_has_its_name(number: int, name: str, data_type: DataType) -> None:
    """The five of the RFC; others keep their octets under a stable name."""
    octets = a_set(1, v9_options_template(257, (struct.pack(">HH", number, 4),), SAMPLING))
    (got,) = templates_of(v9_message(octets))
    element = bind(got, load_registry()).fields[0].element  # type: ignore[arg-type]

    assert (name, data_type) == (element.name, element.data_type)


@pytest.mark.rfc("3954", "6.1")
@pytest.mark.rfc("3954", "9")
@pytest.mark.parametrize("padding", [b"", b"\0\0", b"ab", b"\xff\xff\xff", bytes(4), bytes(9)])
def test_padding_of_an_options_template_flowset_is_accepted(padding: bytes) -> None:
    """An Options Template of 6 + 4n octets is followed by two of padding, or none, or more."""
    octets = a_set(1, v9_options_template(257, (SYSTEM,), SAMPLING), padding)

    assert 1 == len(templates_of(v9_message(octets)))


def test_several_options_templates_in_one_flowset() -> None:
    """One behind the other; padding only at the end."""
    octets = a_set(
        1,
        v9_options_template(257, (SYSTEM,), SAMPLING),
        v9_options_template(258, (INTERFACE,), SAMPLING),
        bytes(2),
    )

    assert [257, 258] == [item.template_id for item in templates_of(v9_message(octets))]


@pytest.mark.parametrize("option_length", [8, 9, 11])
def test_an_option_length_that_is_no_multiple_of_four_counts_whole_fields(
    option_length: int,
) -> None:
    """EdgeRouters send 9 for two fields; the FlowSet's length is right."""
    octets = struct.pack(">HHH", 257, 4, option_length) + SYSTEM + b"".join(SAMPLING) + bytes(2)
    (got,) = templates_of(v9_message(a_set(1, octets)))

    assert (3, 1) == (len(got.fields), got.scope_count)  # type: ignore[union-attr]


def test_options_template_with_one_kind_of_fields_only() -> None:
    """NProbe 9.2 sent no options; without scopes the records are still no flows."""
    scopes_only = v9_options_template(257, (SYSTEM,), ())
    options_only = v9_options_template(258, (), SAMPLING)
    first, second = templates_of(v9_message(a_set(1, scopes_only, options_only)))

    assert (1, 1) == (first.scope_count, len(first.fields))  # type: ignore[union-attr]
    assert (1, FieldSpecifier(0, 34, 4)) == (second.scope_count, second.fields[0])  # type: ignore[union-attr]


def test_options_template_that_cannot_be_is_refused() -> None:
    """Reserved ids, and no fields at all."""
    first = v9_options_template(300, (SYSTEM,), SAMPLING)
    reserved = v9_options_template(255, (SYSTEM,), SAMPLING)
    assert (Malformed.TEMPLATE, FIRST + 18) == refused(v9_message(a_set(1, first, reserved)))
    empty = struct.pack(">HHH", 257, 3, 3) + bytes(8)
    assert (Malformed.TEMPLATE, FIRST + 2) == refused(v9_message(a_set(1, empty)))


def test_every_truncation_of_an_options_template_is_refused() -> None:
    """In its header, and at the first octet of the field that does not fit."""
    octets = v9_options_template(257, (SYSTEM,), SAMPLING)
    for length in range(4, len(octets)):
        at = FIRST + (0 if length < 6 else 6 + (length - 6) // 4 * 4)
        assert (Malformed.TEMPLATE, at) == refused(v9_message(a_set(1, octets[:length])))


@pytest.mark.parametrize("set_id", [0, 1])
def test_more_fields_than_the_limit_are_refused(set_id: int) -> None:
    """Before any of them is read."""
    octets = v9_options_template(257, (SYSTEM,), SAMPLING)
    if not set_id:
        octets = template(256, *[field(8, 4)] * 3)

    assert (Malformed.LIMIT, FIRST + 2) == refused(
        v9_message(a_set(set_id, octets)), Limits(fields_per_template=2)
    )


def data_of(payload: bytes) -> list[list[object]]:
    """Values of the records of the last FlowSet, by the Template of the first."""
    message = read_message(payload)
    (found,) = read_templates(payload, message.sets[0], NO_LIMITS)
    bound = bind(found, load_registry())  # type: ignore[arg-type]
    result = read_data_set(payload, message.sets[-1], bound, NestedTemplates(), NO_LIMITS)
    assert isinstance(result, DataSet)
    return [[output_value(value) for _, value in record.fields] for record in result.records]


@pytest.mark.rfc("3954", "5.3")
@pytest.mark.rfc("3954", "9")
@pytest.mark.parametrize("padding", [b"", b"\0\0", b"xyz", bytes(11)])
def test_data_flowset_with_padding(padding: bytes) -> None:
    """Records one behind the other; what is shorter than one is padding, whatever it is."""
    layout = template(256, field(8, 4), field(1, 3), field(12, 4), field(48, 2))
    records = bytes.fromhex("0a000001 000400 0a000002 0007  0a000003 010000 0a000004 0000")
    payload = v9_message(a_set(0, layout), a_set(256, records, padding))

    assert [["10.0.0.1", 1024, "10.0.0.2", 7], ["10.0.0.3", 65536, "10.0.0.4", 0]] == data_of(
        payload
    )


@pytest.mark.rfc("3954", "8")
@pytest.mark.parametrize(
    ("number", "octets", "value"),
    [
        *((1, bytes(length - 1) + b"\7", 7) for length in range(1, 9)),
        (8, "0a000001", "10.0.0.1"),
        (27, "20010db8" + "00" * 11 + "01", "2001:db8::1"),
        (31, "0abcde", 0xABCDE),
        (32, "0301", 769),
        (56, "001122aabbcc", "00:11:22:aa:bb:cc"),
        (61, "01", 1),
        (70, "3e8001", "3E8001"),
        (82, "4769302f3100", "Gi0/1"),
        (21, "0000ea60", 60000),
        (48, "0007", 7),
        (33002, "07d1", 2001),
    ],
)
def test_field_types_and_lengths(number: int, octets: str | bytes, value: object) -> None:
    """Counters of any length; the types that IANA took over, and those that it did not."""
    content = bytes.fromhex(octets) if isinstance(octets, str) else octets
    layout = template(256, struct.pack(">HH", number, len(content)))

    assert [[value]] == data_of(v9_message(a_set(0, layout), a_set(256, content)))


def test_variable_length_in_version_9() -> None:
    """H3C sends 65535, as IPFIX does."""
    layout = template(256, field(82, VARIABLE), field(10, 2))
    octets = short(b"GigabitEthernet0/1") + b"\0\1"

    assert [["GigabitEthernet0/1", 1]] == data_of(v9_message(a_set(0, layout), a_set(256, octets)))


@pytest.mark.rfc("3954", "6.2")
def test_options_records_have_their_scope() -> None:
    """Scope fields first, then the options."""
    layout = v9_options_template(257, (SYSTEM,), SAMPLING)
    octets = bytes.fromhex("0a000001 00000064 02") + bytes(3)

    assert [["10.0.0.1", 100, 2]] == data_of(v9_message(a_set(1, layout), a_set(257, octets)))
