"""``envizzy exporters``: what the routers send, and what is wrong with it."""

import time
from typing import Annotated

import orjson
import typer

from envizzy.commands.shared import Broker, ConfigFile
from service.exits import Exit

app = typer.Typer(name="exporters")

AsJson = Annotated[bool, typer.Option("--json", help="A JSON object a line.")]


@app.callback(invoke_without_command=True)
def exporters(
    context: typer.Context,
    config: ConfigFile = None,
    kafka: Broker = None,
    as_json: AsJson = False,
) -> None:
    """Show what the routers send; `check` says what is wrong, and what puts it right.

    For example:

        envizzy exporters

        envizzy exporters --json | jq .sampling_rates
    """
    if context.invoked_subcommand is not None:
        return
    from envizzy.config import read  # noqa: PLC0415 - quick --help
    from envizzy.exporters.check import judge  # noqa: PLC0415
    from envizzy.exporters.read import exporters as newest  # noqa: PLC0415
    from envizzy.exporters.view import print_table  # noqa: PLC0415

    settings = read(config, {"kafka.bootstrap_servers": kafka}).settings
    records, now_ns = newest(settings.kafka, settings.topics), time.time_ns()
    if as_json:
        for record in records:
            typer.echo(orjson.dumps(record).decode())
        return
    if not records:
        typer.echo("no router has sent flows yet")
        return
    print_table(records, [judge(record, now_ns) for record in records], now_ns)


@app.command()
def check(
    address: Annotated[
        str | None, typer.Argument(metavar="ADDRESS", help="Of one exporter; else all.")
    ] = None,
    *,
    config: ConfigFile = None,
    kafka: Broker = None,
    as_json: AsJson = False,
) -> None:
    """Say of each router what its flows lack, and which lines of configuration put it right.

    The lines are those of Cisco's Flexible NetFlow, for exactly what is missing: `match` and
    `collect` belong into the flow record, `cache` into the flow monitor. Exit code 1 where
    something is wrong.

    For example:

        envizzy exporters check

        envizzy exporters check 192.0.2.1 --json
    """
    from envizzy.config import read  # noqa: PLC0415 - quick --help
    from envizzy.exporters.check import judge  # noqa: PLC0415
    from envizzy.exporters.read import exporters as newest  # noqa: PLC0415
    from envizzy.exporters.view import print_verdicts  # noqa: PLC0415
    from envizzy.lab.errors import LabError  # noqa: PLC0415

    settings = read(config, {"kafka.bootstrap_servers": kafka}).settings
    records, now_ns = newest(settings.kafka, settings.topics), time.time_ns()
    if address is not None:
        records = [record for record in records if record["exporter"] == address]
        if not records:
            raise LabError(f"no router of address {address} has sent flows: see envizzy exporters")
    verdicts = [judge(record, now_ns) for record in records]
    if as_json:
        for verdict in verdicts:
            shown = verdict._asdict() | {"findings": [each._asdict() for each in verdict.findings]}
            typer.echo(orjson.dumps(shown).decode())
    else:
        print_verdicts(verdicts)
        if not verdicts:
            typer.echo("no router has sent flows yet")
    if not all(verdict.complete for verdict in verdicts):
        raise typer.Exit(int(Exit.ERROR))
