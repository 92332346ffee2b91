"""How the values of fields become the value of a key: each form once, by name."""

from collections.abc import Callable, Mapping
from typing import Any

from streams.interpret.router import sampling, times
from streams.interpret.router.model import Rate, RouterMessage
from streams.interpret.router.names import ETHERNET_TYPE_NAMES, PROTOCOL_NAMES
from streams.interpret.router.networks import network

Form = Callable[..., Any]
"""From the Message and the fields' values; None leaves the key out."""

FAMILY_NAMES: Mapping[int, str] = {4: "IPv4", 6: "IPv6"}
"""ipVersion to ``etype``."""


def _rate(numbers: tuple[int, ...]) -> Form:
    def rate(_: RouterMessage, *values: Any) -> Rate | None:
        return sampling.rate_of(dict(zip(numbers, values, strict=True)))

    return rate


FORMS: Mapping[str, Form] = {
    "": lambda _, value: value,
    "seconds": lambda _, value: value * 1_000_000_000,
    "milliseconds": lambda _, value: value * 1_000_000,
    "microseconds": lambda _, value: value * 1000,
    "delta": lambda message, value: times.by_delta(value, message),
    "uptime": lambda message, value: times.by_uptime(value, message),
    "init_uptime": lambda message, value, init: times.by_init_time(value, init, message),
    "protocol": lambda _, value: PROTOCOL_NAMES[value],
    "ethernet_type": lambda _, value: ETHERNET_TYPE_NAMES[value],
    "ip_version": lambda _, value: FAMILY_NAMES.get(value),
    "network": lambda _, address, length: network(address, length),
    "high": lambda _, value: value >> 8,
    "low": lambda _, value: value & 255,
    "fragment_flags": lambda _, value: value >> 5,
    **{f"rate_{numbers[0]}": _rate(numbers) for numbers in sampling.RATES},
}
"""By name (``Column.form``)."""
