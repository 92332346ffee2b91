r"""The collector's syslog line of a record, octet by octet; pure.

What the real lines show: header, two spaces, then ``key="value"`` pairs in the record's order, one
space between. ``"`` is written ``\"``, a backslash stays as it is. Each item of a list is followed
by a space. Empty lists and empty ``hh``, ``hm`` and ``ht`` are ``"''"``; other empty texts are left
out with their key.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from schemas.field_keys import load_field_keys
from schemas.records import HEADER_RECORD_ID, META_RECORD_ID
from schemas.subscriber import Context, Event, Outcome, refused

EMPTY = "''"
"""What the collector prints for an empty list, and for the texts of ``EMPTY_SHOWN``."""

EMPTY_SHOWN = frozenset({"hh", "hm", "ht"})
"""Texts whose emptiness is shown; seen in real v9 lines."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""In English whatever the locale (RFC 3164, 4.1.2)."""

Header = Literal["rfc3164", "rfc5424"]

# Control characters (C0, DEL, C1) and the two line separators of Unicode would end a line or move
# a terminal's cursor: an endpoint could write lines of its own.
_UNSAFE = re.compile('["\x00-\x1f\x7f-\x9f\u2028\u2029]')
_UNSAFE_KEY = re.compile(r"[^A-Za-z0-9_.:-]")
_NAMES = 4096
_LARGEST_OCTET = 0xFF


class Line(NamedTuple):
    """One line.

    Attributes:
        octets: Without an end of line.
        cut: Whether something was left out to fit.
    """

    octets: bytes
    cut: bool


class LineWriter:
    """Writes lines with one kind of header."""

    def __init__(
        self,
        priority: int | None,
        header: Header,
        hostname: str,
        zone: ZoneInfo,
        *,
        record_id: bool = False,
    ) -> None:
        """Take what all lines share.

        Args:
            priority: PRI (RFC 5424, 6.2.1); None writes none.
            header: RFC 3164 as the original, or RFC 5424.
            hostname: In the header.
            zone: Of the header's time.
            record_id: Whether ``_id`` stands at the end.
        """
        pri = "" if priority is None else f"<{priority}>"
        self._record_id = record_id
        self._lists = frozenset(key.key for key in load_field_keys().fields if key.form == "list")
        self._head: Callable[[float, str], str] = (
            _Rfc3164(pri, hostname, zone) if header == "rfc3164" else _Rfc5424(pri, hostname, zone)
        )

    def write(self, event: Event, now: float, limit: int = 0) -> Line:
        """Write the line of an event.

        Args:
            event: Of ``flow``, ``endpoint`` or ``interface``, or another record topic.
            now: For the header, seconds since 1970-01-01T00:00:00Z.
            limit: Octets that the line may have; 0: any number.

        Raises:
            ValueError: The value is no JSON object, or not even an empty record fits.
        """
        value = orjson.loads(event.value or b"")
        if not isinstance(value, dict):
            raise ValueError("the value is no JSON object")  # noqa: TRY004 - data, not a type
        head = self._head(now, event.topic)
        tail = f' {META_RECORD_ID}="{event.header(HEADER_RECORD_ID)}"' if self._record_id else ""
        octets = f"{head}{self._pairs(value)}{tail}".encode()
        if not limit or len(octets) <= limit:
            return Line(octets, cut=False)
        room = limit - len(head.encode()) - len(tail.encode())
        return Line(f"{head}{self._cut(value, room)}{tail}".encode(), cut=True)

    def _pairs(self, value: Mapping[str, Any]) -> str:
        heads: list[str] = []
        texts: list[str] = []
        for key, item in value.items():
            kind = type(item)
            if kind is str:
                text = item or (EMPTY if key in EMPTY_SHOWN else "")
                if text and key in self._lists:  # json_values = "strings": the items are joined
                    text += " "
            elif kind is int:
                text = str(item)
            elif kind is list:
                text = "".join([f"{_text(member)} " for member in item]) or EMPTY
            else:
                text = _text(item)
            if text and key[:1] != "_":  # what is ours, by meta = "fields"
                heads.append(_key(key))
                texts.append(text)
        together = "".join(texts)
        # One look at all texts, at the speed of C: most records need no escape.
        if '"' in together or not together.isprintable():
            texts = [_escaped(text) for text in texts]
        return " ".join([f'{head}"{text}"' for head, text in zip(heads, texts, strict=True)])

    def _cut(self, value: Mapping[str, Any], room: int) -> str:
        """The pairs with as many list items as fit, as many of each list: names and hashes pair up.

        Where even empty lists do not help, the longest texts are cut to one length.
        """
        items = max((len(each) for each in value.values() if isinstance(each, list)), default=0)
        shorter = self._largest(items, room, lambda number: _with_items(value, number))
        if shorter is None:
            value = _with_items(value, 0)
            longest = max(
                (len(each) for each in value.values() if isinstance(each, str)), default=0
            )
            shorter = self._largest(longest, room, lambda number: _with_characters(value, number))
        if shorter is None:
            raise ValueError(f"no line of this record fits into {room} octets")
        return shorter

    def _largest(self, most: int, room: int, at: Callable[[int], Mapping[str, Any]]) -> str | None:
        """The pairs at the greatest level that fits, by halving; None where 0 does not fit."""
        found: str | None = None
        low, high = 0, most
        while low <= high:
            middle = (low + high) // 2
            pairs = self._pairs(at(middle))
            if len(pairs.encode()) <= room:
                found, low = pairs, middle + 1
            else:
                high = middle - 1
        return found


