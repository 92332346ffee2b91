"""``acnvmlog.conf`` (log4cplus): levels and appenders as ``[logs]``."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from envizzy.acnvm.model import Imported, Said
from schemas.json_nodes import Place

_LINE = re.compile(r"\s*([^=:\s]+)\s*[=:]\s*(.*?)\s*")
_LEVELS: Final[Mapping[str, str]] = {
    "ALL": "debug",
    "TRACE": "debug",
    "DEBUG": "debug",
    "INFO": "info",
    "WARN": "warning",
    "ERROR": "error",
    "FATAL": "error",
    "OFF": "error",
}
_SIZE: Final = re.compile(r"([0-9]{1,15})\s*(KB|MB|GB)?", re.IGNORECASE)
_UNITS: Final[Mapping[str, int]] = {"": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_MOST_FILES = 1000
_APPENDER = "log4cplus.appender."
_ROOT = "log4cplus.rootLogger"


class _Line(NamedTuple):
    value: str
    place: Place


def import_log_conf(path: Path, text: str, into: Imported) -> None:
    """Read the collector's log configuration.

    Args:
        path: For notes.
        text: Its content.
        into: Told what each line became.
    """
    lines = _lines(path, text, into)
    root = lines.pop(_ROOT, None)
    if root is None:
        into.note(Said.NOTICE, path, Place(1, 1), f"no {_ROOT}: logs.level stays info")
    else:
        _root(path, root, into)
    used = [name.strip() for name in root.value.split(",")[1:]] if root else []
    appenders: dict[str, dict[str, _Line]] = {}
    for key, line in lines.items():
        if key.startswith(_APPENDER):
            name, _, rest = key.removeprefix(_APPENDER).partition(".")
            appenders.setdefault(name, {})[rest] = line
        elif key.startswith("log4cplus.logger."):
            text = f"{key}: the original's logger has no name with us; logs.levels has ours"
            into.note(Said.MISSING, path, line.place, text)
        else:
            into.note(Said.MISSING, path, line.place, f"{key} has no equivalent")
    for name in used:
        if name not in appenders and root is not None:
            text = f"{_ROOT} names the appender {name}, which the file does not have"
            into.note(Said.MISTAKE, path, root.place, text)
    for name, fields in appenders.items():
        _appender(path, name, fields, into, in_use=name in used or not used)


def _lines(path: Path, text: str, into: Imported) -> dict[str, _Line]:
    found: dict[str, _Line] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip()[:1] in {"#", "!"}:
            continue
        match = _LINE.fullmatch(line)
        column = len(line) - len(line.lstrip()) + 1
        if match is None:
            said = f"found {line.strip()[:40]!r}, expected KEY=VALUE"
            into.note(Said.MISTAKE, path, Place(number, column), said)
        else:
            found[match[1]] = _Line(match[2], Place(number, column))
    return found


def _root(path: Path, line: _Line, into: Imported) -> None:
    level = line.value.split(",")[0].strip().upper()
    ours = _LEVELS.get(level)
    if ours is None:
        text = f"{_ROOT}: found {level!r}, expected one of {', '.join(_LEVELS)}"
        into.note(Said.MISTAKE, path, line.place, text)
        return
    into.set("logs.level", ours, path, line.place)
    into.note(Said.BECAME, path, line.place, f"{_ROOT} {level} is logs.level = {ours}")
    if level in {"FATAL", "OFF"}:
        text = f"{level}: errors are logged all the same; there is nothing above them"
        into.note(Said.NOTICE, path, line.place, text)


def _appender(
    path: Path, name: str, fields: Mapping[str, _Line], into: Imported, *, in_use: bool
) -> None:
    kind = fields.get("")
    place = kind.place if kind else next(iter(fields.values())).place
    if kind is None:
        text = f"{_APPENDER}{name} has no line that says what it is"
        into.note(Said.MISTAKE, path, place, text)
        return
    if not in_use:
        into.note(Said.NOTICE, path, place, f"appender {name} is passed over: nothing names it")
        return
    short = kind.value.rpartition("::")[2]
    if short == "ConsoleAppender":
        text = f"appender {name} is standard error, where envizzy logs to in any case"
        into.note(Said.BECAME, path, place, text)
    elif "FileAppender" in short:
        _file(path, name, short, fields, into)
    else:
        text = f"appender {name} ({short}): logs go to standard error and to files only"
        into.note(Said.MISSING, path, place, text)
    for rest, line in fields.items():
        if rest.startswith("layout"):
            text = f'{_APPENDER}{name}.{rest}: logs.format is "text" or "json", without a pattern'
            into.note(Said.MISSING, path, line.place, text)


def _file(path: Path, name: str, kind: str, fields: Mapping[str, _Line], into: Imported) -> None:
    file = fields.get("File")
    if file is not None:
        folder = str(PurePosixPath(file.value).parent)
        into.set("logs.folder", folder, path, file.place)
        text = f"appender {name} is logs.folder = {folder}, a file for each service and process"
        into.note(Said.BECAME, path, file.place, text)
    size = fields.get("MaxFileSize")
    if size is not None:
        match = _SIZE.fullmatch(size.value)
        if match is None:
            text = f"{_APPENDER}{name}.MaxFileSize: found {size.value!r}, expected a size: 10MB"
            into.note(Said.MISTAKE, path, size.place, text)
        else:
            octets = int(match[1]) * _UNITS[(match[2] or "").upper()]
            into.set("logs.rotate_octets", octets, path, size.place)
            into.note(
                Said.BECAME, path, size.place, f"MaxFileSize is logs.rotate_octets = {octets}"
            )
    count = fields.get("MaxBackupIndex")
    if count is not None and count.value.isdecimal():
        files = min(max(1, int(count.value)), _MOST_FILES)
        into.set("logs.keep_files", files, path, count.place)
        into.note(Said.BECAME, path, count.place, f"MaxBackupIndex is logs.keep_files = {files}")
    if kind not in {"RollingFileAppender", "FileAppender"}:
        text = f"appender {name} ({kind}) rotates by time; logs rotate by size (logs.rotate_octets)"
        into.note(Said.MISSING, path, fields[""].place, text)
