"""Subscribers of other packages, found by their entry points."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from schemas.subscriber import ENTRY_POINTS, Context, MisconfiguredError, Subscriber


def make_plugin(
    name: str,
    settings: Mapping[str, Any],
    context: Context,
    found: Iterable[EntryPoint] | None = None,
) -> Subscriber:
    """Load a plug-in's factory and let it make its subscriber.

    Args:
        name: Of the entry point.
        settings: ``[subscribers.NAME.settings]``.
        context: Clock, pause and counters.
        found: Entry points of the group; None looks at what is installed.

    Raises:
        MisconfiguredError: It is not installed, installed twice, cannot be imported, or does not
            take its settings.
    """
    key = f"subscribers.{context.name}.plugin"
    known = list(entry_points(group=ENTRY_POINTS) if found is None else found)
    chosen = {each.value: each for each in known if each.name == name}
    if not chosen:
        there = ", ".join(sorted({each.name for each in known})) or "none"
        raise MisconfiguredError(
            f"{key}: no plug-in {name!r} is installed; there are: {there} (entry points of the "
            f"group {ENTRY_POINTS})"
        )
    if len(chosen) > 1:
        raise MisconfiguredError(
            f"{key}: {name!r} is installed more than once: {', '.join(sorted(chosen))}"
        )
    (entry,) = chosen.values()
    try:
        factory = entry.load()
    # whatever another package raises when it is imported
    except Exception as error:
        raise MisconfiguredError(f"{key}: {entry.value} cannot be imported: {error!r}") from error
    try:
        subscriber = factory(settings, context)
    except MisconfiguredError as error:
        raise MisconfiguredError(f"subscribers.{context.name}.settings: {error}") from error
    except Exception as error:
        raise MisconfiguredError(f"{key}: {entry.value} fails: {error!r}") from error
    if not isinstance(subscriber, Subscriber):
        raise MisconfiguredError(
            f"{key}: {entry.value} makes a {type(subscriber).__name__}, which is no subscriber "
            "(deliver, tick, close)"
        )
    return subscriber
