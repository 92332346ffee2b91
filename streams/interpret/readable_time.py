"""``fst`` and ``fet``: seconds as C's ``ctime`` prints them, in the C locale."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.interpret.settings import InterpretError

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = 16  # one per setting; tests use a few
_SECONDS = (
    16384  # texts kept; clients that send a backlog spread over hours, an entry is 200 octets
)
_LAST_SECOND = 2**32  # dateTimeSeconds has 32 bits (RFC 7011, 6.1.7)


@lru_cache(maxsize=_ZONES)
def zone(name: str) -> tzinfo:
    """Return a time zone by its IANA name.

    Raises:
        InterpretError: No such zone here.
    """
    if name == "UTC":
        return UTC  # needs no tz database
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InterpretError(
            f"local_time_zone {name!r} is not in the time zone database; "
            "right is a name such as UTC or Europe/Berlin"
        ) from error


@lru_cache(maxsize=_ZONES)
def readable_time(zone_name: str) -> Callable[[object], str | None]:
    """Return the function that prints seconds in a zone; None for what is no time.

    Raises:
        InterpretError: No such zone here.
    """
    place = zone(zone_name)

    @lru_cache(maxsize=_SECONDS)
    def text(seconds: object) -> str | None:
        if not isinstance(seconds, int) or not 0 <= seconds < _LAST_SECOND:
            return None
        time = datetime.fromtimestamp(seconds, place)
        return (
            f"{_DAYS[time.weekday()]} {_MONTHS[time.month - 1]} {time.day:2d} "
            f"{time.hour:02d}:{time.minute:02d}:{time.second:02d} {time.year}"
        )

    return text
