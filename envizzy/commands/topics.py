"""``envizzy topics``: make the topics, look at them."""

from typing import Annotated

import orjson
import typer

from envizzy.commands.shared import AcnvmConf, Broker, ConfigFile, load_with
from service.exits import Exit

app = typer.Typer(name="topics", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Make and show the topics.

    For example:

        envizzy topics create --kafka kafka1:9092

        envizzy topics show --config /etc/envizzy.toml
    """


@app.command()
def create(config: ConfigFile = None, kafka: Broker = None, acnvm_conf: AcnvmConf = None) -> None:
    """Make the topics that are not there yet, as the settings want them.

    What is there stays as it is: `envizzy topics show` says what does not fit.

    For example:

        envizzy topics create --kafka kafka1:9092

        envizzy topics create --acnvm-conf /opt/acnvm/conf/acnvm.conf --kafka kafka1:9092
    """
    from envizzy import topics  # noqa: PLC0415 - quick --help

    settings = load_with(config, {"kafka.bootstrap_servers": kafka}, acnvm_conf).settings
    for name, made in topics.create(settings.kafka, settings.topics):
        typer.echo(f"{name}: {'made' if made else 'was there'}")


@app.command()
def show(
    config: ConfigFile = None,
    kafka: Broker = None,
    acnvm_conf: AcnvmConf = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
) -> None:
    """Show the topics with what does not fit; exit code 1 where something does not.

    For example:

        envizzy topics show --json
    """
    from rich.console import Console  # noqa: PLC0415 - quick --help
    from rich.table import Table  # noqa: PLC0415

    from envizzy import topics  # noqa: PLC0415

    settings = load_with(config, {"kafka.bootstrap_servers": kafka}, acnvm_conf).settings
    states = topics.show(settings.kafka, settings.topics)
    if as_json:
        for state in states:
            typer.echo(orjson.dumps(state._asdict()).decode())
    else:
        table = Table("topic", "partitions", "clean-up", "kept", "what it carries", "")
        for state in states:
            number = str(state.partitions) if state.partitions else "-"
            policy, kept = state.cleanup_policy or "-", _kept(state.retention)
            fits = "see below" if state.trouble else "ok"
            table.add_row(state.name, number, policy, kept, state.description, fits)
        Console().print(table)
        # A line each: in a column they are a word wide.
        for state in states:
            if state.trouble:
                typer.echo(state.trouble)
    if any(state.trouble for state in states):
        raise typer.Exit(int(Exit.ERROR))


def _kept(retention_ms: str) -> str:
    """``retention.ms`` in words; empty: the broker does not tell, or the topic is compacted."""
    if not retention_ms:
        return "-"
    hours = int(retention_ms) / 3_600_000
    if hours < 0:
        return "for ever"
    return f"{hours:g} h" if hours % 24 or hours <= 48 else f"{hours / 24:g} d"  # noqa: PLR2004 - two days
