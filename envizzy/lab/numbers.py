"""Numbers as the live table shows them."""

_KILO = 1000.0


def number(value: object) -> int:
    """A counter of a record; 0 where it is none."""
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else 0


def with_unit(amount: float) -> str:
    """With a unit, at most seven characters."""
    for unit in ("", " k", " M", " G"):
        if amount < _KILO:
            return f"{amount:.0f}{unit}" if not unit else f"{amount:.1f}{unit}"
        amount /= _KILO
    return f"{amount:.1f} T"
