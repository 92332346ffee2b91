"""The Templates that one collector remembers, and which of them decodes a Set.

Without limits and times of its own, unlike the state of the streams: it lives as long as one
command, and what it holds is
bounded by the files that it was given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from streams.wire.model import Template, Withdrawal
from streams.wire.templates import OPTIONS_TEMPLATE_SET, TEMPLATE_SET


class Session(NamedTuple):
    """One Transport Session's Observation Domain (RFC 7011, 8).

    Attributes:
        exporter: 16 octets; None where the file has none: then all of it is one session.
        port: Of the Exporter.
        domain: Observation Domain ID.
    """

    exporter: bytes | None
    port: int
    domain: int


@dataclass(frozen=True, slots=True)
class Known:
    """The Templates of one session.

    Attributes:
        templates: By Template ID.
        refreshed: When each was last sent, counted in Messages of the collector.
    """

    templates: Mapping[int, Template] = field(default_factory=dict)
    refreshed: Mapping[int, int] = field(default_factory=dict)

    def defining(self, template: Template, message: int) -> "Known":
        """With a definition; it replaces an earlier one (RFC 7011, 8.4)."""
        templates = {**self.templates, template.template_id: template}
        return Known(templates, {**self.refreshed, template.template_id: message})

    def withdrawing(self, withdrawal: Withdrawal) -> "Known":
        """Without one Template, or without all of a kind (RFC 7011, 8.1)."""
        gone = withdrawal.template_id
        kept = {
            number: template
            for number, template in self.templates.items()
            if not (
                number == gone
                or (gone == TEMPLATE_SET and not template.scope_count)
                or (gone == OPTIONS_TEMPLATE_SET and template.scope_count)
            )
        }
        return replace(self, templates=kept)


Memory = dict[Session, Known]
"""All sessions; a new dictionary comes out of every Message that changes one."""


def siblings(memory: Memory, session: Session, template_id: int) -> Iterator[Known]:
    """Sessions of the same address and domain that know the Template, the last refreshed first.

    Real Exporters send Templates and data from different ports; a laptop gets a new one at every
    wake.
    """
    found = [
        (known.refreshed[template_id], known)
        for other, known in memory.items()
        if other != session
        and (other.exporter, other.domain) == (session.exporter, session.domain)
        and template_id in known.templates
    ]
    for _, known in sorted(found, key=lambda pair: pair[0], reverse=True):
        yield known
