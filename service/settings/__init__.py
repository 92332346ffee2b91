"""Settings of all services: file, then environment, then flags; strict; one line for each error.

``load`` reads them, the sections are what several services share. A service's own section is a
``Section`` too and stands in its package.
"""

from service.settings.errors import SettingsError
from service.settings.kafka import KafkaSettings
from service.settings.kinds import ExistingFile, TimeZone
from service.settings.loader import Loaded, load
from service.settings.section import Section
from service.settings.sections import (
    HealthSettings,
    LogSettings,
    TopicNames,
    TopicRetention,
    TopicsSettings,
)
from service.settings.show import SHOWN_SECRET, Row, document, keys, rows

__all__ = [
    "SHOWN_SECRET",
    "ExistingFile",
    "HealthSettings",
    "KafkaSettings",
    "Loaded",
    "LogSettings",
    "Row",
    "Section",
    "SettingsError",
    "TimeZone",
    "TopicNames",
    "TopicRetention",
    "TopicsSettings",
    "document",
    "keys",
    "load",
    "rows",
]
