"""What an import comes to: settings, and a note for each line that was read."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from schemas.json_nodes import Place

Value = str | int | bool | list[str]
"""What a setting may be given."""


class Said(StrEnum):
    """What a note says."""

    MISTAKE = "mistake"
    """The file is wrong: nothing is imported."""
    MISSING = "no equivalent"
    """What the original does and envizzy does not."""
    NOTICE = "notice"
    """Worth knowing: nothing is lost by it."""
    BECAME = "became"
    """The setting that it is now."""


class Note(NamedTuple):
    """One line for people.

    Attributes:
        said: What kind of note.
        file: That it is about.
        place: In the file.
        text: The rest of the line.
        blocks: Whether the import must not go on as if nothing were (DTLS).
    """

    said: Said
    file: Path
    place: Place
    text: str
    blocks: bool = False

    def __str__(self) -> str:
        """Return the whole line."""
        return f"{self.file}:{self.place.line}:{self.place.column}: {self.said}: {self.text}"


@dataclass(slots=True)
class Imported:
    """What was read.

    Attributes:
        settings: Dotted key to value.
        origins: Dotted key to where it comes from.
        notes: In the order of reading.
    """

    settings: dict[str, Value] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def set(self, key: str, value: Value, file: Path, place: Place) -> None:
        """Give a setting its value."""
        self.settings[key] = value
        self.origins[key] = f"{file}:{place.line}"

    def note(
        self, said: Said, file: Path, place: Place, text: str, *, blocks: bool = False
    ) -> None:
        """Say something."""
        self.notes.append(Note(said, file, place, text, blocks))

    def of(self, said: Said) -> list[Note]:
        """All notes of one kind."""
        return [note for note in self.notes if note.said is said]

    @property
    def blocked(self) -> list[Note]:
        """What has no equivalent and must not be passed over."""
        return [note for note in self.notes if note.blocks]
