"""Decoded values as people and ``envizzy decode`` read them."""

from typing import Any

from schemas.registry import DataType, InformationElement
from streams.wire.model import (
    BasicList,
    DataRecord,
    SubTemplateList,
    SubTemplateMultiList,
    Value,
    field_names,
)
from streams.wire.output import is_padding, output_value

_DIGITS = {
    DataType.DATE_TIME_SECONDS: 0,
    DataType.DATE_TIME_MILLISECONDS: 3,
    DataType.DATE_TIME_MICROSECONDS: 6,
    DataType.DATE_TIME_NANOSECONDS: 9,
}
"""Digits behind the second that the type has."""

_DAY = 86_400
_DAYS_TO_1970 = 719_468
"""From 0000-03-01, where a year of the calendar below begins."""

_DAYS_OF_ERA = 146_097
"""Of 400 years."""


def printed_value(element: InformationElement, value: Value) -> Any:
    """Return the value for people: times as ISO 8601 UTC in the type's full precision.

    Octets are upper-case hex, booleans true or false, addresses text, lists arrays of values or of
    objects by element name (``_2`` for repeats, paddingOctets left out).

    Args:
        element: Whose data type says whether an integer is a time.
        value: As decoded.
    """
    if isinstance(value, BasicList):
        return [printed_value(value.element, item) for item in value.values]
    if isinstance(value, SubTemplateList | SubTemplateMultiList):
        return [_printed_record(record) for record in value.records]
    digits = _DIGITS.get(element.data_type)
    if digits is not None and isinstance(value, int):
        return iso_time(value, digits)
    return output_value(value)


def _printed_record(record: DataRecord) -> dict[str, Any]:
    shown = [(element, value) for element, value in record.fields if not is_padding(element)]
    names = field_names([element for element, _ in shown])
    return {
        name: printed_value(element, value)
        for name, (element, value) in zip(names, shown, strict=True)
    }


def iso_time(value: int, digits: int) -> str:
    """Return ISO 8601 UTC of a time since 1970-01-01T00:00:00Z.

    ``datetime`` ends in 9999 and at microseconds; dateTimeMilliseconds reaches over 500 million
    years (RFC 7011, 6.1.8), and octets taken for a time do reach there.

    Args:
        value: In units of 10 to the minus ``digits`` seconds; may be negative.
        digits: 0, 3, 6 or 9.
    """
    seconds, fraction = divmod(value, 10**digits)
    days, second = divmod(seconds, _DAY)
    year, month, day = _civil(days)
    minutes, second = divmod(second, 60)
    hour, minute = divmod(minutes, 60)
    behind = f".{fraction:0{digits}d}" if digits else ""
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{behind}Z"


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month, day of a day since 1970 in the Gregorian calendar, by eras of 400 years."""
    era, day_of_era = divmod(days + _DAYS_TO_1970, _DAYS_OF_ERA)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9  # noqa: PLR2004 - March is the first
    return year_of_era + era * 400 + (month <= 2), month, day  # noqa: PLR2004 - January, February
