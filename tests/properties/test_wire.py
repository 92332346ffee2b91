"""What holds of the decoder for every input."""

import contextlib
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.registry import DataType
from streams.wire import (
    CannotRead,
    Column,
    DataSet,
    MalformedMessage,
    NestedTemplates,
    Plan,
    compile_plan,
    fills,
    fits,
    output_value,
    read_data_set,
    read_message,
    run_plan,
)
from tests.fuzz.check import Checker
from tests.wire.octets import (
    FIRST,
    NO_LIMITS,
    REGISTRY,
    VARIABLE,
    a_set,
    bound_of,
    element_of,
    field,
    long,
    message,
    short,
    span_of,
    template,
    v9_message,
)

KINDS = [
    kind.value for kind in DataType if kind.value not in {"subTemplateList", "subTemplateMultiList"}
]

lengths = st.one_of(st.just(VARIABLE), st.integers(0, 9), st.sampled_from([16, 20, 32, 70]))
layouts = st.lists(st.tuples(st.sampled_from(KINDS), lengths), min_size=1, max_size=12)
texts = st.one_of(st.text(max_size=12).map(str.encode), st.binary(max_size=6))


@st.composite
def contents(draw: st.DrawFn, kind: str) -> bytes:
    """Octets of a variable-length value; lists mostly well-formed."""
    if kind == "basicList" and draw(st.integers(0, 9)):
        inner = draw(
            st.sampled_from(["string", "octetArray", "unsigned32", "float64", "ipv4Address"])
        )
        size = draw(st.sampled_from([VARIABLE, 1, 2, 4]))
        items = draw(
            st.lists(
                texts if size == VARIABLE else st.binary(min_size=size, max_size=size), max_size=4
            )
        )
        packed = b"".join(short(item) if size == VARIABLE else item for item in items)
        return b"\3" + field(element_of(inner), size, draw(st.sampled_from([0, 9]))) + packed
    return draw(texts)


@st.composite
def layouts_with_data(draw: st.DrawFn) -> tuple[list[tuple[str, int]], bytes]:
    """A layout and records that mostly follow it."""
    layout = draw(layouts)
    data = b""
    for _ in range(draw(st.integers(0, 3))):
        for kind, length in layout:
            if length == VARIABLE:
                form = draw(st.sampled_from([short, long]))
                data += form(draw(contents(kind)))
            else:
                data += draw(st.binary(min_size=length, max_size=length))
    return layout, data + draw(st.binary(max_size=3))


@given(layouts_with_data(), st.data())
@settings(max_examples=300, deadline=None)
def test_compiled_equals_interpreted(
    made: tuple[list[tuple[str, int]], bytes], data: st.DataObject
) -> None:
    """Same dictionaries in the same order, or the compiled reader declines; never otherwise."""
    layout, octets = made
    bound = bound_of(template(256, *(field(kind, length) for kind, length in layout)))[256]
    indexes = data.draw(st.lists(st.integers(0, len(layout) - 1), max_size=12))
    columns = [
        Column(f"k{n}", index, data.draw(st.sampled_from([None, repr, lambda _: None])))
        for n, index in enumerate(indexes)
    ]
    plan = Plan((("fv", 1),), tuple(columns))
    payload = message(a_set(256, octets))
    reader = compile_plan(bound, plan)
    compiled = None
    if reader is not None:
        with contextlib.suppress(CannotRead):
            compiled = reader(payload, FIRST, len(payload))
    try:
        result = read_data_set(payload, span_of(payload), bound, NestedTemplates(), NO_LIMITS)
    except MalformedMessage:
        assert compiled is None
        return
    if not isinstance(result, DataSet):
        assert compiled is None
        return
    expected = [run_plan(record, plan) for record in result.records]
    if compiled is None:
        assert reader is None or result.ill_formed
    else:
        assert repr(expected) == repr(compiled)


@given(st.binary(max_size=200))
def test_arbitrary_octets_raise_nothing_else(payload: bytes) -> None:
    """Whatever arrives, the result is a Message or MalformedMessage."""
    with contextlib.suppress(MalformedMessage):
        read_message(payload)


