"""A part of the bundle: what it makes, and what each is given."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from envizzy.config import Settings
from service.settings import KafkaSettings, Loaded

_KAFKA_SECONDS = 5.0


class Entry(NamedTuple):
    """A file of the bundle.

    Attributes:
        name: Its path in the zip file.
        content: Its octets, or a file that holds them.
    """

    name: str
    content: bytes | Path


@dataclass(frozen=True, slots=True)
class Given:
    """What each part is given.

    Attributes:
        loaded: The settings, or the defaults where they cannot be read.
        mistakes: Why they cannot be read, a line each; empty where they can.
        folder: For files too large for memory; removed in the end.
    """

    loaded: Loaded[Settings]
    mistakes: tuple[str, ...]
    folder: Path

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.loaded.settings

    @property
    def kafka(self) -> KafkaSettings:
        """How Kafka is reached, with less patience: each part asks it anew."""
        kafka = self.settings.kafka
        return kafka.model_copy(
            update={"timeout_seconds": min(_KAFKA_SECONDS, kafka.timeout_seconds)}
        )


Part = Callable[[Given], Iterator[Entry]]
"""Makes its files one after the other; what it raises stands in ``errors.txt``, and what it had
made before stays."""


def text(name: str, content: str) -> Entry:
    """A file of text."""
    return Entry(name, content.encode(errors="backslashreplace"))
