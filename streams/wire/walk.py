"""What the reading of one Data Set carries along."""

from streams.wire.model import Limits, Malformed, MalformedMessage, NestedTemplates


class MissingTemplate(Exception):  # noqa: N818 - a signal inside this room: becomes UndecodedSet
    """A list names a Template that is not known."""

    def __init__(self, template_id: int) -> None:
        super().__init__(f"Template {template_id}")
        self.template_id = template_id


class Walk:
    """What one Data Set's reading carries along.

    Attributes:
        payload: The whole Message.
        nested: Templates that lists may name.
        limits: Of depth and members.
        members: Of all lists of the record at hand.
        ill_formed: Strings that were not UTF-8, in all records.
    """

    __slots__ = ("ill_formed", "limits", "members", "nested", "payload")

    def __init__(self, payload: bytes, nested: NestedTemplates, limits: Limits) -> None:
        self.payload = payload
        self.nested = nested
        self.limits = limits
        self.members = 0
        self.ill_formed = 0

    def count_member(self, position: int) -> None:
        """Count a member of a list against the record's limit."""
        self.members += 1
        if self.members > self.limits.list_members:
            raise MalformedMessage(
                Malformed.LIMIT, position, f"more than {self.limits.list_members} list members"
            )
