"""A layout of router flows compiled to one Python function; ``interpret`` is the authority.

A record's shape is told by its protocol, and where a Template has addresses of both families by
which of them it uses: each shape has a ready dictionary of its keys, made once a Message, of which
every record is a copy. What is out of the ordinary raises ``CannotRead``.
"""

from collections.abc import Callable, Iterator
from typing import Any

from schemas.registry import DataType
from streams.interpret.router.assign import (
    APPLICATION_ID,
    ICMP_FOUR,
    ICMP_SIX,
    NEITHER,
    PORTS,
    PORTS_BASE,
    SAMPLER_ID,
    SELECTOR_ID,
    UNKNOWN,
    Assignment,
    Branch,
    Column,
    address_fields,
    is_six,
)
from streams.interpret.router.forms import FORMS
from streams.interpret.router.model import RouterMessage
from streams.interpret.router.names import (
    BASE_WITH_PORTS,
    ETHERNET_TYPE_NAMES,
    ICMP,
    ICMP_6,
    PROTOCOL_NAMES,
    WITH_PORTS,
)
from streams.interpret.router.networks import network
from streams.interpret.router.plan import NAMED_BY_OPTIONS, RouterPlan
from streams.interpret.router.sampling import record_rate
from streams.interpret.router.validate import LONG_NS, flags_of
from streams.wire.fields import FieldSource, readings_of
from streams.wire.memo import Memo
from streams.wire.model import Limits
from streams.wire.values import ipv4_text, ipv6_text

RouterReader = Callable[[bytes, int, int, RouterMessage], list[dict[str, Any]]]
"""A compiled layout: (payload, start, end of a Set, its Message) to flow records, in wire order.

Raises ``CannotRead`` where anything is out of the ordinary: the interpreted path decides.
"""

_INLINE = {
    "": "{0}",
    "seconds": "{0} * 1000000000",
    "milliseconds": "{0} * 1000000",
    "microseconds": "{0} * 1000",
    "delta": "export_ns - {0} * 1000",
    "uptime": "first_ns + ({0} - first & 4294967295) * 1000000",
    "protocol": "PROTOCOL[{0}]",
    "ethernet_type": "ETHERNET[{0}]",
    "network": "NETWORK[{0}, {1}]",
    "high": "{0} >> 8",
    "low": "{0} & 255",
    "fragment_flags": "{0} >> 5",
}
"""Forms as expressions over the fields; the others are called (``FORMS``)."""

_TEXTS = 65_536
"""Addresses and networks whose texts are kept, for all layouts together: 10 MiB each at most. A
router sees many more addresses than a layout's own memory holds, and most of them again."""

_ADDRESSES = {
    (DataType.IPV4_ADDRESS, 4): Memo(ipv4_text, _TEXTS),
    (DataType.IPV6_ADDRESS, 16): Memo(ipv6_text, _TEXTS),
}
_NETWORKS = Memo(lambda pair: network(*pair), _TEXTS)

_MAY_LACK = ("ip_version",)
"""Forms that may give None, rates apart."""

_PROTOCOLS: tuple[tuple[Branch, frozenset[int]], ...] = (
    (PORTS_BASE, BASE_WITH_PORTS),
    (ICMP_FOUR, ICMP),
    (ICMP_SIX, ICMP_6),
    (PORTS, WITH_PORTS - BASE_WITH_PORTS),
)
"""Branches in the order in which they are asked for; what is in none is ``NEITHER``."""

_BRANCHES = (*(branch for branch, _ in _PROTOCOLS), NEITHER)

_START, _END = "time_flow_start_ns", "time_flow_end_ns"


def compile_router(plan: RouterPlan, limits: Limits) -> RouterReader | None:
    """Compile a layout; None where it cannot be.

    Args:
        plan: Of the layout.
        limits: Of the decoder, as for the interpreted path.
    """
    readings = readings_of(plan.bound, limits)
    if readings is None or plan.sure is None or not plan.bound.minimum_length:
        return None
    if plan.bound.registry is not None:
        # What a basicList holds, and how its members relate, stands in each record: ``lists``.
        return None
    for index, item in enumerate(plan.bound.fields):
        shared = _ADDRESSES.get((item.element.data_type, item.length))
        if shared is not None:
            readings[index] = readings[index]._replace(helper=shared)
    wanted = {index for index, name in enumerate(plan.names.names) if name}
    return _Source(plan, plan.sure, FieldSource(plan.bound, readings, wanted)).compiled()


