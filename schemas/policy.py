"""The form of a filter policy: which lists, rules, keys and values it may have.

::

    {"rules": {"include": [{"dp": 53, "pr": 17}], "exclude": [{"da": "10.1.*"}]}}

A rule matches a flow when all its pairs match. With ``include`` a flow is kept only if one of these
rules matches; with ``exclude`` it is dropped if one of those matches; with both it is kept if it is
included and not excluded. Only flows are filtered.

With ``"extensions": true`` beside ``rules`` a value may also be a list (any of them) or an object
of ``OPERATORS``, which the original collector does not know.
"""

from dataclasses import dataclass
from typing import Final, Literal

RuleList = Literal["include", "exclude"]

RULE_LISTS: Final[tuple[RuleList, ...]] = ("include", "exclude")
"""The lists that ``rules`` may have."""

WILDCARD: Final = "*"
"""At the end of a value: whatever follows. Not for numbers."""

MAXIMUM_RULES: Final = 10_000
"""Rules in both lists; each is a bit of the masks that a flow is compared with."""

EXTENSIONS: Final = "extensions"
"""The switch: true allows what the original collector cannot read."""

OPERATORS: Final = (
    *("any", "not", "cidr", "range", "prefix", "suffix", "contains", "present", "ignore_case"),
)
"""What an object as a value may have; all of it must hold."""

TestKind = Literal["equal", "prefix", "suffix", "contains", "range", "cidr"]


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison with a value; of a list with one of its members.

    Attributes:
        kind: How it is compared.
        value: ``equal``: int or text; ``range``: first and last int; ``cidr``: a network in its
            text; else text.
        fold: Whether case is ignored; the value is casefolded then.
    """

    kind: TestKind
    value: int | str | tuple[int, int]
    fold: bool = False


@dataclass(frozen=True, slots=True)
class FilterPair:
    """A field key and what its value must be.

    Attributes:
        key: Of the record.
        clauses: Of each at least one test must hold; none: any value will do.
        excluded: None of these may hold.
        absent: The record must not have the key at all; then there is nothing else.
    """

    key: str
    clauses: tuple[tuple[Test, ...], ...] = ()
    excluded: tuple[Test, ...] = ()
    absent: bool = False


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One rule: pairs that all must match, each of another key."""

    pairs: tuple[FilterPair, ...]


@dataclass(frozen=True, slots=True)
class FilterPolicy:
    """A checked policy.

    Attributes:
        include: A flow must match one of these; none means that all are included, whether the
            list is missing or empty (a policy that drops everything is nobody's wish).
        exclude: A flow must match none of these.
    """

    include: tuple[FilterRule, ...] = ()
    exclude: tuple[FilterRule, ...] = ()

    def rules(self) -> tuple[tuple[RuleList, int, FilterRule], ...]:
        """All rules with their list and their number in it, from 1."""
        return (
            *(("include", number, rule) for number, rule in enumerate(self.include, 1)),
            *(("exclude", number, rule) for number, rule in enumerate(self.exclude, 1)),
        )
