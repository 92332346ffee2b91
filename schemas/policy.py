"""The form of a filter policy: which lists, rules, keys and values it may have.

::

    {"rules": {"include": [{"dp": 53, "pr": 17}], "exclude": [{"da": "10.1.*"}]}}

A rule matches a flow when all its pairs match. With ``include`` a flow is kept only if one of these
rules matches; with ``exclude`` it is dropped if one of those matches; with both it is kept if it is
included and not excluded. Only flows are filtered.
"""

from dataclasses import dataclass
from typing import Final, Literal

RuleList = Literal["include", "exclude"]

RULE_LISTS: Final[tuple[RuleList, ...]] = ("include", "exclude")
"""The lists that ``rules`` may have."""

WILDCARD: Final = "*"
"""At the end of a value: whatever follows. Not for numbers."""

MAXIMUM_RULES: Final = 10_000
"""Rules in both lists; each costs a comparison with every flow."""


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One rule: pairs that all must match.

    Attributes:
        pairs: Field key and wanted value; a number as an int, all else as text, which may end
            in ``WILDCARD``.
    """

    pairs: tuple[tuple[str, int | str], ...]


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
