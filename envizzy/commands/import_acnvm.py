"""``envizzy import-acnvm``: the original's files as settings."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from envizzy.commands.shared import Broker

if TYPE_CHECKING:
    from envizzy.acnvm import Imported


def import_acnvm(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="DIR|FILE...", help="/opt/acnvm/conf, or single files in it."),
    ],
    *,
    out: Annotated[Path | None, typer.Option(help="Settings file; else standard output.")] = None,
    kafka: Broker = None,
    without_dtls: Annotated[
        bool,
        typer.Option("--without-dtls", help="Import although the original listens with DTLS."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the settings file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What was said as JSON lines.")] = False,
) -> None:
    """Turn the files of Cisco's NVM Collector into settings, and say what each line became.

    Reads acnvm.conf (flat and nested), acnvmfilters.conf and acnvmlog.conf. What it says goes to
    standard error. Exit code 2: a mistake in a file; 1: something without equivalent that must not
    be passed over (DTLS, a native plug-in). Then nothing is written.

    For example:

        envizzy import-acnvm /opt/acnvm/conf --out /etc/envizzy/envizzy.toml

        envizzy import-acnvm acnvm.conf --kafka kafka1:9092
    """
    from envizzy.acnvm import find_files, read_files  # noqa: PLC0415 - quick --help
    from envizzy.acnvm.toml_text import toml_text  # noqa: PLC0415
    from schemas.field_keys import load_field_keys  # noqa: PLC0415
    from service.exits import Exit  # noqa: PLC0415

    imported = read_files(find_files(files), load_field_keys(), kafka)
    _say(imported, as_json=as_json)
    code = refused(imported, without_dtls=without_dtls)
    if code is not None:
        raise typer.Exit(code)
    text = toml_text(imported)
    if _wrong(text):
        raise typer.Exit(Exit.USAGE)
    if out is None:
        typer.echo(text, nl=False)
        return
    if out.exists() and not force:
        typer.echo(f"envizzy: {out} is there already; --force overwrites it", err=True)
        raise typer.Exit(Exit.USAGE)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"envizzy: {out}: {error.strerror}", err=True)
        raise typer.Exit(Exit.ERROR) from None
    typer.echo(f"{len(imported.settings)} settings written to {out}", err=True)


def refused(imported: "Imported", *, without_dtls: bool = False) -> int | None:
    """The exit code where an import must not be used; None where it may."""
    from envizzy.acnvm import Said  # noqa: PLC0415 - quick --help
    from service.exits import Exit  # noqa: PLC0415

    if imported.of(Said.MISTAKE):
        return Exit.USAGE
    blocked = [note for note in imported.blocked if not (without_dtls and "DTLS" in note.text)]
    return Exit.ERROR if blocked else None


def _say(imported: "Imported", *, as_json: bool) -> None:
    for note in imported.notes:
        if as_json:
            line = {
                "said": note.said,
                "file": str(note.file),
                "line": note.place.line,
                "column": note.place.column,
                "text": note.text,
            }
            typer.echo(orjson.dumps(line).decode(), err=True)
        else:
            typer.echo(str(note), err=True)


def _wrong(text: str) -> bool:
    """Whether the settings would be refused, which is said."""
    from envizzy.config import Settings  # noqa: PLC0415 - quick --help
    from service.settings import SettingsError, load  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "envizzy.toml"
        file.write_text(text, encoding="utf-8")
        try:
            load(Settings, file, {}, {})
        except SettingsError as error:
            for line in error.lines:
                typer.echo(f"envizzy: {line.replace(str(file), 'imported')}", err=True)
            return True
    return False
