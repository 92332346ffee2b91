"""What a router tells about itself in options data: interfaces, samplers, when it started."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from envizzy.generator.routers.configuration import Field
from envizzy.generator.routers.sets import NETFLOW_9, record, set_of, specifiers

_TEMPLATE = struct.Struct("!HHH")

SYSTEM = Field(1, 4, "system")
"""v9's scope "System" (RFC 3954, 6.1)."""

DOMAIN = Field(149, 4, "system")
"""IPFIX: observationDomainId."""


class Options(NamedTuple):
    """An Options Template and its records.

    Attributes:
        template_id: Of the Options Template.
        scope: Its Scope Fields.
        fields: The others.
        records: Values of each record, by ``Field.value``.
    """

    template_id: int
    scope: tuple[Field, ...]
    fields: tuple[Field, ...]
    records: tuple[Mapping[str, Any], ...]

    def template(self, version: int) -> bytes:
        """The Set that defines it: v9 gives lengths of octets, IPFIX counts of fields."""
        if version == NETFLOW_9:
            head = _TEMPLATE.pack(self.template_id, 4 * len(self.scope), 4 * len(self.fields))
            return set_of(1, head + specifiers((*self.scope, *self.fields)))
        count = len(self.scope) + len(self.fields)
        head = _TEMPLATE.pack(self.template_id, count, len(self.scope))
        return set_of(3, head + specifiers((*self.scope, *self.fields)))

    def data(self) -> bytes:
        """The Set with its records."""
        all_ = (*self.scope, *self.fields)
        return set_of(self.template_id, b"".join(record(all_, each) for each in self.records))


def interface_table(template_id: int, version: int, names: Mapping[int, str]) -> Options:
    """Cisco's ``option interface-table``: ifIndex, name, description.

    Args:
        template_id: Of it.
        version: 9 or 10.
        names: ifIndex to name.
    """
    index = Field(10, 4, "ingress")
    told = (Field(82, 33, "interface_name"), Field(83, 65, "interface_description"))
    records = tuple(
        {
            "system": 0,
            "ingress": each,
            "interface_name": name,
            "interface_description": f"to {name}",
        }
        for each, name in names.items()
    )
    if version == NETFLOW_9:
        return Options(template_id, (SYSTEM,), (index, *told), records)
    return Options(template_id, (index,), told, records)


def sampler_table(template_id: int, version: int, sampler: int, interval: int) -> Options:
    """Which sampler takes one packet of how many.

    v9: Cisco's ``option sampler-table`` (48, 84, 49, 50). IPFIX: selectorId with
    selectorAlgorithm and samplingPacketInterval, samplingPacketSpace (RFC 5477, 8.2).

    Args:
        template_id: Of it.
        version: 9 or 10.
        sampler: Its id.
        interval: One packet of so many.
    """
    if version == NETFLOW_9:
        fields = (
            Field(48, 2, "sampler"),
            Field(84, 16, "sampler_name"),
            Field(49, 1, "mode"),
            Field(50, 2, "interval"),
        )
        values = {
            "system": 0,
            "sampler": sampler,
            "sampler_name": f"sampler-{sampler}",
            "mode": 2,
            "interval": interval,
        }
        return Options(template_id, (SYSTEM,), fields, (values,))
    selection = (Field(304, 2, "mode"), Field(305, 4, "interval"), Field(306, 4, "space"))
    told = {"selector": sampler, "mode": 1, "interval": 1, "space": interval - 1}
    return Options(template_id, (Field(302, 4, "selector"),), selection, (told,))


def system_table(template_id: int, domain: int, boot_ms: int) -> Options:
    """IPFIX: systemInitTimeMilliseconds of the Observation Domain, for times by sysUpTime."""
    values = {"system": domain, "boot_ms": boot_ms}
    return Options(template_id, (DOMAIN,), (Field(160, 8, "boot_ms"),), (values,))


def message_sets(options: Sequence[Options], version: int) -> tuple[list[bytes], int]:
    """All Options Templates, then their records.

    Returns:
        The Sets, and how many records of all kinds are in them.
    """
    sets = [each.template(version) for each in options] + [each.data() for each in options]
    return sets, sum(1 + len(each.records) for each in options)