@given(st.lists(st.tuples(st.sampled_from([2, 3, 256, 257]), st.binary(max_size=60)), max_size=4))
@settings(deadline=None)
def test_arbitrary_sets_raise_nothing_else(sets: list[tuple[int, bytes]]) -> None:
    """Behind a sound frame too."""
    Checker(REGISTRY).message(message(*(a_set(number, content) for number, content in sets)))


@given(st.sampled_from([1, 5, 7, 9]), st.binary(max_size=200))
def test_arbitrary_octets_of_netflow_raise_nothing_else(version: int, rest: bytes) -> None:
    """Behind each version word."""
    Checker(REGISTRY).message(version.to_bytes(2) + rest)


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 256, 257]), st.binary(max_size=60)), max_size=4),
    st.binary(max_size=3),
)
@settings(deadline=None)
def test_arbitrary_flowsets_raise_nothing_else(
    sets: list[tuple[int, bytes]], behind: bytes
) -> None:
    """Behind a sound frame of NetFlow v9 too, and whatever its Count says."""
    payload = v9_message(*(a_set(number, content) for number, content in sets)) + behind
    checker = Checker(REGISTRY)

    assert checker.message(payload) == Checker(REGISTRY).message(payload)


@given(
    st.lists(st.tuples(st.integers(0, 2**24 - 1), st.integers(0, 2**32 - 1)), max_size=5),
    st.binary(max_size=6),
    st.integers(0, 40),
    st.integers(0, 2**16 - 1),
)
def test_what_version_9_encodes_comes_back_and_padding_changes_nothing(
    rows: list[tuple[int, int]], padding: bytes, filling: int, count: int
) -> None:
    """Padding of the FlowSet, zeros behind the last one, and the header's Count."""
    layout = template(256, field("unsigned32", 3), field("unsigned64", 4))
    octets = b"".join(first.to_bytes(3) + second.to_bytes(4) for first, second in rows)
    payload = v9_message(a_set(0, layout), a_set(256, octets, padding), count=count)
    payload += bytes(filling)
    read = read_message(payload)
    bound = bound_of(layout)[256]
    result = read_data_set(payload, read.sets[1], bound, NestedTemplates(), NO_LIMITS)

    assert isinstance(result, DataSet)
    assert (len(padding), filling) == (result.padding, read.trailing)
    assert rows == [tuple(value for _, value in item.fields) for item in result.records]


@given(layouts_with_data(), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_fits_never_raises_and_implies_fills(
    made: tuple[list[tuple[str, int]], bytes], export_time: int
) -> None:
    """``fits`` is the stricter."""
    layout, octets = made
    bound = bound_of(template(256, *(field(kind, length) for kind, length in layout)))[256]
    extent = (octets, 0, len(octets), bound, NestedTemplates(), NO_LIMITS)

    assert fills(*extent) or not fits(*extent, export_time)


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.text(max_size=300)), max_size=4),
    st.binary(max_size=3),
)
def test_what_is_encoded_comes_back_and_padding_changes_nothing(
    rows: list[tuple[int, str]], padding: bytes
) -> None:
    """Both forms of the length, any padding shorter than a record."""
    bound = bound_of(template(256, field("unsigned32", 4), field("string", VARIABLE)))[256]
    octets = b"".join(
        struct.pack(">I", number) + (short if len(text.encode()) < 255 else long)(text.encode())
        for number, text in rows
    )
    payload = message(a_set(256, octets, padding))
    result = read_data_set(payload, span_of(payload), bound, NestedTemplates(), NO_LIMITS)

    assert isinstance(result, DataSet)
    assert len(padding) == result.padding
    assert rows == [tuple(output_value(v) for _, v in item.fields) for item in result.records]


@given(layouts_with_data())
@settings(deadline=None)
def test_the_same_octets_give_the_same_result(made: tuple[list[tuple[str, int]], bytes]) -> None:
    """No reading leaves a trace in what it was given."""
    layout, octets = made
    templates = a_set(2, template(256, *(field(kind, length) for kind, length in layout)))
    payload = message(templates, a_set(256, octets))
    checker = Checker(REGISTRY)

    assert checker.message(payload) == checker.message(payload)
