"""``envizzy generate``: the generator alone."""

import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from envizzy.commands.shared import host_port


class Templates(StrEnum):
    """When the generated endpoints send their Templates."""

    START = "start"
    LATE = "late"
    NEVER = "never"


class LayoutName(StrEnum):
    """What the Templates are like."""

    V3 = "v3"
    BRIEF = "brief"
    V9 = "v9"


def generate(
    to: Annotated[str, typer.Option("--to", metavar="HOST:PORT", help="The collector.")],
    *,
    endpoints: Annotated[int, typer.Option(min=0, max=60_000, help="How many talk.")] = 20,
    rate: Annotated[
        float, typer.Option(min=0.1, help="Flow records a second, of all endpoints.")
    ] = 100.0,
    routers: Annotated[
        int, typer.Option(min=0, max=250, help="How many export NetFlow v5, v9 or IPFIX.")
    ] = 0,
    router_rate: Annotated[
        float, typer.Option(min=0.1, help="Flow records a second, of all routers.")
    ] = 100.0,
    seconds: Annotated[
        float | None, typer.Option("--for", min=0.1, help="Seconds; else until Ctrl-C.")
    ] = None,
    templates: Annotated[
        Templates, typer.Option(help="When the endpoints send their templates.")
    ] = Templates.START,
    late: Annotated[float, typer.Option(min=0, help="Seconds, for --templates late.")] = 3.0,
    resend: Annotated[float, typer.Option(min=1, help="Template interval, seconds.")] = 86_400.0,
    layout: Annotated[
        LayoutName, typer.Option(help="v3: real clients'; brief: other fields; v9: unknown ids.")
    ] = LayoutName.V3,
    first: Annotated[int, typer.Option(min=0, help="Number of the first endpoint.")] = 0,
    first_router: Annotated[
        int, typer.Option(min=0, max=250, help="Number of the first router.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of all that is random.")] = 1,
    site_csv: Annotated[
        Path | None,
        typer.Option(help="File for the CSV that names v9's elements ([elements] files)."),
    ] = None,
    account: Annotated[
        Path | None, typer.Option(help="File for what was sent, for the checker.")
    ] = None,
) -> None:
    """Send what real endpoints and routers would.

    Endpoints: users, programs, DNS and HTTPS flows, interface changes. Routers: NetFlow v5, v9 and
    IPFIX, sampled or not, with options; the fourth has an incomplete template. On loopback each
    has a source address of its own (Linux), so that the collector sees as many exporters.

    For example:

        envizzy generate --to 127.0.0.1:2055

        envizzy generate --to collector:2055 --endpoints 500 --rate 2000 --for 60

        envizzy generate --to 127.0.0.1:2055 --endpoints 0 --routers 7 --router-rate 500
    """
    from envizzy.generator.current import current_layouts, site_table  # noqa: PLC0415
    from envizzy.generator.fleet import Behaviour  # noqa: PLC0415 - quick --help
    from envizzy.generator.routers.flows import MOST_ROUTERS  # noqa: PLC0415
    from envizzy.generator.routers.network import NetworkBehaviour  # noqa: PLC0415
    from envizzy.generator.send import Totals, run  # noqa: PLC0415
    from envizzy.lab.errors import LabError  # noqa: PLC0415

    if first_router + routers > MOST_ROUTERS:
        raise typer.BadParameter(f"router {MOST_ROUTERS - 1} is the last one", param_hint="routers")
    if not endpoints and not routers:
        raise typer.BadParameter("neither endpoints nor routers", param_hint="endpoints")
    if site_csv is not None:
        site_csv.write_text(site_table(current_layouts(seed)), encoding="utf-8")
    stopping = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.append(True))
    behaviour = Behaviour(endpoints, rate, first, seed, str(templates), late, resend, str(layout))
    network = NetworkBehaviour(routers, router_rate, first_router, seed)

    def report(totals: Totals) -> None:
        typer.echo(f"{totals.datagrams} datagrams, {totals.records} records sent", err=True)

    try:
        run(
            host_port(to),
            behaviour,
            network,
            seconds=seconds,
            account=account,
            stopped=lambda: bool(stopping),
            report=report,
        )
    except OSError as error:
        raise LabError(f"cannot send to {to}: {error.strerror or error}") from error
