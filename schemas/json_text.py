"""Reads JSON that people write, and says what is wrong with it by line and column.

The collector's files are edited by hand; its manual's own examples have commas too many, quotes
of a word processor and missing brackets. So reading goes on behind a mistake where it is clear
what was meant, and every value keeps its place: a setting that is wrong can be pointed at.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from schemas.json_nodes import Mistake, Node, Place, Read

MAXIMUM_DEPTH: Final = 32
"""Objects and lists within each other; no file of ours has more than five."""

MAXIMUM_MISTAKES: Final = 25
"""Reading stops then: what follows is noise."""

_SPACE = re.compile(r"[ \t\r\n\ufeff\u00a0]+")
_COMMENT = re.compile(r"//[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![\w.+-])")
_WORD = re.compile(r"[^\s,:{}\[\]\"“”„\u2018\u2019'#]+(?:[^\S\n]*:[^\s,{}\[\]\"]+)?")
_KEY_WORD = re.compile(r"[^\s,:{}\[\]\"“”„\u2018\u2019']+")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_HEX4 = re.compile(r"[0-9A-Fa-f]{4}")
_CLOSERS: Final = {"{": "}", "[": "]"}
_SINGLE = "\u2018\u2019"
_WRONG_QUOTES: Final = {
    **dict.fromkeys("“”„", "“”"),
    **dict.fromkeys(_SINGLE, _SINGLE),
    "'": "'",
}
_ESCAPES: Final = {
    **{each: each for each in '"\\/'},
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_WORDS: Final = {"true": True, "false": False, "null": None}
_MEANT: Final = {"yes": "true", "on": "true", "no": "false", "off": "false", "none": "null"}
_SHOWN = 40
_MAXIMUM_DIGITS = 40


def read_json(text: str) -> Read:
    """Read one JSON document.

    Args:
        text: Of the file.
    """
    reader = _Reader(text)
    try:
        node = reader.document()
    except _StopReadingError:
        node = None
    return Read(node, tuple(reader.mistakes))


class _StopReadingError(Exception):
    """Nothing more can be made of it; the mistake is noted."""


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    mistakes: list[Mistake] = field(default_factory=list)
    _open: list[tuple[str, int]] = field(default_factory=list)
    _ended: bool = False
    """Whether it was said that the text ends too early: once is enough."""
    _lines: list[int] = field(init=False)

    def __post_init__(self) -> None:
        starts = [match.end() for match in re.finditer(r"\n", self.text)]
        self._lines = [0, *starts]

    def document(self) -> Node:
        self._space()
        if self.at >= len(self.text):
            self._wrong(self.at, "an empty file", "an object: { ... }")
            raise _StopReadingError
        begin = self.at
        node = self._value()
        self._space()
        if isinstance(node.value, str) and self._peek() in {":", ","}:
            # a fragment out of a manual: the members without their braces
            self._wrong(begin, _shown(node.value), "'{' before the first key")
            self.at = begin
            self._open.append(("{", begin))
            node = self._members(begin)
            self._open.pop()
            self._space()
        if self.at < len(self.text):
            self._wrong(self.at, self._word(), "nothing behind the end of the outermost value")
        return node

    def _value(self) -> Node:
        self._space()
        begin, first = self.at, self._peek()
        place = self._place(begin)
        if first in _CLOSERS:
            return self._container(first)
        if first == '"' or first in _WRONG_QUOTES:
            return Node(self._string(), place)
        number = _NUMBER.match(self.text, begin)
        if number is not None and number.end() - begin <= _MAXIMUM_DIGITS:
            self.at = number.end()
            whole = number[1] is None and number[2] is None
            return Node(int(number[0]) if whole else float(number[0]), place)
        return Node(self._bare(), place)

    def _container(self, opener: str) -> Node:
        begin = self.at
        if len(self._open) >= MAXIMUM_DEPTH:
            self._wrong(begin, repr(opener), f"at most {MAXIMUM_DEPTH} levels")
            raise _StopReadingError
        self.at += 1
        self._open.append((opener, begin))
        node = self._members(begin) if opener == "{" else self._items(begin)
        self._open.pop()
        return node

    def _members(self, begin: int) -> Node:
        members: list[tuple[str, Place, Node]] = []
        seen: dict[str, Place] = {}
        for _ in self._entries("}"):
            start = self.at
            place = self._place(start)
            key = self._key()
            self._space()
            if self._peek() == ":":
                self.at += 1
            elif self._peek() == "=":
                self._wrong(self.at, "'='", "':' between key and value")
                self.at += 1
            elif self._peek():
                self._wrong(self.at, self._word(), f"':' behind the key {_shown(key)}")
            else:  # half a key, or what a missing quote made of the rest
                continue
            if key in seen:
                first = seen[key]
                self._wrong(
                    start,
                    f"the key {_shown(key)} for the second time",
                    f"each key once (the first is in line {first.line})",
                )
            seen.setdefault(key, place)
            self._space()
            if self._peek() in {"}", ",", ""}:
                self._wrong(self.at, self._word(), f"a value for {_shown(key)}")
                members.append((key, place, Node(None, self._place(self.at))))
                continue
            members.append((key, place, self._value()))
        value = {key: node.value for key, _, node in members}
        return Node(value, self._place(begin), members=tuple(members))

    def _items(self, begin: int) -> Node:
        items = [self._value() for _ in self._entries("]")]
        return Node([item.value for item in items], self._place(begin), items=tuple(items))

    def _entries(self, closer: str) -> Iterator[None]:
        """Stand at each entry in turn; consume commas and the closer."""
        comma = -1  # where the comma before this entry stands
        first = True
        while True:
            self._space()
            before, here = self.at, self._peek()
            if here == ",":
                if first or comma >= 0:
                    self._wrong(self.at, "','", "an entry before it")
                comma = self.at
                self.at += 1
                continue
            if here in {"}", "]", ""}:
                if comma >= 0 and here:
                    self._wrong(comma, f"',' before '{here}'", "no comma behind the last entry")
                self._close(closer)
                return
            if not first and comma < 0:
                self._wrong(self.at, self._word(), f"',' before it, or '{closer}'")
            first, comma = False, -1
            yield
            if self.at == before:  # nothing was consumed: it would never end
                self._wrong(self.at, self._word(), f"',' or '{closer}'")
                raise _StopReadingError

    def _close(self, closer: str) -> None:
        here = self._peek()
        if here == closer:
            self.at += 1
        elif not here:
            if not self._ended:
                self._ended = True
                wanted = ", ".join(self._closer(each) for each in reversed(self._open))
                self._wrong(self.at, "the end of the file", wanted)
        else:
            self._wrong(self.at, f"'{here}'", self._closer(self._open[-1]))
            if not any(_CLOSERS[outer] == here for outer, _ in self._open[:-1]):
                self.at += 1  # mistyped; else it closes what is around this

    def _closer(self, opened: tuple[str, int]) -> str:
        opener, begin = opened
        place = self._place(begin)
        return (
            f"'{_CLOSERS[opener]}' for the '{opener}' in line {place.line}, column {place.column}"
        )

    def _key(self) -> str:
        if self._peek() == '"' or self._peek() in _WRONG_QUOTES:
            return self._string()
        word = _KEY_WORD.match(self.text, self.at)
        if word is None:
            self._wrong(self.at, self._word(), "a key in double quotes")
            raise _StopReadingError
        self._wrong(self.at, word[0][:_SHOWN], f'a key in double quotes: "{word[0][:_SHOWN]}"')
        self.at = word.end()
        return word[0]

    def _string(self) -> str:
        begin, opener = self.at, self._peek()
        self.at += 1
        if opener != '"':
            return self._misquoted(begin, opener)
        parts: list[str] = []
        while True:
            plain = _PLAIN.match(self.text, self.at)
            if plain is not None:
                parts.append(plain[0])
                self.at = plain.end()
            here = self._peek()
            if here == '"':
                self.at += 1
                return "".join(parts)
            if here == "\\":
                parts.append(self._escape())
            elif here in {"", "\n", "\r"}:
                self._wrong(begin, "a text without end", "'\"' at its end, in the same line")
                return "".join(parts).rstrip().rstrip(",")
            else:
                self._wrong(self.at, f"the control character {ord(here):#04x}", "an escape: \\t")
                parts.append(here)
                self.at += 1

    def _misquoted(self, begin: int, opener: str) -> str:
        """Read a text between quotes that JSON does not know."""
        closers = _WRONG_QUOTES[opener] + '"'
        match = re.compile(f"[^{closers}\\n]*").match(self.text, self.at)
        text = match[0] if match else ""
        self._wrong(begin, f"the quote {opener}", f'double quotes: "{text[:_SHOWN]}"')
        self.at += len(text)
        if self._peek() in set(closers):
            self.at += 1
        return text

    def _escape(self) -> str:
        begin = self.at
        kind = self.text[begin + 1 : begin + 2]
        if kind == "u":
            digits = _HEX4.match(self.text, begin + 2)
            if digits is not None:
                self.at = digits.end()
                return self._surrogate(int(digits[0], 16))
        elif kind in _ESCAPES:
            self.at += 2
            return _ESCAPES[kind]
        self._wrong(begin, f"\\{kind}", f"\\\\{kind} (a backslash is written twice)")
        self.at += 1
        return "\\"

    def _surrogate(self, unit: int) -> str:
        """Join two halves of a character beyond U+FFFF."""
        low = re.compile(r"\\u([dD][c-fC-F][0-9A-Fa-f]{2})").match(self.text, self.at)
        if 0xD800 <= unit < 0xDC00 and low is not None:  # noqa: PLR2004 - UTF-16 (RFC 8259, 7)
            self.at = low.end()
            return chr(0x10000 + ((unit - 0xD800) << 10) + int(low[1], 16) - 0xDC00)
        return "\ufffd" if 0xD800 <= unit < 0xE000 else chr(unit)  # noqa: PLR2004

    def _bare(self) -> object:
        """Read a word without quotes; only three of them are JSON."""
        word = _WORD.match(self.text, self.at)
        if word is None:
            self._wrong(self.at, self._word(), "a value")
            raise _StopReadingError
        text = word[0]
        if text in _WORDS:
            self.at = word.end()
            return _WORDS[text]
        meant = _MEANT.get(text.lower(), text.lower())
        if meant in _WORDS:
            self._wrong(self.at, text, meant)
            self.at = word.end()
            return _WORDS[meant]
        if re.fullmatch(r"\+?[0-9]{1,20}", text):
            self._wrong(self.at, text, f"{int(text)} (no sign, no zero in front)")
            self.at = word.end()
            return int(text)
        shown = text[:_SHOWN]
        self._wrong(self.at, shown, f'a text in double quotes: "{shown}"; or a number, true, false')
        self.at = word.end()
        return text

    def _space(self) -> None:
        while True:
            space = _SPACE.match(self.text, self.at)
            if space is not None:
                self.at = space.end()
            comment = _COMMENT.match(self.text, self.at)
            if comment is None:
                return
            self._wrong(self.at, "a comment", "none: JSON has no comments")
            self.at = comment.end()

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _word(self) -> str:
        here = self._peek()
        if not here:
            return "the end of the file"
        if here == '"':
            end = self.text.find('"', self.at + 1, self.at + _SHOWN)
            return self.text[self.at : end + 1] if end > 0 else "a text"
        if here in "{}[],:":
            return f"'{here}'"
        return re.split(r"[\s,:{}\[\]]", self.text[self.at :], maxsplit=1)[0][:_SHOWN]

    def _place(self, at: int) -> Place:
        line = bisect_right(self._lines, at)
        return Place(line, at - self._lines[line - 1] + 1)

    def _wrong(self, at: int, found: str, expected: str) -> None:
        self.mistakes.append(Mistake(self._place(at), found, expected))
        if len(self.mistakes) >= MAXIMUM_MISTAKES:
            raise _StopReadingError


def _shown(text: str) -> str:
    return '"' + (text if len(text) <= _SHOWN else text[:_SHOWN] + "...") + '"'
