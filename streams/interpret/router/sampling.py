"""How often packets were looked at: rates from elements (RFC 5477, 8; RFC 3954, 8)."""

from collections.abc import Callable, Mapping
from math import inf

from streams.interpret.router.model import Rate, Samplings

SAMPLING_INTERVAL = 34
SAMPLER_ID = 48
SAMPLER_RANDOM_INTERVAL = 50
SAMPLER_NAME = 84
SELECTOR_ID = 302
PACKET_INTERVAL = 305
PACKET_SPACE = 306
SAMPLING_SIZE = 309
SAMPLING_POPULATION = 310
SAMPLING_PROBABILITY = 311
SELECTOR_NAME = 335

RATES: tuple[tuple[int, ...], ...] = (
    (SAMPLING_INTERVAL,),
    (SAMPLER_RANDOM_INTERVAL,),
    (PACKET_INTERVAL, PACKET_SPACE),
    (SAMPLING_SIZE, SAMPLING_POPULATION),
    (SAMPLING_PROBABILITY,),
)
"""Elements that together say a rate, in the order of precedence."""

SAMPLING_ELEMENTS = frozenset(number for numbers in RATES for number in numbers)
"""All of these."""


def rate_of(values: Mapping[int, int | float]) -> Rate | None:
    """Return the rate that a record's elements say; None where they say none.

    samplingPacketInterval alone says how many packets are taken one after the other, not how many
    are passed over: no rate (RFC 5477, 8.2.2 and 8.2.3).

    Args:
        values: By element id.
    """
    for numbers in RATES:
        if all(number in values for number in numbers):
            rate = _RATES[numbers[0]](values)
            if rate is not None:
                return rate
    return None


def _interval(number: int) -> Callable[[Mapping[int, int | float]], Rate | None]:
    def rate(values: Mapping[int, int | float]) -> Rate | None:
        return values[number] or None

    return rate


def _space(values: Mapping[int, int | float]) -> Rate | None:
    interval = values[PACKET_INTERVAL]
    return _quotient(interval + values[PACKET_SPACE], interval)


def _population(values: Mapping[int, int | float]) -> Rate | None:
    return _quotient(values[SAMPLING_POPULATION], values[SAMPLING_SIZE])


def _probability(values: Mapping[int, int | float]) -> Rate | None:
    probability = values[SAMPLING_PROBABILITY]
    return _quotient(1, probability) if 0 < probability <= 1 else None


def _quotient(whole: float, part: float) -> Rate | None:
    if not whole or not part:
        return None
    exact = whole / part
    if exact == inf:  # a probability so small that it says nothing
        return None
    nearest = round(exact)
    # 1 / 0.001 as binary64 is not exactly 1000
    return nearest if nearest and abs(exact - nearest) < nearest * 1e-9 else exact


_RATES: Mapping[int, Callable[[Mapping[int, int | float]], Rate | None]] = {
    SAMPLING_INTERVAL: _interval(SAMPLING_INTERVAL),
    SAMPLER_RANDOM_INTERVAL: _interval(SAMPLER_RANDOM_INTERVAL),
    PACKET_INTERVAL: _space,
    SAMPLING_SIZE: _population,
    SAMPLING_PROBABILITY: _probability,
}


def selector_key(selector_id: int) -> int:
    """Return where a selector's name stands among the names of samplers."""
    return -1 - selector_id


def record_rate(
    rate: Rate | None,
    sampler_id: int | None,
    selector_id: int | None,
    in_if: int | None,
    samplings: Samplings,
    otherwise: Rate | None,
) -> Rate | None:
    """Return the rate of one record: its own, its sampler's, its interface's, the Exporter's.

    Args:
        rate: That its own elements say.
        sampler_id: samplerId (48) of the record, if it has one.
        selector_id: selectorId (302), if it has one.
        in_if: ingressInterface, if it has one.
        samplings: What options data have told.
        otherwise: That of the Message: v5's header, or the one rate of the Exporter.
    """
    if rate is not None:
        return rate
    found = None
    if sampler_id is not None:
        found = samplings.samplers.get(sampler_id)
    if found is None and selector_id is not None:
        found = samplings.selectors.get(selector_id)
    if found is None and in_if is not None:
        found = samplings.interfaces.get(in_if)
    if found is not None:
        return found
    # an id of which nothing was told (0 often means "not sampled") is not another sampler's
    return otherwise if sampler_id is None and selector_id is None else samplings.general
