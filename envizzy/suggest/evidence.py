"""What speaks for a column being a certain field: points, each with its reason.

Each reader looks at the column and at the fields that are known beside it. Points are additive:
``SURE`` of them cannot come from the form of the values alone.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from envizzy.suggest.column import Column, decides
from envizzy.suggest.samples import Sample

NEARLY_ALL: Final = 0.98
"""Share of records that counts as all of them: clients err, times are cut."""

FEW: Final = 5
"""Records that tell nothing yet."""

_MS: Final = 1000
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 7_258_118_400_000  # 2000 to 2200
_INTEGRITY = frozenset({0, 4096, 8192, 8448, 12288, 16384, 20480})
_SYSTEM_LEVEL, _HIGH_LEVEL, _ELEVATED = 16384, 12288, 0x2000
_SYSTEM = re.compile(r"NT AUTHORITY\\", re.IGNORECASE)
_VERSION = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,5}(\.\d{1,6})?")
_GUID = re.compile(r"\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_SESSION = re.compile(rb"[A-Za-z]{2,12}:[0-9A-Fa-f]{4}:.+", re.DOTALL)
_SWITCH = re.compile(r"(^|\s)(-{1,2}|/)\w")
_GUID_OCTETS = 16
_MINUTE, _HOUR = 60, 3600
_SMALL = 65_536


class Point(NamedTuple):
    """One thing that speaks for a field, or against it.

    Attributes:
        points: Below 0: against.
        reason: For people.
    """

    points: float
    reason: str


Points = list[Point]


class Beside(NamedTuple):
    """What is taken for known while a column is looked at.

    Attributes:
        pid: The column of the process id, where it is found already.
        ppid: Of the parent's.
    """

    pid: Column | None = None
    ppid: Column | None = None


def _milliseconds(column: Column) -> bool:
    return bool(column.numbers) and all(_EARLIEST_MS < n < _LATEST_MS for n in column.numbers)


def _instant(column: Column, key: str, other: str) -> Points:
    """Milliseconds of the same instants as seconds that are known."""
    if not _milliseconds(column):
        return []
    here = column.share(lambda value, sample: _same_second(value, sample, key))
    there = column.share(lambda value, sample: _same_second(value, sample, other))
    count = len(column.samples)
    if here < NEARLY_ALL:
        return []
    points = [Point(5, f"milliseconds of the second in {key} in {here:.0%} of {count} records")]
    apart = sum(1 for each in column.samples if each.known.get(key) != each.known.get(other))
    if there < NEARLY_ALL:
        points.append(Point(4, f"of that in {other} in {there:.0%} only"))
    elif apart < FEW:
        points.append(Point(-1, f"{key} and {other} hardly differ here"))
    return points


def _same_second(value: int, sample: Sample, key: str) -> bool:
    return value // _MS == sample.known.get(key)


def _ctm(column: Column, _: Beside) -> Points:
    if not _milliseconds(column):
        return []
    near = column.share(lambda value, sample: abs(value / _MS - sample.export_time) < _HOUR)
    close = column.share(lambda value, sample: abs(value / _MS - sample.export_time) < _MINUTE)
    if close >= NEARLY_ALL:
        return [Point(7, f"milliseconds within a minute of the export time in {close:.0%}")]
    return [Point(4, f"milliseconds near the export time in {near:.0%}")] if near > 0.5 else []  # noqa: PLR2004 - half


def _agv(column: Column, _: Beside) -> Points:
    texts = [text for text in column.texts if text]
    if not texts or not all(_VERSION.fullmatch(text) for text in texts):
        return []
    if any(
        text == each.known.get("osv") for text, each in zip(texts, column.samples, strict=False)
    ):
        return [Point(1, "a version, but equal to that of the operating system")]
    return [Point(7, f"a version as the manual has it (major.minor.build): {texts[0]}")]


def _ampguid(column: Column, _: Beside) -> Points:
    texts = [text for text in column.texts if text]
    if texts and all(_GUID.fullmatch(text) for text in texts):
        return [Point(7, f"a GUID: {texts[0]}")]
    if column.length == _GUID_OCTETS and any(any(each) for each in column.octets):
        return [Point(4, "16 octets, as a GUID has")]
    if column.texts and not texts:
        return [Point(1.5, "always empty, as it is without Secure Endpoint")]
    return []


def _aliul(column: Column, _: Beside) -> Points:
    if not column.lists:
        return []
    members = [member for each in column.lists for member in each.members]
    if members and all(map(_SESSION.fullmatch, members)):
        return [Point(9, "a list of SESSION:TYPE:ACCOUNT as the manual has it")]
    if members:
        return []
    return [Point(3, "a list that is always empty here")]


def _path(column: Column, name: str, other: str) -> Points:
    """A path ends in the program's name."""
    filled = [
        (text, each)
        for text, each in zip(column.texts, column.samples, strict=False)
        if text and each.known.get(name)
    ]
    if not filled:
        return []
    ends = sum(_ends(text, each, name) for text, each in filled) / len(filled)
    if ends < 0.9:  # noqa: PLR2004 - some processes have no path
        return []
    points = [Point(5, f"ends in {name} in {ends:.0%} of {len(filled)} records")]
    telling = [
        (text, each) for text, each in filled if each.known.get(name) != each.known.get(other)
    ]
    if telling:
        other_ends = sum(_ends(text, each, other) for text, each in telling) / len(telling)
        points.append(Point(4 * (1 - other_ends), f"and not in {other} in {1 - other_ends:.0%}"))
    if sum(1 for text, _ in filled if "\\" in text or "/" in text) < len(filled) / 2:
        points.append(Point(-4, "mostly without folders"))
    return points


