"""Makes the plan by which a layout's records become output records."""

from collections.abc import Callable
from typing import Any

from schemas.field_keys import FieldKeys
from schemas.registry import CISCO_ENTERPRISE_NUMBER, DataType, InformationElement
from streams.interpret import derive
from streams.interpret.layouts import version_of
from streams.interpret.readable_time import readable_time
from streams.interpret.settings import InterpretSettings
from streams.wire.model import BoundTemplate, Column, Plan

PADDING_OCTETS = (0, 210)
"""paddingOctets: it says nothing, so it leaves under no key (RFC 7012, IANA registry 210)."""

INTERFACE_DETAILS = (CISCO_ENTERPRISE_NUMBER, 12359)

_Derive = Callable[[Any], Any]
_SPLIT: tuple[tuple[str, _Derive], ...] = (("a", derive.authority), ("p", derive.principal))


def plan_for(bound: BoundTemplate, kind: str, keys: FieldKeys, settings: InterpretSettings) -> Plan:
    """Make the plan of a layout: keys in wire order, derived ones behind their parent.

    An element without a field key leaves under its name, an unknown one under ``e9_12364``; what
    occurs again gets ``_2``, ``_3`` and so on.

    Args:
        bound: The Template.
        kind: ``endpoint``, ``interface`` or ``flow``, as ``recognise`` says; a key is the same in
            each, for nvzFlow moved fields from one to another.
        keys: The field keys.
        settings: Zone, parent account, versions.

    Raises:
        InterpretError: The time zone does not exist.
    """
    del kind
    names = _Names()
    version = version_of(bound, settings.versions)
    constants = () if version is None else ((names.take("fv"), version),)
    columns: list[Column] = []
    for index, item in enumerate(bound.fields):
        element = item.element
        identity = (element.enterprise_number, element.element_id)
        key = keys.key_for(element)
        if identity == PADDING_OCTETS:
            continue
        if identity == INTERFACE_DETAILS and key is None:
            columns += (
                Column(names.take("ist"), index, derive.trust_state),
                Column(names.take("SSID"), index, derive.ssid),
                Column(names.take(element.name), index, derive.other_details),
            )
            continue
        columns.append(Column(names.take(key or element.name), index, _form(key, element)))
        for derived, function in _derived(key, settings):
            columns.append(Column(names.take(derived), index, function))
    return Plan(constants, tuple(columns))


class _Names:
    """Gives each key once; a repeat gets the next free number."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def take(self, name: str) -> str:
        count = self._counts.get(name, 0) + 1
        given = name if count == 1 else f"{name}_{count}"
        self._counts[name] = count
        if given == name:
            return given
        # a site may have named an element like another's repeat
        return self.take(given) if given in self._counts else self._mark(given)

    def _mark(self, given: str) -> str:
        self._counts[given] = 1
        return given


def _form(key: str | None, element: InformationElement) -> _Derive | None:
    if key == "im" and element.data_type is DataType.OCTET_ARRAY:
        return derive.mac_address
    return None


def _derived(key: str | None, settings: InterpretSettings) -> tuple[tuple[str, _Derive], ...]:
    """Return the keys that stand behind a key, with what makes their values."""
    match key:
        case "fss":
            return (("fst", readable_time(settings.local_time_zone)),)
        case "fes":
            return (("fet", readable_time(settings.local_time_zone)),)
        case "liuid" | "pa":
            pass
        case "ppa" if settings.derive_parent_account:
            pass
        case _:
            return ()
    return tuple((key + letter, function) for letter, function in _SPLIT)
