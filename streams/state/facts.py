"""What an Exporter's options data come to for its flow records."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from streams.interpret.router import (
    NO_FACTS,
    SAMPLING_ELEMENTS,
    Rate,
    RouterFacts,
    Samplings,
    rate_of,
    selector_key,
)
from streams.state.model import Options, SessionKey

SAMPLER_ID, SELECTOR_ID, SAMPLER_NAME, SELECTOR_NAME = 48, 302, 84, 335

INGRESS = (10, 0x1_0000 + 2)
"""ingressInterface, and NetFlow v9's scope type 2 (``schemas.registry.SCOPE_ELEMENTS``)."""

_LOOKED_AT = 64
"""Sessions whose options are looked at; one or two of them have any."""

_Item = TypeVar("_Item")


def told(key: SessionKey, options: dict[SessionKey, Options]) -> list[Options]:
    """Return the options that speak for a session, the nearest first.

    Its own; those of its address and domain, newest first (real Exporters send options and data
    from different ports); those of domain 0 of its address, which speak for all of the Exporter
    (RFC 7011, 3.1).

    Args:
        key: Of the session.
        options: Of its address, oldest change first.
    """
    own = [options[key]] if key in options else []
    for domain in dict.fromkeys((key.domain, 0)):
        others = (
            item
            for other, item in reversed(options.items())
            if other != key and other.domain == domain and other.version == key.version
        )
        own += islice(others, _LOOKED_AT)
    return own


def facts_of(options: Sequence[Options]) -> RouterFacts:
    """Return what options come to; of each kind of thing the first that tell any.

    Args:
        options: The nearest first.
    """
    if not options:
        return NO_FACTS
    interfaces = _first(options, lambda item: item.interfaces)
    boot_ms = _first(options, lambda item: item.system_init_ms or item.boot_ms)
    start = _first(options, lambda item: item.start_uptime_ms + 1)
    return RouterFacts(
        {
            index: name
            for index, item in (interfaces or {}).items()
            if (name := item.name or item.description)
        },
        _first(options, lambda item: item.applications) or {},
        samplings_of(_first(options, lambda item: item.sampling) or {}),
        boot_ms or 0,
        start - 1 if start else None,
    )


def samplings_of(sampling: Mapping[str, Mapping[int, int | float | str]]) -> Samplings:
    """Return the rates of samplers, selectors and interfaces.

    Args:
        sampling: By scope, parameters by element id; the last one of a sampler counts.
    """
    samplers: dict[int, Rate] = {}
    selectors: dict[int, Rate] = {}
    interfaces: dict[int, Rate] = {}
    names: dict[int, str] = {}
    general: Rate | None = None
    for values in sampling.values():
        numbers = {key: item for key, item in values.items() if not isinstance(item, str)}
        sampler, selector = _id(numbers, SAMPLER_ID), _id(numbers, SELECTOR_ID)
        for number, name in ((sampler, SAMPLER_NAME), (selector, SELECTOR_NAME)):
            text = values.get(name)
            if number is not None and isinstance(text, str) and text:
                names[number if name == SAMPLER_NAME else selector_key(number)] = text
        rate = rate_of({key: item for key, item in numbers.items() if key in SAMPLING_ELEMENTS})
        if rate is None:
            continue
        ingress = next((int(numbers[key]) for key in INGRESS if key in numbers), None)
        if sampler is not None:
            samplers[sampler] = rate
        elif selector is not None:
            selectors[selector] = rate
        elif ingress is not None:
            interfaces[ingress] = rate
        else:
            general = rate
    rates = {*samplers.values(), *selectors.values(), *interfaces.values()}
    alone = next(iter(rates)) if general is None and len(rates) == 1 else general
    # one rate for all interfaces is no difference between them
    differing = interfaces if len({*interfaces.values(), alone or 0}) > 1 else {}
    return Samplings(general, alone, samplers, selectors, differing, names)


def _id(numbers: Mapping[int, int | float], key: int) -> int | None:
    return int(numbers[key]) if key in numbers else None


def _first(options: Sequence[Options], take: Callable[[Options], _Item]) -> _Item | None:
    return next((item for item in map(take, options) if item), None)
