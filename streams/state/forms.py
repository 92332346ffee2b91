"""The Avro form of what is remembered: frozen values to and from the schemas' dictionaries."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.registry import DataType, InformationElement, Semantics
from streams.state.model import Interface, Options, ParkedSet, Replaced, Session, TemplateEntry
from streams.wire.model import FieldSpecifier, Template


def _write_template(template: Template) -> dict[str, object]:
    return {
        "template_id": template.template_id,
        "scope_count": template.scope_count,
        "fields": [
            {
                "enterprise_number": item.enterprise_number,
                "element_id": item.element_id,
                "length": item.length,
            }
            for item in template.fields
        ],
    }


# What fastavro gives is dictionaries of anything; the schema has checked them.
def _read_template(content: Any) -> Template:
    return Template(
        content["template_id"],
        tuple(
            FieldSpecifier(item["enterprise_number"], item["element_id"], item["length"])
            for item in content["fields"]
        ),
        content["scope_count"],
    )


def _write_session(session: Session) -> dict[str, object]:
    return {
        "seen_at_ns": session.seen_at_ns,
        "refresh_ns": session.refresh_ns,
        "templates": [
            {
                "template": _write_template(entry.template),
                "defined_at_ns": entry.defined_at_ns,
                "refreshed_at_ns": entry.refreshed_at_ns,
                "replaced": [
                    {"template": _write_template(old.template), "until_ns": old.until_ns}
                    for old in entry.replaced
                ],
            }
            for entry in session.templates.values()
        ],
    }


def _read_session(content: Any) -> Session:
    entries = (
        TemplateEntry(
            _read_template(entry["template"]),
            entry["defined_at_ns"],
            entry["refreshed_at_ns"],
            tuple(
                Replaced(_read_template(old["template"]), old["until_ns"])
                for old in entry["replaced"]
            ),
        )
        for entry in content["templates"]
    )
    return Session(
        {entry.template.template_id: entry for entry in entries},
        content["seen_at_ns"],
        content["refresh_ns"],
    )


def _write_options(options: Options) -> dict[str, object]:
    return {
        "seen_at_ns": options.seen_at_ns,
        "elements": [
            {
                "enterprise_number": item.enterprise_number,
                "element_id": item.element_id,
                "name": item.name,
                "data_type": item.data_type.value,
                "semantics": item.semantics.value,
                "units": item.units,
            }
            for item in options.elements.values()
        ],
        "interfaces": [
            {"index": index, "name": item.name, "description": item.description}
            for index, item in options.interfaces.items()
        ],
        "sampling": [
            {
                "scope": scope,
                "values": [{"element_id": key, "value": value} for key, value in values.items()],
            }
            for scope, values in options.sampling.items()
        ],
        "applications": [{"id": key, "name": name} for key, name in options.applications.items()],
        "system_init_ms": options.system_init_ms,
        "boot_ms": options.boot_ms,
        "start_uptime_ms": options.start_uptime_ms,
    }


def _read_options(content: Any) -> Options:
    return Options(
        content["seen_at_ns"],
        {
            (item["enterprise_number"], item["element_id"]): InformationElement(
                item["enterprise_number"],
                item["element_id"],
                item["name"],
                DataType(item["data_type"]),
                Semantics(item["semantics"]),
                item["units"],
            )
            for item in content["elements"]
        },
        {
            item["index"]: Interface(item["name"], item["description"])
            for item in content["interfaces"]
        },
        {
            item["scope"]: {value["element_id"]: value["value"] for value in item["values"]}
            for item in content["sampling"]
        },
        content["system_init_ms"],
        # The first form had none of these.
        {item["id"]: item["name"] for item in content.get("applications", ())},
        content.get("boot_ms", 0),
        content.get("start_uptime_ms", -1),
    )


def _write_parked(parked: ParkedSet) -> dict[str, object]:
    return {name: getattr(parked, name) for name in _PARKED_FIELDS}


def _read_parked(content: Any) -> ParkedSet:
    # The first form had no Sequence Number and no uptime.
    return ParkedSet(*(content.get(name, 0) for name in _PARKED_FIELDS))


_PARKED_FIELDS = (
    "record_id",
    "set_index",
    "set_id",
    "missing",
    "port",
    "received_at_ns",
    "export_time",
    "octets",
    "sequence_number",
    "sys_uptime_ms",
)

WRITERS: Mapping[type, tuple[str, Callable[[Any], dict[str, object]]]] = {
    Session: ("session", _write_session),
    Options: ("learnt_options", _write_options),
    ParkedSet: ("parked_set", _write_parked),
}

READERS: Mapping[str, Callable[[Any], Session | Options | ParkedSet]] = {
    "session": _read_session,
    "learnt_options": _read_options,
    "learnt_options_v1": _read_options,
    "parked_set": _read_parked,
    "parked_set_v1": _read_parked,
}
