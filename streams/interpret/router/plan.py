"""What is known of a layout of router flows before any of its records comes."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from schemas.registry import DataType
from schemas.router_records import REVERSE_KEYS, ROUTER_FIELDS
from streams.interpret.router.assign import (
    APPLICATION_ID,
    IP_VERSION,
    SAMPLER_ID,
    SELECTOR_ID,
    SYSTEM_INIT_TIME,
    Assignment,
    Branch,
    Names,
    assign,
)
from streams.wire.model import VARIABLE_LENGTH, BoundField, BoundTemplate
from streams.wire.values import SCALARS, TIMEVAL_OCTETS

_SHAPES = 64
"""Assignments kept of one layout; only fields of variable length make more than a handful."""

_SOURCES = frozenset(
    [
        *(source for item in ROUTER_FIELDS for source in item.sources),
        *(source for sources in REVERSE_KEYS.values() for source in sources),
        (0, IP_VERSION),
        (0, SYSTEM_INIT_TIME),
        (0, SAMPLER_ID),
        (0, SELECTOR_ID),
    ]
)
"""Elements whose values are looked at."""


@dataclass(frozen=True, slots=True)
class RouterPlan:
    """A layout of router flows.

    Attributes:
        bound: The Template.
        names: Its fields by element.
        sure: Fields that have a value of their type in every record; None where that differs from
            record to record (fields of variable length), so that the layout is not compiled.
        assignments: A memory of computed values, bounded.
    """

    bound: BoundTemplate
    names: Names
    sure: frozenset[int] | None
    assignments: dict[tuple[AbstractSet[int], Branch, bool], Assignment] = field(
        default_factory=dict, compare=False
    )

    def assignment(self, available: frozenset[int], branch: Branch, *, six: bool) -> Assignment:
        """Say which fields give which keys in records of one shape."""
        shape = (available, branch, six)
        found = self.assignments.get(shape)
        if found is None:
            if len(self.assignments) >= _SHAPES:
                self.assignments.clear()
            found = self.assignments[shape] = assign(self.names, available, branch, six=six)
        return found


def make_plan(bound: BoundTemplate) -> RouterPlan:
    """Make the plan of a layout that is not nvzFlow's and no Options Template's."""
    sure = frozenset(index for index, item in enumerate(bound.fields) if _is_sure(item))
    varying = any(
        item.length in (VARIABLE_LENGTH, TIMEVAL_OCTETS)
        and _is_source(item)
        and index not in sure
        and _has_length(item)
        for index, item in enumerate(bound.fields)
    )
    return RouterPlan(bound, Names(bound), None if varying else sure)


def identity(item: BoundField) -> tuple[int, int]:
    """Enterprise number and id of a field's element."""
    return item.element.enterprise_number, item.element.element_id


def _is_source(item: BoundField) -> bool:
    return identity(item) in _SOURCES


def _is_sure(item: BoundField) -> bool:
    """Whether every value of a field is of its type: a number or text, and no octets."""
    data_type = item.element.data_type
    if data_type is DataType.STRING:
        return True
    if data_type is DataType.DATE_TIME_MICROSECONDS and item.length == TIMEVAL_OCTETS:
        return False
    return item.length != VARIABLE_LENGTH and _has_length(item)


def _has_length(item: BoundField) -> bool:
    """Whether values of a field's length can be of its type."""
    lengths = SCALARS.get(item.element.data_type)
    return item.length == VARIABLE_LENGTH or (lengths is not None and item.length in lengths[0])


def is_usable(value: object) -> bool:
    """Whether a decoded value is of its type: octets that do not fit it are not, nor are lists."""
    return isinstance(value, int | str | float)


NAMED_BY_OPTIONS: Mapping[str, str] = {"in_if": "in_if_name", "out_if": "out_if_name"}
"""Keys of interfaces to those of their names."""

APPLICATION = (0, APPLICATION_ID)
