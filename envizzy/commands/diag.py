"""``envizzy diag``: a zip file with what is needed to see what is wrong."""

from pathlib import Path
from typing import Annotated

import typer

from envizzy.commands.shared import AcnvmConf, Broker, ConfigFile, load_with
from service.exits import Exit


def diag(
    directory: Annotated[
        Path, typer.Option("--path", "-p", metavar="DIRECTORY", help="Where the file goes.")
    ],
    config: ConfigFile = None,
    kafka: Broker = None,
    acnvm_conf: AcnvmConf = None,
    raw: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=3600,
            metavar="SECONDS",
            help="Capture what comes in as a pcap file: user names, programs, destinations.",
        ),
    ] = None,
) -> None:
    """Write envizzydiag-HOST-TIME.zip: settings, versions, host, metrics, topics, logs.

    Secrets are left out. It works with broken settings and without Kafka: README.txt in the file
    says what could not be had, and which parts hold personal data. Root sees most.

    For example:

        envizzy diag -p /tmp --config /etc/envizzy/envizzy.toml

        envizzy diag -p /tmp --raw 30
    """
    from envizzy.diag.bundle import write  # noqa: PLC0415 - quick --help
    from service.settings import SettingsError  # noqa: PLC0415

    flags = {"kafka.bootstrap_servers": kafka, "diag.raw_seconds": raw}
    mistakes: tuple[str, ...] = ()
    try:
        loaded = load_with(config, flags, acnvm_conf)
    except SettingsError as error:
        from envizzy.config import defaults  # noqa: PLC0415

        mistakes, loaded = error.lines, defaults(flags)
        for line in mistakes:
            typer.echo(f"envizzy: {line}", err=True)
        typer.echo("envizzy: the defaults are taken in place of these settings", err=True)
    try:
        path, errors = write(loaded, mistakes, directory)
    except OSError as error:
        typer.echo(f"envizzy: {directory}: {error.strerror}", err=True)
        raise typer.Exit(Exit.USAGE) from error
    for line in errors:
        typer.echo(f"envizzy: left out: {line}", err=True)
    typer.echo(str(path))
