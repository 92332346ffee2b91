"""Finds the collector's files and reads them one after the other."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from envizzy.acnvm.conf import import_conf
from envizzy.acnvm.log_conf import import_log_conf
from envizzy.acnvm.model import Imported, Said
from schemas.field_keys import FieldKeys
from schemas.json_nodes import Place
from streams.filtering import Level, PolicyError, read_policy

CONF, FILTERS = "acnvm.conf", "acnvmfilters.conf"
LOG, DIAG = "acnvmlog.conf", "acnvmcolldiagconf.json"

MAXIMUM_OCTETS = 1024 * 1024
"""Of one file; the original's have some hundred."""

_START = Place(1, 1)


class AcnvmFiles(NamedTuple):
    """The files of one collector; None where there is none.

    Attributes:
        conf: ``acnvm.conf``.
        filters: ``acnvmfilters.conf``.
        log: ``acnvmlog.conf``.
        diag: ``acnvmcolldiagconf.json``.
        others: What none of them is.
    """

    conf: Path | None = None
    filters: Path | None = None
    log: Path | None = None
    diag: Path | None = None
    others: tuple[Path, ...] = ()


def find_files(given: Sequence[Path]) -> AcnvmFiles:
    """Tell the files by their names; in a folder only those that are there.

    Args:
        given: Files and folders.
    """
    names = {CONF: "conf", FILTERS: "filters", LOG: "log", DIAG: "diag"}
    found: dict[str, Path] = {}
    others: list[Path] = []
    for path in given:
        candidates = [path / name for name in names] if path.is_dir() else [path]
        for each in candidates:
            if path.is_dir() and not each.is_file():
                continue
            kind = names.get(each.name)
            if kind is None:
                others.append(each)
            else:
                found.setdefault(kind, each)
        if path.is_dir() and not any(each.is_file() for each in candidates):
            others.append(path)
    return AcnvmFiles(
        found.get("conf"), found.get("filters"), found.get("log"), found.get("diag"), tuple(others)
    )


def read_files(files: AcnvmFiles, keys: FieldKeys, kafka: str | None = None) -> Imported:
    """Read all of them.

    Args:
        files: Of one collector.
        keys: What a filter may name.
        kafka: Brokers of envizzy's own, where they are not the exporter's.
    """
    into = Imported()
    for other in files.others:
        text = f"none of the collector's files: {CONF}, {FILTERS}, {LOG}, {DIAG}"
        into.note(Said.MISTAKE, other, _START, text)
    if files.conf is not None and (conf := _text(files.conf, into)) is not None:
        import_conf(files.conf, conf, into, kafka)
    if files.log is not None and (log := _text(files.log, into)) is not None:
        import_log_conf(files.log, log, into)
        _look_for_folder(files.log, into)
    if files.filters is not None:
        _filters(files.filters, keys, into)
    if files.diag is not None:
        text = "left aside: its form is not public; what envizzy diag puts in is a setting"
        into.note(Said.NOTICE, files.diag, _START, text)
    return into


def _look_for_folder(path: Path, into: Imported) -> None:
    """Take the folder for logs back where it is not there: no service would start with it."""
    folder = into.settings.get("logs.folder")
    if folder is None or Path(str(folder)).is_dir():
        return
    del into.settings["logs.folder"]
    line = int(into.origins.pop("logs.folder").rpartition(":")[2])
    text = f"logs.folder is not set: {folder} is not there; make it, and set it"
    into.note(Said.NOTICE, path, Place(line, 1), text)


def _text(path: Path, into: Imported) -> str | None:
    try:
        if path.stat().st_size > MAXIMUM_OCTETS:
            into.note(Said.MISTAKE, path, _START, f"larger than {MAXIMUM_OCTETS} octets")
            return None
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        into.note(Said.MISTAKE, path, _START, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        into.note(Said.MISTAKE, path, _START, f"not UTF-8 at octet {error.start}")
    return None


def _filters(path: Path, keys: FieldKeys, into: Imported) -> None:
    """The policy is read by the workers as it is; here it is only checked."""
    try:
        checked, places = read_policy(path, keys)
    except PolicyError as error:
        text = str(error).removeprefix(f"{path}: ")
        into.note(Said.MISTAKE, path, _START, text)
        return
    into.set("streams.filter_policy", str(path.absolute()), path, _START)
    include, exclude = len(checked.form.include), len(checked.form.exclude)
    text = f"the file is streams.filter_policy: {include} include and {exclude} exclude rules"
    if all(each.level is not Level.ERROR for each in checked.findings):
        into.note(Said.BECAME, path, _START, text)
    for finding, place in zip(checked.findings, places, strict=True):
        said = Said.MISTAKE if finding.level is Level.ERROR else Said.NOTICE
        into.note(said, path, place, str(finding))
