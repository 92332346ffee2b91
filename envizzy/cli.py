"""The front door: ``envizzy``.

Every command's own module is imported when it runs, so that ``--help`` is quick.
"""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, NoReturn

import typer

from envizzy.commands import (
    config,
    diag,
    elements,
    exporters,
    filters,
    generate,
    ingest,
    lab,
    streams,
    subscribe,
    tail,
    topics,
    totals,
)
from envizzy.commands.decode import decode
from envizzy.commands.import_acnvm import import_acnvm
from envizzy.commands.send import send
from service.exits import Exit
from service.settings.errors import SettingsError

app = typer.Typer(
    name="envizzy",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"envizzy {version('envizzy')}")
        except PackageNotFoundError:
            typer.echo("envizzy, not installed: run from its source tree")
        raise typer.Exit


@app.callback()
def _root(
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Open flow telemetry on Kafka: nvzFlow, IPFIX and NetFlow to clean topics.

    For example:

        envizzy lab

        envizzy decode clients.pcap

        envizzy config check --config envizzy.toml
    """


app.command()(lab.lab)
app.command()(ingest.ingest)
app.command()(streams.streams)
app.command()(subscribe.subscribe)
app.command()(totals.totals)
app.add_typer(topics.app)
app.add_typer(exporters.app)
app.add_typer(config.app)
app.add_typer(filters.app)
app.add_typer(elements.app)
app.command()(decode)
app.command("import-acnvm")(import_acnvm)
app.command()(send)
app.command()(generate.generate)
app.command()(tail.tail)
app.command()(diag.diag)


def _end(message: str, code: Exit) -> NoReturn:
    for line in message.splitlines() or ["unknown error"]:
        sys.stderr.write(f"envizzy: {line}\n")
    sys.exit(int(code))


def main() -> None:
    """Run a command; what goes wrong is said in one line each, without a traceback."""
    from envizzy.lab.errors import LabError  # noqa: PLC0415 - quick --help

    try:
        app()
    except SettingsError as error:
        _end("\n".join(error.lines), Exit.USAGE)
    except LabError as error:
        _end(str(error), Exit.ERROR)