def _ends(text: str, sample: Sample, key: str) -> bool:
    name = str(sample.known.get(key, "")).lower()
    return bool(name) and re.split(r"[\\/]", text.lower())[-1] == name


def _machine(column: Column) -> list[object]:
    return [each.known.get("udid") for each in column.samples]


def _known(column: Column, *keys: str) -> list[tuple[object, ...]]:
    return [tuple(str(each.known.get(key)) for key in keys) for each in column.samples]


def _is_id(column: Column) -> bool:
    numbers = set(column.numbers)
    return (
        column.length in {2, 4, 8}
        and len(numbers) > 1
        and not numbers <= _INTEGRITY
        and not _milliseconds(column)
        and max(numbers) < 1 << 32
    )


def _pid(column: Column, _: Beside) -> Points:
    if not _is_id(column):
        return []
    own, groups = decides(column.numbers, _known(column, "pn", "ph"), _machine(column))
    parent, _groups = decides(column.numbers, _known(column, "ppn", "pph"), _machine(column))
    spread, _groups = decides(_known(column, "pn"), column.numbers, _machine(column))
    if groups < FEW or min(own, parent) < NEARLY_ALL:
        return []
    points = [Point(4, f"a number of one program and one parent each, {groups} seen repeatedly")]
    if len(set(column.numbers)) > FEW:
        points.append(Point(1, f"{len(set(column.numbers))} values"))
    if spread < 0.9:  # noqa: PLR2004 - a program runs several times
        points.append(Point(2, "several of them for one program"))
    return points + _windows(column)


def _ppid(column: Column, beside: Beside) -> Points:
    if not _is_id(column):
        return []
    own, _groups = decides(column.numbers, _known(column, "pn", "ph"), _machine(column))
    parent, groups = decides(column.numbers, _known(column, "ppn", "pph"), _machine(column))
    if groups < FEW or parent < NEARLY_ALL:
        return []
    points = [Point(3, f"a number of one parent program each, {groups} seen repeatedly")]
    if own < NEARLY_ALL:
        points.append(Point(4, f"each with several programs (one in {own:.0%})"))
    if beside.pid is not None and beside.pid is not column:
        points += _parent_of(column, beside.pid)
    return points + _windows(column)


def _parent_of(column: Column, pid: Column) -> Points:
    """A process has one parent, a parent several children."""
    both = [
        (each.unknown[column.identity], each.unknown[pid.identity], each.known.get("udid"))
        for each in column.samples
        if pid.identity in each.unknown
    ]
    if not both:
        return []
    parents, children, machines = zip(*both, strict=True)
    up, _ = decides(children, parents, machines)
    down, _ = decides(parents, children, machines)
    if up >= NEARLY_ALL and down < 0.95:  # noqa: PLR2004 - clearly less
        return [Point(2, f"one for each {pid.name}, which has several for one of them")]
    return []


def _windows(column: Column) -> Points:
    fours = column.share(lambda value, _: value % 4 == 0)
    return [Point(0.5, "multiples of four, as Windows gives")] if fours > 0.7 else []  # noqa: PLR2004 - most machines


def _level(column: Column, account: str, kind: str) -> Points:
    """An integrity level goes with the account that a process runs as."""
    if not column.numbers or not set(column.numbers) <= _INTEGRITY or column.length == 1:
        return []
    if not set(column.numbers) & {8192, _HIGH_LEVEL, _SYSTEM_LEVEL}:
        return []
    points = [Point(3, f"integrity levels of Windows: {sorted(set(column.numbers))}")]
    fits = column.share(lambda value, sample: _level_fits(value, sample, account, kind))
    if len(set(column.numbers)) > 1 and fits > 0.8:  # noqa: PLR2004 - most
        points.append(Point(5 * fits, f"as {account} and {kind} let expect in {fits:.0%}"))
    return points


def _level_fits(value: int, sample: Sample, account: str, kind: str) -> bool:
    if _SYSTEM.match(str(sample.known.get(account, ""))):
        return value >= _SYSTEM_LEVEL
    elevated = int(sample.known.get(kind) or 0) & _ELEVATED
    return value == _HIGH_LEVEL if elevated else value < _HIGH_LEVEL


