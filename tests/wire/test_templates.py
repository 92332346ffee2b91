"""Template Sets, Options Template Sets and withdrawals."""

import pytest

from schemas.registry import DataType
from streams.wire import (
    FieldSpecifier,
    Limits,
    Malformed,
    MalformedMessage,
    Template,
    Withdrawal,
    bind,
    read_templates,
)
from tests.wire.octets import (
    FIRST,
    NO_LIMITS,
    REGISTRY,
    VARIABLE,
    a_set,
    field,
    message,
    options_template,
    span_of,
    template,
)


def read(set_id: int, *content: bytes, limits: Limits = NO_LIMITS) -> tuple[object, ...]:
    payload = message(a_set(set_id, *content))
    return read_templates(payload, span_of(payload), limits)


def refused(set_id: int, *content: bytes, limits: Limits = NO_LIMITS) -> tuple[Malformed, int]:
    with pytest.raises(MalformedMessage) as caught:
        read(set_id, *content, limits=limits)
    return caught.value.reason, caught.value.offset - FIRST


TWO_FIELDS = template(256, field(8, 4), field(12332, 20, enterprise=9))


@pytest.mark.rfc("7011", "3.4.1")
@pytest.mark.rfc("7011", "3.2")
def test_template_with_enterprise_element() -> None:
    """The enterprise bit adds an Enterprise Number and is not part of the element id."""
    expected = Template(256, (FieldSpecifier(0, 8, 4), FieldSpecifier(9, 12332, 20)))

    assert (expected,) == read(2, TWO_FIELDS)


def test_several_templates_and_repeated_ids_and_fields_are_kept_in_order() -> None:
    """Nothing is merged: order and repeats have a meaning."""
    first = template(256, field(8, 4), field(8, 4))
    got = read(2, first, TWO_FIELDS, template(300, field(1, VARIABLE)))

    assert [256, 256, 300] == [item.template_id for item in got]  # type: ignore[attr-defined]
    assert (FieldSpecifier(0, 8, 4),) * 2 == got[0].fields  # type: ignore[attr-defined]


@pytest.mark.rfc("7011", "3.4.2.2")
def test_options_template_has_its_scope_fields() -> None:
    """Scope Field Count N: the first N Field Specifiers are Scope Fields."""
    got = read(3, options_template(257, 1, field(149, 4), field(41, 8)))

    assert (Template(257, (FieldSpecifier(0, 149, 4), FieldSpecifier(0, 41, 8)), 1),) == got


@pytest.mark.rfc("7011", "3.4.2.2")
@pytest.mark.parametrize("scope_count", [0, 3])
def test_scope_count_that_cannot_be_is_refused(scope_count: int) -> None:
    """It must not be zero, nor more than the fields."""
    octets = options_template(257, scope_count, field(149, 4), field(41, 8))

    assert (Malformed.TEMPLATE, 4) == refused(3, octets)


@pytest.mark.rfc("7011", "8.1")
@pytest.mark.parametrize("set_id", [2, 3])
def test_field_count_zero_is_a_withdrawal(set_id: int) -> None:
    """One Template, or by the Set's own id all of them; padding may follow."""
    octets = (template(256), template(set_id), template(400), bytes(3))

    assert tuple(Withdrawal(n, set_id == 3) for n in (256, set_id, 400)) == read(set_id, *octets)


@pytest.mark.rfc("7011", "3.3.1")
@pytest.mark.parametrize("padding", [b"\0", b"\xff\xff", b"abc", bytes(4), bytes(7)])
def test_padding_of_a_template_set_is_accepted(padding: bytes) -> None:
    """Shorter than any record it may be garbage; zeros may be more (8-octet boundaries)."""
    assert 1 == len(read(2, TWO_FIELDS, padding))


@pytest.mark.parametrize("template_id", [0, 1, 3, 255])
def test_template_ids_of_other_sets_are_refused(template_id: int) -> None:
    """Template IDs are 256 and up; withdrawals may name their Set."""
    assert (Malformed.TEMPLATE, 0) == refused(2, template(template_id, field(8, 4)))
    if template_id:
        assert (Malformed.TEMPLATE, 16) == refused(2, TWO_FIELDS, template(template_id), b"abcd")


@pytest.mark.rfc("7011", "9.1")
def test_every_truncation_of_a_template_is_refused() -> None:
    """At the first octet of the Field Specifier that does not fit."""
    for length in range(4, len(TWO_FIELDS)):
        specifier = 4 if length < 8 else 8
        assert (Malformed.TEMPLATE, specifier) == refused(2, TWO_FIELDS[:length])


def test_every_truncation_of_an_options_template_is_refused() -> None:
    """The Scope Field Count too."""
    octets = options_template(257, 1, field(149, 4), field(12332, 20, enterprise=9))
    offsets = {4: 4, 5: 4, **dict.fromkeys(range(6, 10), 6), **dict.fromkeys(range(10, 18), 10)}
    for length, offset in offsets.items():
        assert (Malformed.TEMPLATE, offset) == refused(3, octets[:length])


def test_more_fields_than_the_limit_are_refused() -> None:
    """Before any of them is read."""
    octets = template(256, field(8, 4), field(8, 4), field(8, 4))

    assert (Malformed.LIMIT, 2) == refused(2, octets, limits=Limits(fields_per_template=2))


@pytest.mark.rfc("5103", "6.1")
@pytest.mark.rfc("7011", "9")
def test_binding_names_reverse_and_unknown_elements() -> None:
    """Reverse elements take name and type of the forward one; unknown ones keep their octets."""
    fields = (FieldSpecifier(29305, 1, 8), FieldSpecifier(77, 5, VARIABLE))
    bound = bind(Template(256, fields), REGISTRY)
    reverse, unknown = (item.element for item in bound.fields)

    assert ("reverseOctetDeltaCount", DataType.UNSIGNED64) == (reverse.name, reverse.data_type)
    assert ("e77_5", DataType.OCTET_ARRAY, False) == (
        unknown.name,
        unknown.data_type,
        unknown.known,
    )
    assert 9 == bound.minimum_length