class _Source:
    """The lines of one function and the objects that they name."""

    def __init__(self, plan: RouterPlan, sure: frozenset[int], fields: FieldSource) -> None:
        self._plan = plan
        self._sure = sure
        self._fields = fields
        self._protocol = plan.names.first((0, 4), sure)
        self._sampler = plan.names.first((0, SAMPLER_ID), sure)
        self._selector = plan.names.first((0, SELECTOR_ID), sure)
        self._application = next(iter(plan.names.places.get((0, APPLICATION_ID), ())), None)
        four, six, self._version = address_fields(plan.names, sure)
        self._four, self._six = four, six
        both = (False, True) if four and six else (bool(six),)
        branches = (UNKNOWN,) if self._protocol is None else _BRANCHES
        self._shapes = {
            (branch, is_v6): plan.assignment(sure, branch, six=is_v6)
            for branch in branches
            for is_v6 in both
        }
        columns = [set(item.columns) for item in self._shapes.values()]
        common = set.intersection(*columns)
        self._common = [
            column for column in next(iter(self._shapes.values())).columns if column in common
        ]
        self._keys = {column.key: column for column in self._common}
        self._blanks: list[Assignment] = []
        fields.names.update(
            PROTOCOL=PROTOCOL_NAMES,
            ETHERNET=ETHERNET_TYPE_NAMES,
            NETWORK=_NETWORKS,
            FORMS=FORMS,
            IS_SIX=is_six,
            RATE=record_rate,
            FLAGS=flags_of,
            BLANK=_blank,
        )

    def compiled(self) -> RouterReader:
        body = [*self._shape(), *self._columns(), *self._from_options(), *self._flags()]
        lines = [
            "def read(payload, start, end, message):",
            " head, marks, export_ns, uptime, first, first_ns, latest, facts = message",
            *(" " + line for line in self._begin()),
            " out = []",
            " append = out.append",
            " try:",
            *("  " + line for line in self._loop()),
            *("   " + line for line in body),
            "   append(d)",
            " except OUT_OF_THE_ORDINARY as error:",
            "  raise CannotRead from error",
            " return out",
        ]
        code = compile("\n".join(lines), "<router layout>", "exec")
        exec(code, self._fields.names)  # noqa: S102 - made of numbers, our own names and repr() of keys
        reader: RouterReader = self._fields.names["read"]
        return reader

    def _begin(self) -> Iterator[str]:
        """What is done once a Set: which Messages are out of the ordinary, and the blanks."""
        if any(
            column.form == "uptime" for item in self._shapes.values() for column in item.columns
        ):
            yield "if uptime is None: raise CannotRead"
        if _START not in self._keys and _END in self._keys:
            yield "if facts.start_uptime_ms is not None: raise CannotRead"
        yield "samplings = facts.samplings"
        if self._plan.names.first((0, 10), self._sure) is not None:
            yield "if samplings.interfaces: raise CannotRead"
        yield "general, samplers = samplings.general, samplings.samplers"
        yield "sampler_names = samplings.names"
        yield "interfaces, applications = facts.interfaces, facts.applications"
        yield "rate = head.get('sampling_rate')"
        yield "gone = []"
        yield "if not interfaces: gone += ('in_if_name', 'out_if_name')"
        if "application_name" not in self._keys:
            yield "if not applications: gone.append('application_name')"
        if "sampler" not in self._keys:
            yield "if not sampler_names: gone.append('sampler')"
        for number, item in enumerate(self._unique()):
            self._fields.names[f"SHAPE{number}"] = self._shape_of(item)
            yield f"b{number} = BLANK(head, SHAPE{number}, gone)"

    def _unique(self) -> list[Assignment]:
        if not self._blanks:
            self._blanks = list(dict.fromkeys(self._shapes.values()))
        return self._blanks

    def _shape_of(self, item: Assignment) -> dict[str, Any]:
        """All keys that records of a shape may have; what is constant with its value."""
        shape: dict[str, Any] = dict(item.constants)
        shape.update((column.key, None) for column in item.columns)
        for key, name in NAMED_BY_OPTIONS.items():
            if key in shape:
                shape[name] = None
        if self._application is not None:
            shape.setdefault("application_name")
        if self._is_sampled():
            shape.setdefault("sampling_rate")
            shape.setdefault("sampler")
        if item.elements:
            shape["elements"] = None
        if item.missing:
            shape["missing"] = list(item.missing)
        return shape

    def _is_sampled(self) -> bool:
        """Whether records say something about their sampling."""
        return (
            self._sampler is not None
            or self._selector is not None
            or any(column.form.startswith("rate_") for column in self._common)
        )

    def _loop(self) -> Iterator[str]:
        if self._fields.is_fixed:
            struct, targets = self._fields.unpacking()
            self._fields.names["UNPACK"] = struct.iter_unpack
            size = struct.size
            yield f"stop = start + (end - start) // {size} * {size}"
            yield "if stop > len(payload): raise CannotRead"
            yield f"for {targets} in UNPACK(payload[start:stop]):"
            yield from (" " + line for line in self._fields.conversions())
            return
        yield "p = start"
        yield f"while end - p >= {self._plan.bound.minimum_length}:"
        yield from (" " + line for line in self._fields.lines())

    def _shape(self) -> Iterator[str]:
        """Lines that choose the blank and fill in what differs from shape to shape."""
        both = sorted({is_v6 for _, is_v6 in self._shapes})
        if len(both) > 1:
            yield f"six = {self._six_expression()}"
        if self._protocol is None:
            yield from self._families(UNKNOWN, both)
            return
        word = "if"
        for branch, protocols in _PROTOCOLS:
            name = f"IN{len(protocols)}_{min(protocols)}"
            self._fields.names[name] = protocols
            yield f"{word} r{self._protocol} in {name}:"
            yield from (" " + line for line in self._families(branch, both))
            word = "elif"
        yield "else:"
        yield from (" " + line for line in self._families(NEITHER, both))

    def _six_expression(self) -> str:
        version = "None" if self._version is None else f"r{self._version}"
        four = "".join(f"r{index}, " for index in self._four)
        six = "".join(f"r{index}, " for index in self._six)
        return f"IS_SIX({version}, ({four}), ({six}))"

    def _families(self, branch: Branch, both: list[bool]) -> Iterator[str]:
        if len(both) == 1:
            yield from self._own(self._shapes[branch, both[0]])
            return
        yield "if six:"
        yield from (" " + line for line in self._own(self._shapes[branch, True]))
        yield "else:"
        yield from (" " + line for line in self._own(self._shapes[branch, False]))

    def _own(self, item: Assignment) -> Iterator[str]:
        yield f"d = b{self._unique().index(item)}()"
        for column in item.columns:
            if column not in self._common:
                yield from self._column(column)
        if item.elements:
            content = ", ".join(f"{name!r}: r{index}" for name, index in item.elements)
            yield f"d['elements'] = {{{content}}}"

    def _columns(self) -> Iterator[str]:
        for column in self._common:
            yield from self._column(column)

    def _column(self, column: Column) -> Iterator[str]:
        key, form, indexes = column
        fields = [f"r{index}" for index in indexes]
        inline = _INLINE.get(form)
        if inline is None:
            expression = f"FORMS[{form!r}](message, {', '.join(fields)})"
        else:
            expression = inline.format(*fields)
        if form.startswith("rate_"):
            yield f"own = {expression}"
        elif form in _MAY_LACK:
            yield f"x = {expression}"
            yield f"if x is None: del d[{key!r}]"
            yield f"else: d[{key!r}] = x"
        else:
            also = {_START: "s = ", _END: "e = "}.get(key, "")
            yield f"d[{key!r}] = {also}{expression}"

    def _from_options(self) -> Iterator[str]:
        for key, name in NAMED_BY_OPTIONS.items():
            if key in self._keys:
                yield "if interfaces:"
                yield f" x = interfaces.get(r{self._keys[key].indexes[0]})"
                yield f" if x is None: del d[{name!r}]"
                yield f" else: d[{name!r}] = x"
        if self._application is not None and "application_name" not in self._keys:
            yield "if applications:"
            yield f" x = applications.get(r{self._application})"
            yield " if x is None: del d['application_name']"
            yield " else: d['application_name'] = x"
        if self._is_sampled():
            yield from self._sampling()

    def _sampling(self) -> Iterator[str]:
        sampler = "None" if self._sampler is None else f"r{self._sampler}"
        selector = "None" if self._selector is None else f"r{self._selector}"
        if any(column.form.startswith("rate_") for column in self._common):
            yield f"x = RATE(own, {sampler}, {selector}, None, samplings, rate)"
        elif self._selector is None:
            yield f"x = samplers.get({sampler}, general)"
        else:
            yield f"x = RATE(None, {sampler}, {selector}, None, samplings, rate)"
        yield "if x is None: del d['sampling_rate']"
        yield "else: d['sampling_rate'] = x"
        if "sampler" in self._keys:
            return
        yield "if sampler_names:"
        yield f" x = sampler_names.get({sampler})"
        if self._selector is not None:
            yield f" if x is None: x = sampler_names.get(-1 - {selector})"
        yield " if x is None: del d['sampler']"
        yield " else: d['sampler'] = x"

    def _flags(self) -> Iterator[str]:
        has_start, has_end = _START in self._keys, _END in self._keys
        if has_start and has_end:
            yield f"if not s <= e <= latest or e - s > {LONG_NS} or marks:"
        elif has_end:
            yield "if e > latest or marks:"
        else:
            yield "if marks:"
        yield f" x = FLAGS({'s' if has_start else None}, {'e' if has_end else None}, message)"
        yield " if x: d['flags'] = x"


def _blank(
    head: dict[str, Any], shape: dict[str, Any], gone: list[str]
) -> Callable[[], dict[str, Any]]:
    """Make the copy function of a shape's blank: without the keys that nothing can fill."""
    blank = {**head, **shape}
    for key in gone:
        blank.pop(key, None)
    return blank.copy
