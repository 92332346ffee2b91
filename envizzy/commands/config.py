"""``envizzy config``: what is set, and from where."""

from typing import Annotated

import orjson
import typer

from envizzy.commands.shared import AcnvmConf, ConfigFile, load_with

app = typer.Typer(name="config", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Check and show settings.

    For example:

        envizzy config check --config /etc/envizzy.toml

        envizzy config show --given
    """


@app.command()
def check(config: ConfigFile = None, acnvm_conf: AcnvmConf = None) -> None:
    """Check the settings, the element tables and the filter policy that they name.

    A line for each mistake; exit code 2.

    For example:

        envizzy config check --config /etc/envizzy.toml
    """
    from schemas.errors import SchemaError  # noqa: PLC0415 - quick --help
    from service.exits import Exit  # noqa: PLC0415
    from streams.agents.context import make_context  # noqa: PLC0415
    from streams.filtering import PolicyError  # noqa: PLC0415

    loaded = load_with(config, {}, acnvm_conf)
    try:
        make_context(
            loaded.settings.streams, loaded.settings.elements.files, loaded.settings.netflow
        )
    except (SchemaError, PolicyError) as error:
        typer.echo(f"envizzy: {error}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    for warning in loaded.warnings:
        typer.echo(f"envizzy: {warning}", err=True)
    typer.echo(f"{len(loaded.origins)} settings given, all of them right")


@app.command()
def show(
    config: ConfigFile = None,
    acnvm_conf: AcnvmConf = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    given: Annotated[bool, typer.Option("--given", help="Only what is not a default.")] = False,
) -> None:
    """Print the effective settings with where each comes from; secrets are hidden.

    For example:

        envizzy config show

        ENVIZZY_KAFKA__BOOTSTRAP_SERVERS=kafka:9092 envizzy config show --given
    """
    from service.settings import rows  # noqa: PLC0415 - quick --help

    found = [
        row
        for row in rows(load_with(config, {}, acnvm_conf))
        if not given or row.origin != "default"
    ]
    if as_json:
        shown = {row.key: {"value": row.value, "origin": row.origin} for row in found}
        typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
        return
    width = max((len(row.key) for row in found), default=0)
    for row in found:
        typer.echo(f"{row.key:{width}} = {row.value or '(not set)'}  # {row.origin}")
