"""``envizzy filters``: look at a filter policy before a worker does."""

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from envizzy.commands.shared import Broker, ConfigFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from envizzy.filter_trial import Flows, Trial

app = typer.Typer(name="filters", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Check and try a filter of flows.

    For example:

        envizzy filters check acnvmfilters.conf

        envizzy filters test acnvmfilters.conf --from clients.pcap
    """


PolicyFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="Filter policy (acnvmfilters.conf).")
]


@app.command()
def check(
    file: PolicyFile,
    *,
    config: ConfigFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 2 for warnings, too.")
    ] = False,
) -> None:
    """Say what is wrong with a filter policy, and what is hardly meant so.

    Errors (exit code 2): what a worker refuses. Warnings: rules that can never match, that another
    one covers, that keep or drop nothing. Notices: aliases, numbers given as text.

    For example:

        envizzy filters check /opt/acnvm/conf/acnvmfilters.conf
    """
    from envizzy.config import read  # noqa: PLC0415 - quick --help
    from schemas.field_keys import load_field_keys  # noqa: PLC0415
    from service.exits import Exit  # noqa: PLC0415
    from streams.filtering import Level, PolicyError, lint, read_policy  # noqa: PLC0415
    from streams.filtering.load import places_of  # noqa: PLC0415

    settings = read(config).settings
    keys = load_field_keys(settings.elements.files)
    try:
        checked, places = read_policy(file, keys)
        found = list(zip(checked.findings, places, strict=True))
        more = lint(checked.form, keys, derives_parent=settings.streams.derive_parent_account)
        if not any(each.level is Level.ERROR for each in checked.findings):
            found += zip(more, places_of(file, more), strict=True)
    except PolicyError as error:
        typer.echo(f"envizzy: {error}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    found.sort(key=lambda each: each[1])
    if as_json:
        shown = [
            {
                "level": str(finding.level),
                "line": place.line,
                "column": place.column,
                "path": list(finding.path),
                "text": finding.text,
            }
            for finding, place in found
        ]
        typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
    else:
        for finding, place in found:
            typer.echo(f"{file}:{place.line}:{place.column}: {finding.level}: {finding}")
        rules = len(checked.form.include), len(checked.form.exclude)
        levels = [finding.level for finding, _ in found]
        counts = (f"{levels.count(level)} {level}s" for level in Level)
        typer.echo(f"{rules[0]} include and {rules[1]} exclude rules: {', '.join(counts)}")
    refused = (Level.ERROR, Level.WARNING) if strict else (Level.ERROR,)
    if any(finding.level in refused for finding, _ in found):
        raise typer.Exit(Exit.USAGE)


@app.command("test")
def try_policy(
    file: PolicyFile,
    *,
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="CAPTURE|TOPIC", help="A capture file, or the topic flow or raw."
        ),
    ],
    config: ConfigFile = None,
    kafka: Broker = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    each: Annotated[
        bool, typer.Option("--each", help="A JSON line for each flow, with what decides.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many flows, the oldest.")
    ] = None,
) -> None:
    """Try a filter policy on flows that are there: what would be kept and dropped, by which rule.

    Nothing is written. The topic `flow` holds what the present filter let through; `raw` all that
    came.

    For example:

        envizzy filters test acnvmfilters.conf --from clients.pcap

        envizzy filters test new.conf --from raw --config /etc/envizzy.toml --json
    """
    from envizzy.captures import CaptureError  # noqa: PLC0415 - quick --help
    from envizzy.config import read  # noqa: PLC0415
    from envizzy.filter_trial import Flows, Trial, reason  # noqa: PLC0415
    from schemas.field_keys import load_field_keys  # noqa: PLC0415
    from service.exits import Exit  # noqa: PLC0415
    from streams.filtering import PolicyError, load_policy  # noqa: PLC0415

    settings = read(config, {"kafka.bootstrap_servers": kafka}).settings
    keys = load_field_keys(settings.elements.files)
    try:
        trial = Trial(load_policy(file, keys))
        flows = Flows(settings, keys)
        for record in islice(_records(flows, source), limit):
            decision = trial.judge(record)
            if each:
                line = {"kept": decision.kept, "by": reason(decision), "value": record}
                sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    except (PolicyError, CaptureError) as error:
        typer.echo(f"envizzy: {error}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    for note in flows.notes:
        typer.echo(note, err=True)
    if as_json:
        typer.echo(orjson.dumps(_summary(trial), option=orjson.OPT_INDENT_2).decode())
    elif not each:
        _table(trial)


def _records(flows: "Flows", source: str) -> "Iterator[Mapping[str, Any]]":
    if source == "flow" and not Path(source).exists():
        return flows.published()
    return flows.of_datagrams(source)


def _summary(trial: "Trial") -> dict[str, object]:
    return {
        "flows": trial.flows,
        "kept": trial.kept,
        "dropped_by_exclude": trial.excluded,
        "dropped_not_included": trial.not_included,
        "rules": [
            {
                "list": name,
                "rule": number,
                "keys": [pair.key for pair in rule.pairs],
                "matched": trial.matched[name, number],
                "alone": trial.alone[name, number],
            }
            for name, number, rule in trial.policy.form.rules()
        ],
    }


def _table(trial: "Trial") -> None:
    from rich.console import Console  # noqa: PLC0415 - quick --help
    from rich.table import Table  # noqa: PLC0415

    from streams.filtering.words import rule_text  # noqa: PLC0415

    table = Table()
    for name in ("list", "rule", "what it wants"):
        table.add_column(name)
    for name in ("matched", "alone"):
        table.add_column(name, justify="right")
    for name, number, rule in trial.policy.form.rules():
        counts = trial.matched[name, number], trial.alone[name, number]
        table.add_row(name, str(number), rule_text(rule), *map(str, counts))
    Console().print(table)
    typer.echo(
        f"{trial.flows} flows: {trial.kept} kept, {trial.excluded} dropped by exclude rules, "
        f"{trial.not_included} dropped because no include rule matches"
    )
