"""A layout and a Plan compiled to one Python function (design: 14 µs a flow for all of the work).

One struct for each run of fixed fields, the length octet of a following variable-length field
included; straight-line code for the rest; the output dictionary in one display where no derived
value can be missing. The interpreted path stays the authority: whatever is out of the ordinary
raises ``CannotRead``, and a property test compares the two.
"""

from collections.abc import Iterator

from streams.wire.columns import Reading
from streams.wire.fields import FieldSource, readings_of
from streams.wire.memo import Memo
from streams.wire.model import BoundTemplate, Column, Limits, Plan, RecordReader

_DEFAULT_LIMITS = Limits()


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
    readings = readings_of(bound, limits)
    return None if readings is None else _Source(bound, plan, readings).compiled()


class _Source:
    """The lines of one function and the objects that they name."""

    def __init__(self, bound: BoundTemplate, plan: Plan, readings: list[Reading]) -> None:
        self._bound = bound
        self._plan = plan
        self._readings = readings
        self._fields = FieldSource(bound, readings, {column.index for column in plan.columns})
        self._names = self._fields.names

    def compiled(self) -> RecordReader:
        body = [*self._fields.lines(), *self._output()]
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
