"""What is found about a policy: mistakes, what is likely none of the author's meaning, notices."""

from enum import StrEnum
from typing import NamedTuple


class PolicyError(ValueError):
    """A filter policy is wrong; the text names the list, the rule, the key and what is allowed."""


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """The policy is refused."""
    WARNING = "warning"
    """The policy works, but hardly as it was meant."""
    NOTICE = "notice"
    """Worth knowing."""


Path = tuple[str | int, ...]
"""Keys and positions from the outermost object on: ``("rules", "include", 0, "dp")``."""


class Finding(NamedTuple):
    """One of them.

    Attributes:
        level: How bad it is.
        path: What it concerns.
        text: One line, without the place.
    """

    level: Level
    path: Path
    text: str

    def __str__(self) -> str:
        """Return the line with the place as people count: rules from 1."""
        place = place_of(self.path)
        return f"{place}: {self.text}" if place else self.text


def place_of(path: Path) -> str:
    """Say which part of a policy a path means."""
    words = ""
    for step in path:
        if isinstance(step, int):
            words += f" rule {step + 1}" if words.startswith("rules") else f" {step + 1}"
        elif " rule " in words:
            words += f": {step}"
        else:
            words += f".{step}" if words else step
    return words
