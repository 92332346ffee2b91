"""What a site may say about interpretation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Layout = tuple[tuple[int, int, int], ...]
"""The fields of a Template: enterprise number, element id, length (65535 for variable)."""


class InterpretError(ValueError):
    """A setting of interpretation is wrong; the text says what is right."""


@dataclass(frozen=True, slots=True)
class InterpretSettings:
    """How records are interpreted.

    Attributes:
        local_time_zone: IANA name of the zone in which ``fst`` and ``fet`` are printed. The real
            collector prints the zone of its host; UTC is what most of them ran in.
        derive_parent_account: Whether ``ppaa`` and ``ppap`` are made; the collector's manual names
            them, but no real line has them.
        versions: A site's layouts and their ``fv``; they go before the public ones.
    """

    local_time_zone: str = "UTC"
    derive_parent_account: bool = False
    versions: Mapping[Layout, str] = field(default_factory=lambda: MappingProxyType({}))
