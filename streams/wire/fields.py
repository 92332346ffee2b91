"""Source text that reads the fields of a record into local variables, for compiled layouts."""

import struct
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from streams.wire.columns import Reading, reading
from streams.wire.model import VARIABLE_LENGTH, BoundTemplate, CannotRead, Limits

_DEFAULT_LIMITS = Limits()

OUT_OF_THE_ORDINARY = (IndexError, struct.error, UnicodeDecodeError)
"""Past the payload, or ill-formed text; past the Set but in the payload is checked at the end."""


def readings_of(bound: BoundTemplate, limits: Limits) -> list[Reading] | None:
    """Say how each field of a layout is read; None where the layout cannot be compiled.

    Args:
        bound: The layout.
        limits: As for the interpreted path.
    """
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
    return readings


class FieldSource:
    """Lines that read one record, and the objects that they name.

    The lines take ``payload``, ``p`` (of the record's first octet) and ``end``; they leave the
    output values of the wanted fields in ``r0``, ``r1`` ... and ``p`` behind the record.

    Attributes:
        names: The name space; whoever writes more lines adds to it.
    """

    def __init__(
        self, bound: BoundTemplate, readings: list[Reading], wanted: AbstractSet[int]
    ) -> None:
        self._bound = bound
        self._readings = readings
        self._wanted = wanted
        self.names: dict[str, Any] = {
            "CannotRead": CannotRead,
            "OUT_OF_THE_ORDINARY": OUT_OF_THE_ORDINARY,
        }

    @property
    def is_fixed(self) -> bool:
        """Whether all records have the same length."""
        return all(item.length != VARIABLE_LENGTH for item in self._bound.fields)

    def unpacking(self) -> tuple[struct.Struct, str]:
        """Of a layout with ``is_fixed``: the struct of a record, and the variables it gives."""
        codes, targets = "", []
        for index, item in enumerate(self._bound.fields):
            if self._is_read(index):
                codes += self._readings[index].code
                targets.append(f"r{index},")
            else:
                codes += f"{item.length}x"
        return struct.Struct(">" + codes), " ".join(targets) or "_"

    def conversions(self) -> Iterator[str]:
        """Lines that make output values of what was unpacked."""
        for index, how in enumerate(self._readings):
            if not self._is_read(index):
                continue
            expression = how.expression
            if how.helper is not None:
                self.names[f"h{index}"] = how.helper
                expression = expression.replace("_", f"h{index}", 1)
            if expression != "{}":
                yield f"r{index} = {expression.format(f'r{index}')}"

    def lines(self) -> Iterator[str]:
        """All of them."""
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
        yield from self.conversions()

    def _is_read(self, index: int) -> bool:
        return index in self._wanted or self._readings[index].checked

    def _run(self, codes: str, targets: list[str]) -> Iterator[str]:
        size = struct.calcsize(">" + codes)
        if codes == "B":
            yield f"{targets[0]} = payload[p]; p += 1" if targets else "p += 1"
            return
        if targets:
            name = f"s{len(self.names)}"
            self.names[name] = struct.Struct(">" + codes).unpack_from
            yield f"{', '.join(targets)}, = {name}(payload, p)"
        yield f"p += {size}"
