"""Small questions about what is remembered: which definition, how fresh, which order."""

from streams.state.model import Session, StateKey, TemplateEntry
from streams.wire.model import Template


def coordinates(key: StateKey) -> str:
    """Sort key of parked Sets: the order of ``raw``."""
    return key[2] if len(key) == 3 else ""  # noqa: PLR2004 - the parked form


def refreshed_at_ns(session: Session) -> int:
    """When a session's Templates were last refreshed, as remembered; 0 where it has none."""
    return max((entry.refreshed_at_ns for entry in session.templates.values()), default=0)


def definition(entry: TemplateEntry, at_ns: int) -> Template:
    """Return the definition that held at a receive time: a replay may meet newer state."""
    if entry.replaced and at_ns < entry.defined_at_ns:
        for old in reversed(entry.replaced):
            if at_ns < old.until_ns:
                return old.template
    return entry.template
