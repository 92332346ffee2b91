"""The Templates that one collector remembers, and which of them decodes a Set.

Without limits and times of its own, unlike the state of the streams: it lives as long as one
command, and what it holds is bounded by the files that it was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from streams.wire.model import MessageHeader, Template, Withdrawal
from streams.wire.netflow9 import VERSION_9
from streams.wire.templates import OPTIONS_TEMPLATE_SET, TEMPLATE_SET

Group = tuple[bytes | None, int, int]
"""Exporter, Observation Domain and version."""


class Session(NamedTuple):
    """One Transport Session's Observation Domain (RFC 7011, 8).

    Attributes:
        exporter: 16 octets; None where the file has none: then all of it is one session.
        port: Of the Exporter.
        domain: Observation Domain ID.
        version: Of the Message.
    """

    exporter: bytes | None
    port: int
    domain: int
    version: int

    def group(self) -> Group:
        """What sessions share that may speak for each other."""
        return self.exporter, self.domain, self.version


def session_of(exporter: bytes | None, port: int, header: MessageHeader) -> Session:
    """Return whose Templates apply: for v9 the port is ignored (RFC 3954, 5.1)."""
    at = 0 if header.version == VERSION_9 else port
    return Session(exporter, at, header.observation_domain_id, header.version)


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


SIBLINGS_LOOKED_AT = 256
"""Behind a NAT there are thousands; what reads a Set is nearly always among the newest."""


class Memory:
    """All sessions, by address and Observation Domain."""

    def __init__(self) -> None:
        self._groups: dict[Group, dict[Session, Known]] = {}

    def of(self, session: Session) -> Known:
        """Return what is known of a session."""
        return self._groups.get(session.group(), {}).get(session, Known())

    def keep(self, session: Session, known: Known) -> None:
        """Remember a session that has Templates, or whose last one was withdrawn."""
        group = self._groups.setdefault(session.group(), {})
        group.pop(session, None)
        if known.templates:
            group[session] = known  # the newest stands last

    def siblings(self, session: Session, template_id: int) -> list[Known]:
        """Sessions of the same address and domain that know the Template, last refreshed first.

        Real Exporters send Templates and data from different ports; a laptop gets a new one at
        every wake.
        """
        group = self._groups.get(session.group(), {})
        newest = islice(reversed(group.items()), SIBLINGS_LOOKED_AT)
        found = [
            known for other, known in newest if other != session and template_id in known.templates
        ]
        return sorted(found, key=lambda known: known.refreshed[template_id], reverse=True)
