"""What the interpretation of router flows is given: settings, the Exporter's facts, the Message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

BaseInformation = Literal["flag", "require", "ignore"]
"""What becomes of records that lack base information."""

FlowKey = Literal["exporter", "flow", "none"]
"""What the Kafka key of router flows is."""

SECOND_NS = 1_000_000_000
CLOCK_TOLERANCE_NS = 60 * SECOND_NS
"""An Exporter counts whole seconds, and batches wait; a minute is what totals by minute bear."""

Rate = int | float
"""One packet of so many; a fraction only where the Exporter's numbers give one."""


@dataclass(frozen=True, slots=True)
class RouterSettings:
    """How router flows are interpreted and validated.

    Attributes:
        base_information: Of records that lack some: ``flag`` names it in ``missing``, ``require``
            makes a dead letter of them, ``ignore`` publishes them without a word.
        protocols: Names of the protocols that are published; None: all.
        key: Kafka key.
        clock_tolerance_ns: How far the Exporter's clock may be from ours.
    """

    base_information: BaseInformation = "flag"
    protocols: frozenset[str] | None = None
    key: FlowKey = "exporter"
    clock_tolerance_ns: int = CLOCK_TOLERANCE_NS


def _none() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Samplings:
    """Sampling rates that an Exporter's options data tell.

    Attributes:
        general: Told without the id of a sampler, selector or interface.
        alone: Of records that name neither sampler nor selector: ``general``, else the one rate
            that all of its samplers have; None where that is no answer.
        samplers: By samplerId (48).
        selectors: By selectorId (302).
        interfaces: By ingress interface, where interfaces differ.
        names: Of samplers, by samplerId; of selectors under their id's negative minus one.
    """

    general: Rate | None = None
    alone: Rate | None = None
    samplers: Mapping[int, Rate] = field(default_factory=_none)
    selectors: Mapping[int, Rate] = field(default_factory=_none)
    interfaces: Mapping[int, Rate] = field(default_factory=_none)
    names: Mapping[int, str] = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class RouterFacts:
    """What an Exporter told about itself in options data, in the form that its records need.

    Attributes:
        interfaces: Names by index.
        applications: Names by applicationId (upper-case hex).
        samplings: Rates.
        boot_ms: When it booted, milliseconds since 1970 (systemInitTimeMilliseconds, or Export Time
            less sysUpTime); 0 where not told.
        start_uptime_ms: flowStartSysUpTime of its options data; None where there is none.
    """

    interfaces: Mapping[int, str] = field(default_factory=_none)
    applications: Mapping[str, str] = field(default_factory=_none)
    samplings: Samplings = field(default_factory=Samplings)
    boot_ms: int = 0
    start_uptime_ms: int | None = None


NO_FACTS = RouterFacts()
"""Of an Exporter that has told nothing."""


class RouterMessage(NamedTuple):
    """What a Message says for all of its records.

    Attributes:
        head: Keys that every record begins with.
        flags: Of every record; empty or ``clock_off``.
        export_ns: Export Time, ns since 1970.
        uptime_ms: The Exporter's sysUpTime at that time, which may exceed 32 bits where it was
            computed; None where it is not known.
        first_uptime: Uptime that is the earliest a record can mean, ms (``times``).
        first_uptime_ns: The same in ns since 1970.
        latest_ns: A flow that ends later ends in the future.
        facts: Of its Exporter.
    """

    head: dict[str, Any]
    flags: tuple[str, ...]
    export_ns: int
    uptime_ms: int | None
    first_uptime: int
    first_uptime_ns: int
    latest_ns: int
    facts: RouterFacts
