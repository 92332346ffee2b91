"""A layout and a Plan compiled to one Python function (design: 14 µs a flow for all of the work).

One struct for each run of fixed fields, the length octet of a following variable-length field
included; straight-line code for the rest; the output dictionary in one display where no derived
value can be missing. The interpreted path stays the authority: whatever is out of the ordinary
raises ``CannotRead``, and a property test compares the two.
"""

import struct
from collections.abc import Iterator
from typing import Any

from streams.wire.columns import Reading, reading
from streams.wire.memo import Memo
from streams.wire.model import (
    VARIABLE_LENGTH,
    BoundTemplate,
    CannotRead,
    Column,
    Limits,
    Plan,
    RecordReader,
)

_DEFAULT_LIMITS = Limits()

_OUT_OF_THE_ORDINARY = (IndexError, struct.error, UnicodeDecodeError)
"""Past the payload, or ill-formed text; past the Set but in the payload is checked at the end."""


def compile_plan(
    bound: BoundTemplate, plan: Plan, limits: Limits = _DEFAULT_LIMITS
) -> RecordReader | None:
    """Compile a layout: about 0.1 ms a field, so it is worth it after some hundred records.

    Args:
        bound: The layout.
        plan: Its output.
        limits: As for the interpreted path.

    Returns:
        The reader; None where the layout cannot be compiled (subTemplateLists, whose Templates
        may change; records of no octets). It holds at most 8,192 entries and 1 MiB of keys a field.
    """
    if not bound.minimum_length:
        return None
    readings: list[Reading] = []
    for item in bound.fields:
        how = reading(item, bound.registry, limits)
        if how is None:
            return None
        readings.append(how)
    tighter = limits.list_members < _DEFAULT_LIMITS.list_members or not limits.list_depth
    if tighter and any(how.checked for how in readings):
        # The limit counts the members of all lists of a record; compiled lists are read alone.
        return None
    return _Source(bound, plan, readings).compiled()


class _Source:
    """The lines of one function and the objects that they name."""

    def __init__(self, bound: BoundTemplate, plan: Plan, readings: list[Reading]) -> None:
        self._bound = bound
        self._plan = plan
        self._readings = readings
        self._wanted = {column.index for column in plan.columns}
        self._names: dict[str, Any] = {
            "CannotRead": CannotRead,
            "OUT_OF_THE_ORDINARY": _OUT_OF_THE_ORDINARY,
        }

    def compiled(self) -> RecordReader:
        body = [*self._fields(), *self._output()]
        lines = [
            "def read(payload, start, end):",
            " out = []",
            " p = start",
            " try:",
            f"  while end - p >= {self._bound.minimum_length}:",
            *("   " + line for line in body),
            " except OUT_OF_THE_ORDINARY as error:",
            "  raise CannotRead from error",
            " return out",
        ]
        code = compile("\n".join(lines), "<layout>", "exec")
        exec(code, self._names)  # noqa: S102 - made of numbers, our own names and repr() of keys
        reader: RecordReader = self._names["read"]
        return reader

    def _is_read(self, index: int) -> bool:
        return index in self._wanted or self._readings[index].checked

    def _fields(self) -> Iterator[str]:
        """Lines that leave ``v0``, ``v1`` ... and ``p`` behind the record."""
        codes = ""
        targets: list[str] = []
        for index, item in enumerate(self._bound.fields):
            how = self._readings[index]
            if item.length != VARIABLE_LENGTH:
                if self._is_read(index):
                    codes += how.code
                    targets.append(f"r{index}")
                else:
                    codes += f"{item.length}x"
                continue
            yield from self._run(codes + "B", [*targets, "n"])
            codes, targets = "", []
            yield "if n == 255: n = payload[p] << 8 | payload[p + 1]; p += 2"
            if self._is_read(index):
                yield f"r{index} = payload[p:(p := p + n)]"
            else:
                yield "p += n"
        if codes:
            yield from self._run(codes, targets)
        # A field past the Set's end must not reach a reader that would judge (or remember) it.
        yield "if p > end: raise CannotRead"
        for index, how in enumerate(self._readings):
            if not self._is_read(index):
                continue
            expression = how.expression
            if how.helper is not None:
                self._names[f"h{index}"] = how.helper
                expression = expression.replace("_", f"h{index}", 1)
            if expression != "{}":
                yield f"r{index} = {expression.format(f'r{index}')}"

    def _run(self, codes: str, targets: list[str]) -> Iterator[str]:
        size = struct.calcsize(">" + codes)
        if codes == "B":
            yield f"{targets[0]} = payload[p]; p += 1" if targets else "p += 1"
            return
        if targets:
            name = f"s{len(self._names)}"
            self._names[name] = struct.Struct(">" + codes).unpack_from
            yield f"{', '.join(targets)}, = {name}(payload, p)"
        yield f"p += {size}"

    def _output(self) -> Iterator[str]:
        keys = [key for key, _ in self._plan.constants]
        keys += [column.key for column in self._plan.columns]
        items = []
        for number, (key, value) in enumerate(self._plan.constants):
            self._names[f"k{number}"] = value
            items.append((key, f"k{number}", False))
        for number, column in enumerate(self._plan.columns):
            items.append((column.key, self._column(number, column), column.derive is not None))
        if len(set(keys)) < len(keys):
            # A repeated key keeps its first place and takes the last value: one at a time.
            yield "d = {}"
            for key, expression, may_lack in items:
                yield f"x = {expression}"
                yield f"{'if x is not None: ' if may_lack else ''}d[{key!r}] = x"
            yield "out.append(d)"
            return
        # A display of more than 15 pairs is made in pieces that are merged; a copy that has all
        # keys in their order is a third cheaper.
        self._names["blank"] = dict.fromkeys(keys).copy
        yield "d = blank()"
        for number, (key, expression, may_lack) in enumerate(items):
            yield f"{f'x{number} = ' if may_lack else ''}d[{key!r}] = {expression}"
        for number, (key, _, may_lack) in enumerate(items):
            if may_lack:
                yield f"if x{number} is None: del d[{key!r}]"
        yield "out.append(d)"

    def _column(self, number: int, column: Column) -> str:
        value = f"r{column.index}"
        if column.derive is None:
            return value
        name = f"c{number}"
        if self._readings[column.index].memoise:
            self._names[name] = Memo(column.derive)
            return f"{name}[{value}]"
        self._names[name] = column.derive
        return f"{name}({value})"
