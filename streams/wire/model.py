"""The values that the decoder takes and gives; no behaviour.

What is made for every datagram or record is a NamedTuple: half the cost of a frozen dataclass.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from schemas.registry import InformationElement, Registry

VARIABLE_LENGTH = 65535
"""Field Length of a variable-length element (RFC 7011, 7)."""

Value = Any
"""A decoded value, by abstract data type.

unsigned, signed: int · float32, float64: float · boolean: bool (1 true, 2 false; other octets: the
int) · string: str (ill-formed UTF-8 kept by backslashreplace; trailing NULs of fixed ones cut)
· octetArray and whatever does not fit its type: bytes · ipv4Address, ipv6Address, macAddress: str
(RFC 5952 text; lower-case hex with colons) · dateTimeSeconds, -Milliseconds, -Microseconds,
-Nanoseconds: int in that unit since 1970-01-01T00:00:00Z · basicList, subTemplateList,
subTemplateMultiList: the classes below.
"""


class Malformed(StrEnum):
    """Why a Message was refused (RFC 7011, 9.1). Used as a metric label: keep it short."""

    TRUNCATED = "truncated"
    VERSION = "version"
    MESSAGE_LENGTH = "message_length"
    SET_LENGTH = "set_length"
    TEMPLATE = "template"
    RECORD = "record"
    LIST = "list"
    LIMIT = "limit"


class MalformedMessage(Exception):  # noqa: N818 - the RFC's word; the one public error of the decoder
    """A Message that cannot be interpreted and is discarded whole (RFC 7011, 9.1).

    Attributes:
        reason: From the closed list.
        offset: Of the offending field's first octet, from the start of the payload.
        detail: What was found and what would be right, for people.
    """

    def __init__(self, reason: Malformed, offset: int, detail: str) -> None:
        super().__init__(f"{reason} at octet {offset}: {detail}")
        self.reason = reason
        self.offset = offset
        self.detail = detail


class MessageHeader(NamedTuple):
    """Message Header of IPFIX (RFC 7011, 3.1), of v9 (RFC 3954, 5.1), and of v1, v5 and v7.

    Attributes:
        version: 10 for IPFIX, else that of NetFlow.
        length: Octets in the whole Message, this header included. NetFlow does not say it: octets
            that were walked.
        export_time: Seconds since 1970-01-01T00:00:00Z, by the Exporter's clock; wraps in 2106.
        sequence_number: Modulo 2**32: Data Records sent before this Message (v5 and v7: flows; v9:
            Export Packets). 0 for v1, which has none.
        observation_domain_id: Unique to the Exporting Process; 0 means none applies. v9: Source ID;
            v5: engine type (8 bits) and engine id (8 bits); v1 and v7: 0.
        sys_uptime_ms: Milliseconds since the Exporter booted, modulo 2**32 (49.7 days); 0 for
            IPFIX, which has none.
        export_time_residual_ns: Nanoseconds to be added to ``export_time`` (v1, v5, v7), as sent.
        sampling: v5's word as sent: mode (2 bits) and interval (14 bits); 0 where none is said.
    """

    version: int
    length: int
    export_time: int
    sequence_number: int
    observation_domain_id: int
    sys_uptime_ms: int = 0
    export_time_residual_ns: int = 0
    sampling: int = 0


class SetSpan(NamedTuple):
    """Where a Set lies in the payload.

    Attributes:
        set_id: A Template ID of 256 and up; else ``is_template_set`` says whether it holds
            Templates, and others are skipped (RFC 7011, 3.3.2). The records of v1, v5 and v7 are
            one Set, whose id is the version.
        index: Position in the Message, from 0, all Sets counted.
        start: Offset of the first octet behind the Set Header.
        end: Offset behind the Set's last octet, padding included.
    """

    set_id: int
    index: int  # type: ignore[assignment]  # the word wins over tuple.index, which nobody needs here
    start: int
    end: int


class Message(NamedTuple):
    """A Message whose frame is sound: the header and every Set Header.

    Attributes:
        header: The Message Header.
        sets: In wire order, skipped ones included.
        trailing: Octets of the payload behind the Message; counted, not decoded.
    """

    header: MessageHeader
    sets: tuple[SetSpan, ...]
    trailing: int


@dataclass(frozen=True, slots=True)
class FieldSpecifier:
    """Element and length in a Template (RFC 7011, 3.2; for v9 all of enterprise 0)."""

    enterprise_number: int
    element_id: int
    length: int


@dataclass(frozen=True, slots=True)
class Template:
    """Template or Options Template Record (RFC 7011, 3.4.1 and 3.4.2.2; RFC 3954, 5.2 and 6.1).

    Attributes:
        template_id: 256 to 65535; the version for the fixed records of v1, v5 and v7.
        fields: In wire order, repeats kept.
        scope_count: How many of the first fields are Scope Fields; 0 in a Template.
    """

    template_id: int
    fields: tuple[FieldSpecifier, ...]
    scope_count: int = 0


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Template Withdrawal (RFC 7011, 8.1); ignored over UDP (8.4).

    Attributes:
        template_id: The one withdrawn; 2 for all Templates, 3 for all Options Templates.
        options: Whether it came in an Options Template Set.
    """

    template_id: int
    options: bool