def _fsg(column: Column, _: Beside) -> Points:
    values = set(column.numbers)
    if not values or not values <= {0, 1, 2} or len(values) < 2:  # noqa: PLR2004 - stages
        return []
    starts = [
        each for value, each in zip(column.numbers, column.samples, strict=True) if value == 1
    ]
    others = [
        each for value, each in zip(column.numbers, column.samples, strict=True) if value != 1
    ]
    if not starts or not others:
        return []
    zero = sum(map(_is_still, starts)) / len(starts)
    moved = 1 - sum(map(_is_still, others)) / len(others)
    points = [Point(2, f"stages {sorted(values)}")]
    if zero >= NEARLY_ALL and moved > 0.5:  # noqa: PLR2004 - most
        points.append(Point(6 * moved, f"1 where no octet was counted yet ({len(starts)} records)"))
    else:
        points.append(Point(-2, "but 1 also where octets were counted"))
    return points


def _is_still(sample: Sample) -> bool:
    return not sample.known.get("ibc") and not sample.known.get("obc")


def _arguments(column: Column, key: str, beside: Beside) -> Points:
    """Arguments: text that goes with the process, or with its parent."""
    filled = [text for text in column.texts if text]
    if not filled or _looks_like_path(column):
        return []
    switches = sum(1 for text in filled if _SWITCH.search(text)) / len(filled)
    if switches < 0.3:  # noqa: PLR2004 - a third
        return []
    points = [Point(3, f"text with switches in {switches:.0%}: {filled[0][:40]!r}")]
    machine = _machine(column)
    own = _ids(column, beside.pid) or _known(column, "pn")
    parent = _ids(column, beside.ppid) or _known(column, "ppn", "ppa")
    by_own, groups = decides(own, column.texts, machine)
    by_parent, parents = decides(parent, column.texts, machine)
    several = beside.pid is not None and beside.ppid is not None
    if key == "parg" and groups >= FEW and by_own >= NEARLY_ALL:
        points.append(Point(2, "the same for each process"))
        if by_parent < NEARLY_ALL and several:
            points.append(Point(4, f"and not for each parent ({by_parent:.0%})"))
    if key == "pparg" and parents >= FEW and by_parent >= NEARLY_ALL:
        points.append(Point(4, "the same for each parent"))
        varied = len(set(zip(machine, column.texts, strict=True))) > len(set(machine))
        if several and varied:
            points.append(Point(2, "whatever its children are"))
    if key == "pparg" and by_parent < NEARLY_ALL:
        points.append(Point(-4, "differs for one parent"))
    return points


def _ids(column: Column, beside: Column | None) -> list[object]:
    if beside is None or beside is column:
        return []
    found: list[object] = [each.unknown.get(beside.identity) for each in column.samples]
    return [] if None in found else found


def _looks_like_path(column: Column) -> bool:
    return any(
        point.points >= 5  # noqa: PLR2004 - it ends in the name
        for pair in (("pn", "ppn"), ("ppn", "pn"))
        for point in _path(column, *pair)
    )


def _puid(column: Column, beside: Beside) -> Points:
    if column.length != _GUID_OCTETS or not column.octets:
        return []
    zeros = column.share(lambda value, _: not any(value))
    if zeros > 0.5 or len(set(column.octets)) < FEW:  # noqa: PLR2004 - half
        return []
    own = _ids(column, beside.pid) or _known(column, "pn", "ppn")
    one, groups = decides(column.octets, own, _machine(column))
    if groups >= FEW and one >= NEARLY_ALL:
        return [Point(5, "16 octets, of one process each"), Point(1, f"{groups} seen repeatedly")]
    return []


def _eveuuid(column: Column, _: Beside) -> Points:
    if column.length != _GUID_OCTETS or not column.octets:
        return []
    zeros = column.share(lambda value, _: not any(value))
    return [Point(4, f"16 octets, zeros in {zeros:.0%}")] if zeros > 0.5 else []  # noqa: PLR2004 - half


Reader = Callable[[Column, Beside], Points]

READERS: Final[Mapping[str, tuple[str, Reader]]] = {
    "agv": ("E", _agv),
    "ampguid": ("E", _ampguid),
    "ctm": ("EI", _ctm),
    "fsms": ("F", lambda column, _: _instant(column, "fss", "fes")),
    "fems": ("F", lambda column, _: _instant(column, "fes", "fss")),
    "pid": ("F", _pid),
    "ppid": ("F", _ppid),
    "ppath": ("F", lambda column, _: _path(column, "pn", "ppn")),
    "pppath": ("F", lambda column, _: _path(column, "ppn", "pn")),
    "parg": ("F", lambda column, beside: _arguments(column, "parg", beside)),
    "pparg": ("F", lambda column, beside: _arguments(column, "pparg", beside)),
    "aliul": ("F", _aliul),
    "pil": ("F", lambda column, _: _level(column, "pa", "puat")),
    "ppil": ("F", lambda column, _: _level(column, "ppa", "ppuat")),
    "fsg": ("F", _fsg),
    "puid": ("F", _puid),
    "eveuuid": ("F", _eveuuid),
}
"""Field key to the letters of the records that have it, and to what looks for it."""
