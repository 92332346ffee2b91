"""The original's files straight under a service: settings behind all others."""

from pathlib import Path

from envizzy.acnvm.files import FILTERS, LOG, AcnvmFiles, read_files
from envizzy.acnvm.model import Note, Said
from schemas.field_keys import load_field_keys
from service.settings import SettingsError

Base = dict[str, tuple[object, str]]
"""Dotted key to value and origin."""


def base_of(
    conf: Path | None, filters: Path | None, kafka: str | None = None
) -> tuple[Base, list[Note]]:
    """Return what the files say, with what is worth knowing.

    Args:
        conf: ``acnvm.conf``; the files beside it are read, too, as the original does.
        filters: ``acnvmfilters.conf`` at another place.
        kafka: Brokers of envizzy's own, where they are not the exporter's.

    Raises:
        SettingsError: A mistake in a file, or something that must not be passed over (DTLS).
    """
    if conf is None and filters is None:
        return {}, []
    beside = {name: _beside(conf, name) for name in (FILTERS, LOG)}
    files = AcnvmFiles(conf, filters or beside[FILTERS], beside[LOG])
    imported = read_files(files, load_field_keys(), kafka)
    refused = imported.of(Said.MISTAKE) or imported.blocked
    if refused:
        raise SettingsError(str(note) for note in refused)
    base: Base = {
        key: (value, f"file {imported.origins[key]}") for key, value in imported.settings.items()
    }
    return base, [note for note in imported.notes if note.said is not Said.BECAME]


def _beside(conf: Path | None, name: str) -> Path | None:
    found = None if conf is None else conf.parent / name
    return found if found is not None and found.is_file() else None