class Written(NamedTuple):
    """A line that is to be delivered.

    Attributes:
        at: Index of its event in the call.
        octets: Without an end of line.
    """

    at: int
    octets: bytes


def write_lines(
    writer: LineWriter,
    events: Sequence[Event],
    context: Context,
    limit: int,
    outcomes: list[Outcome],
) -> list[Written]:
    """Write the lines of a call; what is cut and what has none (tombstones) is counted.

    Args:
        writer: Of the lines.
        events: Of the call.
        context: Clock and counters.
        limit: Octets of a line at most; 0: any.
        outcomes: Of the events; where no line can be made, refused.
    """
    now = context.now()
    lines: list[Written] = []
    for index, event in enumerate(events):
        if event.value is None:
            context.count("skipped_records")
            continue
        try:
            line, cut = writer.write(event, now, limit)
        except ValueError as error:
            outcomes[index] = refused(str(error))
            continue
        if cut:
            context.count("cut_records")
        lines.append(Written(index, line))
    return lines


def _with_items(value: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {key: each[:number] if isinstance(each, list) else each for key, each in value.items()}


def _with_characters(value: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {key: each[:number] if isinstance(each, str) else each for key, each in value.items()}


def _text(item: Any) -> str:  # any JSON value
    if isinstance(item, str):
        return item
    return "" if item is None else orjson.dumps(item).decode()


def _escaped(text: str) -> str:
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character == '"':
        return '\\"'
    code = ord(character)
    return f"\\x{code:02x}" if code <= _LARGEST_OCTET else f"\\u{code:04x}"


@lru_cache(maxsize=_NAMES)
def _key(key: str) -> str:
    """``key=``; names that exporters gave to their own elements may hold anything."""
    return _UNSAFE_KEY.sub("_", key) + "="


class _Rfc3164:
    """``<14>Aug 20 09:04:14 host  ``: the second space belongs to the original's line."""

    def __init__(self, pri: str, hostname: str, zone: ZoneInfo) -> None:
        self._pri, self._hostname, self._zone = pri, hostname, zone
        self._second = -1
        self._text = ""

    def __call__(self, now: float, _: str) -> str:
        if int(now) != self._second:
            self._second = int(now)
            at = datetime.fromtimestamp(self._second, self._zone)
            stamp = f"{MONTHS[at.month - 1]} {at.day:2} {at:%H:%M:%S}"
            self._text = f"{self._pri}{stamp} {self._hostname}  "
        return self._text


class _Rfc5424:
    """``<14>1 2018-08-20T09:04:14.000000+00:00 host envizzy - flow - ``."""

    def __init__(self, pri: str, hostname: str, zone: ZoneInfo) -> None:
        self._pri, self._hostname, self._zone = pri, hostname or "-", zone

    def __call__(self, now: float, topic: str) -> str:
        stamp = datetime.fromtimestamp(now, self._zone).isoformat(timespec="microseconds")
        return f"{self._pri}1 {stamp} {self._hostname} envizzy - {topic} - "