@dataclass(frozen=True, slots=True)
class BoundField:
    """A Field Specifier with the element that the registry gives it."""

    element: InformationElement
    length: int


@dataclass(frozen=True, slots=True)
class BoundTemplate:
    """A Template whose elements are known: what decodes a Data Set. Content-hashable, so shareable.

    Attributes:
        template_id: As in the Template.
        fields: In wire order.
        scope_count: As in the Template.
        minimum_length: Octets of the shortest record; 0 is possible (zero-length fields).
        registry: Names the elements inside basicLists, which stand in the records and not in the
            Template (RFC 6313, 7); None where no field is a basicList, so that such layouts are
            equal whatever the registry. ``bind`` sets it.
    """

    template_id: int
    fields: tuple[BoundField, ...]
    scope_count: int
    minimum_length: int
    registry: Registry | None = None


class ListSemantic(IntEnum):
    """How the members of a list relate (RFC 6313, 4.4); an unassigned number is kept as an int."""

    NONE_OF = 0
    EXACTLY_ONE_OF = 1
    ONE_OR_MORE_OF = 2
    ALL_OF = 3
    ORDERED = 4
    UNDEFINED = 255


@dataclass(frozen=True, slots=True)
class BasicList:
    """RFC 6313, 4.5.1: values of one element."""

    semantic: int
    element: InformationElement
    values: tuple[Value, ...]


class DataRecord(NamedTuple):
    """One decoded Data Record; fields in wire order, repeats kept (RFC 7011, 3.4.3).

    Attributes:
        template_id: Which Template decoded it.
        scope_count: How many of the first fields are Scope Fields.
        fields: (element, value) pairs.
    """

    template_id: int
    scope_count: int
    fields: tuple[tuple[InformationElement, Value], ...]


@dataclass(frozen=True, slots=True)
class SubTemplateList:
    """RFC 6313, 4.5.2: records of one Template."""

    semantic: int
    template_id: int
    records: tuple[DataRecord, ...]


@dataclass(frozen=True, slots=True)
class SubTemplateMultiList:
    """RFC 6313, 4.5.3: records of several Templates, in wire order."""

    semantic: int
    records: tuple[DataRecord, ...]


class DataSet(NamedTuple):
    """The records of one Set.

    Attributes:
        records: In wire order.
        padding: Octets behind the last record.
        ill_formed: Strings that were not UTF-8 and are kept with backslashes.
    """

    records: tuple[DataRecord, ...]
    padding: int
    ill_formed: int = 0


@dataclass(frozen=True, slots=True)
class UndecodedSet:
    """A well-formed Set for which a Template is missing (RFC 7011, 9.3).

    Attributes:
        span: The Set.
        missing: The Template ID that is not known: the Set's own, or one that a list in it names.
    """

    span: SetSpan
    missing: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the decoder; what exceeds them is malformed with reason ``limit``.

    Attributes:
        fields_per_template: A Message could name 16,000; compiling costs 1 s for these.
        list_depth: Lists within lists (RFC 6313 sets no bound, recursion needs one).
        list_members: Members of all lists of one record.
    """

    fields_per_template: int = 1024
    list_depth: int = 8
    list_members: int = 65535


@dataclass(frozen=True, slots=True)
class Column:
    """One key of an output record, taken from one field of a Template.

    Attributes:
        key: The output key.
        index: Which field of the Template (position in ``BoundTemplate.fields``).
        derive: From the field's output value (``output_value``) to the column's; None: the value
            itself. A derived value of None leaves the key out. Must be pure and must not raise:
            its results are memoised.
    """

    key: str
    index: int
    derive: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How the records of one layout become output dictionaries.

    Attributes:
        constants: Keys that stand first, with their values (``fv``).
        columns: In output order.
    """

    constants: tuple[tuple[str, Any], ...] = ()
    columns: tuple[Column, ...] = ()


RecordReader = Callable[[bytes, int, int], list[dict[str, Any]]]
"""A compiled layout: (payload, start, end of a Set) to its output records, in wire order.

Raises ``CannotRead`` where anything is out of the ordinary (ill-formed UTF-8, a length that
overruns): the caller then takes the interpreted path, which is the authority. Lists in the
dictionaries are shared between records (memoised by their octets): read, do not change.
"""


class CannotRead(Exception):  # noqa: N818 - a signal between the two paths, never leaves the pipeline
    """The compiled layout declines a Set; the interpreted path decides."""


@dataclass(frozen=True, slots=True)
class NestedTemplates:
    """Templates that lists may name, by Template ID; a frozen view of the session's."""

    templates: dict[int, BoundTemplate] = field(default_factory=dict)

    def get(self, template_id: int) -> BoundTemplate | None:
        """Return the Template, None where it is not known."""
        return self.templates.get(template_id)


def field_names(fields: Sequence[InformationElement]) -> list[str]:
    """Element names with ``_2``, ``_3`` … for repeats, in the same order."""
    seen: dict[str, int] = {}
    names = []
    for element in fields:
        count = seen[element.name] = seen.get(element.name, 0) + 1
        names.append(element.name if count == 1 else f"{element.name}_{count}")
    return names
