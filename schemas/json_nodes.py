"""JSON values that know where they stand, and what is wrong where."""

from dataclasses import dataclass
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where something stands, both from 1."""

    line: int
    column: int


class Mistake(NamedTuple):
    """Something that is not JSON.

    Attributes:
        place: Of what was found.
        found: As it stands there.
        expected: What would be right.
    """

    place: Place
    found: str
    expected: str

    def __str__(self) -> str:
        """Return one line without the file."""
        return f"found {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place.

    Attributes:
        value: As ``json`` gives it; of a key that occurs twice the last.
        place: Of its first character.
        members: Of an object: key, place of the key, value; in the order of the file.
        items: Of a list.
    """

    value: Any  # what JSON can hold
    place: Place
    members: tuple[tuple[str, Place, "Node"], ...] = ()
    items: tuple["Node", ...] = ()

    def at(self, path: tuple[str | int, ...]) -> Place:
        """Return the place of what a path names: of the key where it is a member.

        Args:
            path: Keys, and positions in lists from 0. Where it leads too far, the last place on the
                way.
        """
        node, place = self, self.place
        for step in path:
            found: tuple[Place, Node] | None = None
            if isinstance(step, int):
                if step < len(node.items):
                    found = node.items[step].place, node.items[step]
            else:
                for key, where, inner in node.members:
                    if key == step:
                        found = where, inner
            if found is None:
                return place
            place, node = found
        return place


class Read(NamedTuple):
    """What reading gave.

    Attributes:
        node: None where nothing could be made of it.
        mistakes: In the order of the file.
    """

    node: Node | None
    mistakes: tuple[Mistake, ...]
