"""What the pipeline is given once, from the settings."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from schemas.elements import load_registry
from schemas.field_keys import load_field_keys
from streams.filtering import load_policy
from streams.interpret import InterpretSettings, parse_layout
from streams.interpret.router import RouterSettings
from streams.pipeline.context import Context
from streams.settings import NetflowSettings, StreamsSettings
from streams.state.limits import HOUR_NS, SECOND_NS, StateLimits

DEFAULT_NETFLOW = NetflowSettings()
"""What holds where nothing is set."""


def make_context(
    settings: StreamsSettings,
    element_files: Sequence[Path] = (),
    netflow: NetflowSettings = DEFAULT_NETFLOW,
) -> Context:
    """Load what the pipeline is given once.

    Args:
        settings: ``[streams]``.
        element_files: A site's tables of elements.
        netflow: ``[netflow]``.

    Raises:
        SchemaError: A site's table of elements is wrong; the text names file and line.
        PolicyError: The filter policy is wrong; the text names the rule.
    """
    keys = load_field_keys(element_files)
    state = settings.state
    limits = replace(
        StateLimits(),
        sessions_per_exporter=state.sessions_per_exporter,
        sessions=state.sessions,
        templates_per_session=state.templates_per_session,
        parked_per_exporter=state.parked_per_exporter,
        parked_octets_per_exporter=state.parked_octets_per_exporter,
        parked=state.parked,
        parked_octets=state.parked_octets,
        parked_age_ns=int(state.parked_hours * HOUR_NS),
        replay_window_ns=int(state.replay_hours * HOUR_NS),
        layouts=state.layouts,
    )
    return Context(
        load_registry(element_files),
        keys,
        InterpretSettings(
            settings.local_time_zone,
            settings.derive_parent_account,
            {parse_layout(layout): version for layout, version in settings.versions.items()},
        ),
        load_policy(settings.filter_policy, keys) if settings.filter_policy else None,
        state_limits=limits,
        fleet_layouts=settings.fleet_layouts,
        compile_after=settings.compile_after,
        router_settings=router_settings(netflow),
    )


def router_settings(netflow: NetflowSettings) -> RouterSettings:
    """The settings of router flows as the pipeline takes them."""
    return RouterSettings(
        netflow.base_information,
        netflow.protocol_names,
        netflow.key,
        int(netflow.clock_tolerance_seconds * SECOND_NS),
    )
