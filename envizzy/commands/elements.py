"""``envizzy elements``: find out what elements are that no public table names."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from envizzy.commands.shared import Broker, ConfigFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envizzy.suggest import Proposal, VersionProposal

app = typer.Typer(name="elements", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Elements whose ids are not public.

    For example:

        envizzy elements suggest clients.pcap --out site.csv
    """


@app.command()
def suggest(
    source: Annotated[
        str,
        typer.Argument(metavar="CAPTURE|raw", help="A capture of clients, or the topic raw."),
    ],
    *,
    out: Annotated[
        Path | None, typer.Option(help="File for the site's table, to be looked through.")
    ] = None,
    config: ConfigFile = None,
    kafka: Broker = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    accept_likely: Annotated[
        bool, typer.Option("--accept-likely", help="Do not comment out what is likely.")
    ] = False,
) -> None:
    """Propose which field each unknown element of nvzFlow is, with reasons and a confidence.

    Looks at the Templates and at the values: times in seconds and milliseconds, paths that end in
    the program's name, numbers that go with a process. Needs some hundred flows of several
    machines. What is `sure` has no rival; `likely` and `guess` are commented out in the table.

    For example:

        envizzy elements suggest clients.pcap

        envizzy elements suggest raw --out site.csv --config /etc/envizzy.toml
    """
    from envizzy.captures import CaptureError  # noqa: PLC0415 - quick --help
    from envizzy.config import read  # noqa: PLC0415
    from envizzy.datagrams import datagrams  # noqa: PLC0415
    from envizzy.decode import Collector  # noqa: PLC0415
    from envizzy.suggest import Confidence, observe, propose, propose_versions  # noqa: PLC0415
    from envizzy.suggest.report import table_text  # noqa: PLC0415
    from schemas.elements import load_registry  # noqa: PLC0415
    from schemas.field_keys import load_field_keys  # noqa: PLC0415
    from service.exits import Exit  # noqa: PLC0415

    settings = read(config, {"kafka.bootstrap_servers": kafka}).settings
    registry = load_registry(settings.elements.files)
    keys = load_field_keys(settings.elements.files)
    notes: list[str] = []
    collector = Collector(registry)
    try:
        items = (
            item for each in datagrams(source, settings, notes) for item in collector.feed(each)
        )
        observed = observe(items, registry, keys)
    except CaptureError as error:
        typer.echo(f"envizzy: {error}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    for note in notes:
        typer.echo(note, err=True)
    mapped = frozenset(item.key for item in keys.fields if item.elements)
    proposals = propose(observed, mapped)
    versions = propose_versions(observed, {each.identity: each.key for each in proposals})
    if out is not None:
        accepted = {Confidence.SURE, *([Confidence.LIKELY] if accept_likely else [])}
        records = len(observed.samples)
        text = table_text(proposals, versions, records, frozenset(accepted))
        out.write_text(text, encoding="utf-8")
    if as_json:
        typer.echo(orjson.dumps(_shown(proposals, versions), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(proposals, versions, len(observed.samples))


def _shown(
    proposals: "Sequence[Proposal]", versions: "Sequence[VersionProposal]"
) -> dict[str, object]:
    from envizzy.suggest.report import sample_values  # noqa: PLC0415 - quick --help

    return {
        "elements": [
            {
                "enterprise_number": each.identity[0],
                "element_id": each.identity[1],
                "records": len(each.column.samples),
                "field_key": each.key or None,
                "confidence": each.confidence,
                "reasons": list(each.reasons),
                "values": sample_values(each),
            }
            for each in proposals
        ],
        "versions": [
            {"layout": v.layout, "kind": v.kind, "fv": v.version or None, "reason": v.reason}
            for v in versions
        ],
    }


def _print(
    proposals: "Sequence[Proposal]", versions: "Sequence[VersionProposal]", records: int
) -> None:
    from rich.console import Console  # noqa: PLC0415 - quick --help
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from envizzy.suggest.report import sample_values, version_lines  # noqa: PLC0415

    table = Table()
    for name in ("element", "field", "how sure", "why", "seen"):
        table.add_column(name, overflow="fold")
    for each in proposals:
        table.add_row(
            each.column.name,
            each.key or "?",
            str(each.confidence or "unknown"),
            escape("; ".join(each.reasons)),
            escape("\n".join(sample_values(each))),
        )
    if proposals:
        Console().print(table)
    for line in version_lines(versions):
        typer.echo(line)
    proposed = sum(1 for each in proposals if each.key)
    typer.echo(f"{records} records; {proposed} of {len(proposals)} unknown elements proposed")
