"""All settings of a deployment in one root, and where they are read from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from envizzy.diag.settings import DiagSettings
from ingest.settings import IngestSettings
from service.settings import (
    HealthSettings,
    KafkaSettings,
    Loaded,
    LogSettings,
    Section,
    TopicsSettings,
    load,
)
from streams.settings import NetflowSettings, StreamsSettings
from streams.subscribers.settings import AnySubscriber, SubscriberName
from streams.totals_worker.settings import TotalsSettings

FILE_VARIABLE = "ENVIZZY_CONFIG"
"""Names the settings file where ``--config`` is not given."""


class ElementsSettings(Section):
    """Information Elements that a site knows and the public registries do not."""

    files: tuple[Path, ...] = ()
    """CSV files that add or override elements and field keys: ``enterprise_number, element_id,
    name, data_type, semantics, units, field_key, record``; later files override earlier ones."""

    @field_validator("files")
    @classmethod
    def _files_are_there(cls, files: tuple[Path, ...]) -> tuple[Path, ...]:
        for file in files:
            if not file.is_file():
                raise ValueError(f"{file} is not there; accepted: CSV files that are")
        return files


class Settings(Section):
    """Everything that can be set."""

    kafka: KafkaSettings = KafkaSettings()
    """How the brokers are reached."""

    topics: TopicsSettings = TopicsSettings()
    """Names, partitions and retention of the topics."""

    ingest: IngestSettings = IngestSettings()
    """The receiver."""

    streams: StreamsSettings = StreamsSettings()
    """The workers that decode, filter and publish."""

    netflow: NetflowSettings = NetflowSettings()
    """Router flows."""

    subscribers: dict[SubscriberName, AnySubscriber] = Field(default_factory=dict)
    """Who gets records: a table for each, started by ``envizzy subscribe NAME``."""

    totals: TotalsSettings = TotalsSettings()
    """The workers that add router flows up by the minute."""

    elements: ElementsSettings = ElementsSettings()
    """A site's own elements and field keys."""

    logs: LogSettings = LogSettings()
    """What is logged."""

    health: HealthSettings = HealthSettings()
    """Metrics and health checks."""

    diag: DiagSettings = DiagSettings()
    """The diagnostics bundle."""


def read(
    file: Path | None,
    flags: Mapping[str, Any] | None = None,
    base: Mapping[str, tuple[object, str]] | None = None,
) -> Loaded[Settings]:
    """Read the settings: file, then environment, then flags.

    Args:
        file: What ``--config`` says; None: the file that ``ENVIZZY_CONFIG`` names, if any.
        flags: Dotted key to value; None means that the flag was not given.
        base: What the original collector's files say (``envizzy.acnvm``), behind all else.

    Raises:
        SettingsError: A line for each mistake.
    """
    named = os.environ.get(FILE_VARIABLE)
    chosen = file or (Path(named) if named else None)
    return load(Settings, chosen, os.environ, flags or {}, base=base or {})


def defaults(flags: Mapping[str, Any] | None = None) -> Loaded[Settings]:
    """The defaults with flags, for what must work where the settings are broken.

    Raises:
        SettingsError: A flag is wrong.
    """
    return load(Settings, None, {}, flags or {})
