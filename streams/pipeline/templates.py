"""A session's Templates over UDP: repeats, redefinitions, bounds (RFC 7011, 8.4)."""

from dataclasses import replace

from streams.pipeline.counts import Count
from streams.state.definitions import definition
from streams.state.limits import StateLimits
from streams.state.model import Replaced, Session, TemplateEntry
from streams.wire import Template

_RECORD_OCTETS = 6
_FIELD_OCTETS = 8


def with_template(
    session: Session, template: Template, at_ns: int, limits: StateLimits
) -> tuple[Session, Count | None]:
    """Return the session after a Template came; itself where nothing is worth remembering.

    Args:
        session: Before.
        template: Received.
        at_ns: Receive time.
        limits: For the coarse memory of repeats and the replay window.

    Returns:
        The session, and ``TEMPLATES_NEW`` or ``TEMPLATES_REDEFINED`` where it is that.
    """
    entry = session.templates.get(template.template_id)
    if entry is None:
        return _with(session, TemplateEntry(template, at_ns, at_ns)), Count.TEMPLATES_NEW
    if entry.template == template:
        interval = at_ns - entry.refreshed_at_ns
        if interval < limits.refresh_step_ns(session.refresh_ns):
            return session, None
        refreshed = replace(entry, refreshed_at_ns=at_ns)
        longest = max(session.refresh_ns, interval)
        return _with(replace(session, refresh_ns=longest), refreshed), None
    # A replay that meets newer state: what was replaced stays replaced.
    if at_ns < entry.defined_at_ns or definition(entry, at_ns) == template:
        return session, None
    kept = tuple(old for old in entry.replaced if at_ns - old.until_ns <= limits.replay_window_ns)
    replaced = (Replaced(entry.template, at_ns), *kept)[: limits.replaced_per_template]
    redefined = TemplateEntry(template, at_ns, at_ns, replaced)
    return _with(session, redefined), Count.TEMPLATES_REDEFINED


def bounded(session: Session, limits: StateLimits) -> tuple[Session, int]:
    """Return the session without the Templates that are too many, oldest refresh first.

    Returns:
        The session, and how many Templates went.
    """
    octets = sum(_octets(entry) for entry in session.templates.values())
    count = len(session.templates)
    if count <= limits.templates_per_session and octets <= limits.template_octets_per_session:
        return session, 0
    oldest = sorted(session.templates.values(), key=lambda entry: entry.refreshed_at_ns)
    gone: set[int] = set()
    for entry in oldest:
        if (
            count - len(gone) <= limits.templates_per_session
            and octets <= limits.template_octets_per_session
        ):
            break
        gone.add(entry.template.template_id)
        octets -= _octets(entry)
    return replace(
        session, templates={key: item for key, item in session.templates.items() if key not in gone}
    ), len(gone)


def without_stale(session: Session, limits: StateLimits) -> tuple[Session, int]:
    """Return the session without the Templates that its Exporter has stopped refreshing.

    Measured against the newest refresh of the session, not against now: an Exporter that refreshes
    nothing may still use all of them.

    Returns:
        The session, and how many Templates went.
    """
    if not session.refresh_ns:
        return session, 0
    newest = max((entry.refreshed_at_ns for entry in session.templates.values()), default=0)
    oldest = newest - limits.lifetime_ns(session.refresh_ns)
    kept = {
        key: entry for key, entry in session.templates.items() if entry.refreshed_at_ns >= oldest
    }
    gone = len(session.templates) - len(kept)
    return (replace(session, templates=kept), gone) if gone else (session, 0)


def idle_since_ns(session: Session) -> int:
    """When a session last showed life, as remembered."""
    refreshed = max((entry.refreshed_at_ns for entry in session.templates.values()), default=0)
    return max(session.seen_at_ns, refreshed)


def is_idle(session: Session, now_ns: int, limits: StateLimits) -> bool:
    """Whether a session is over (RFC 7011, 8.4: at least three refresh intervals)."""
    return now_ns - idle_since_ns(session) > limits.lifetime_ns(session.refresh_ns)


def _with(session: Session, entry: TemplateEntry) -> Session:
    return replace(session, templates={**session.templates, entry.template.template_id: entry})


def _octets(entry: TemplateEntry) -> int:
    """About what an entry takes in the state topic, what it replaced included."""
    definitions = (entry.template, *(old.template for old in entry.replaced))
    return sum(_RECORD_OCTETS + _FIELD_OCTETS * len(item.fields) for item in definitions)
