"""A Data Record becomes a flow record: the authority on what its keys mean."""

from typing import Any

from streams.interpret.router.assign import (
    APPLICATION_ID,
    SAMPLER_ID,
    SELECTOR_ID,
    UPTIMES,
    Assignment,
    address_fields,
    branch_of,
    is_six,
)
from streams.interpret.router.forms import FORMS
from streams.interpret.router.model import RouterMessage
from streams.interpret.router.plan import NAMED_BY_OPTIONS, RouterPlan, is_usable
from streams.interpret.router.sampling import record_rate, selector_key
from streams.interpret.router.times import by_uptime
from streams.interpret.router.validate import flags_of
from streams.wire.list_notes import list_notes
from streams.wire.model import DataRecord, Value
from streams.wire.output import output_value

PROTOCOL = (0, 4)
IN_IF = (0, 10)


def interpret(record: DataRecord, plan: RouterPlan, message: RouterMessage) -> dict[str, Any]:
    """Make the flow record of a Data Record.

    Args:
        record: As decoded.
        plan: Of its layout.
        message: Of its Message.
    """
    values = [value for _, value in record.fields]
    available = _available(plan, values, message)
    six = _is_six(plan, values, available)
    branch = branch_of(_number(plan, values, available, PROTOCOL))
    assignment = plan.assignment(available, branch, six=six)
    row = dict(message.head)
    row.update(_enriched(plan, values, available, assignment, message))
    if assignment.elements:
        row["elements"] = {name: output_value(values[index]) for name, index in assignment.elements}
        notes = list_notes(record.fields)
        if notes:
            row["lists"] = notes
    _validate(row, assignment, message)
    return row


def _available(plan: RouterPlan, values: list[Value], message: RouterMessage) -> frozenset[int]:
    """Fields with a value that means something here: an uptime without a clock does not."""
    available = {index for index, value in enumerate(values) if is_usable(value)}
    if message.uptime_ms is None and plan.names.first((0, 160), available) is None:
        available -= {
            index
            for index, item in enumerate(plan.bound.fields)
            if item.element.element_id in UPTIMES and item.element.enterprise_number in REGISTERED
        }
    return frozenset(available)


REGISTERED = (0, 29305)
"""Enterprise numbers of IANA's elements, forward and reverse."""


def _number(
    plan: RouterPlan, values: list[Value], available: frozenset[int], key: tuple[int, int]
) -> int | None:
    index = plan.names.first(key, available)
    return None if index is None else values[index]


def _is_six(plan: RouterPlan, values: list[Value], available: frozenset[int]) -> bool:
    four, six, version = address_fields(plan.names, available)
    if not four or not six:
        return bool(six)
    return is_six(
        None if version is None else values[version],
        [values[index] for index in four],
        [values[index] for index in six],
    )


def _enriched(
    plan: RouterPlan,
    values: list[Value],
    available: frozenset[int],
    assignment: Assignment,
    message: RouterMessage,
) -> dict[str, Any]:
    """The keys of the fields, and what options data add to them."""
    row: dict[str, Any] = dict(assignment.constants)
    for key, form, indexes in assignment.columns:
        value = FORMS[form](message, *(values[index] for index in indexes))
        if value is not None:
            row[key] = value
    facts = message.facts
    for key, name in NAMED_BY_OPTIONS.items():
        if row.get(key) in facts.interfaces:
            row[name] = facts.interfaces[row[key]]
    application = plan.names.first((0, APPLICATION_ID), range_of(values))
    if application is not None and "application_name" not in row:
        name_of = facts.applications.get(output_value(values[application]))
        if name_of is not None:
            row["application_name"] = name_of
    if (
        facts.start_uptime_ms is not None
        and message.uptime_ms is not None
        and "time_flow_start_ns" not in row
        and "time_flow_end_ns" in row
    ):
        row["time_flow_start_ns"] = by_uptime(facts.start_uptime_ms, message)
    _sample(row, plan, values, available, message)
    return row


def range_of(values: list[Value]) -> frozenset[int]:
    """All fields, whatever they hold: applicationId is octets."""
    return frozenset(range(len(values)))


def _sample(
    row: dict[str, Any],
    plan: RouterPlan,
    values: list[Value],
    available: frozenset[int],
    message: RouterMessage,
) -> None:
    samplings = message.facts.samplings
    sampler = _number(plan, values, available, (0, SAMPLER_ID))
    selector = _number(plan, values, available, (0, SELECTOR_ID))
    row["sampling_rate"] = record_rate(
        row.get("sampling_rate"),
        sampler,
        selector,
        _number(plan, values, available, IN_IF),
        samplings,
        message.head.get("sampling_rate"),
    )
    if "sampler" not in row:
        name = None if sampler is None else samplings.names.get(sampler)
        if name is None and selector is not None:
            name = samplings.names.get(selector_key(selector))
        if name is not None:
            row["sampler"] = name


def _validate(row: dict[str, Any], assignment: Assignment, message: RouterMessage) -> None:
    if row.get("sampling_rate") is None:
        row.pop("sampling_rate", None)
    missing = [key for key in assignment.missing if key not in row]
    if missing:
        row["missing"] = missing
    flags = flags_of(row.get("time_flow_start_ns"), row.get("time_flow_end_ns"), message)
    if flags:
        row["flags"] = flags
