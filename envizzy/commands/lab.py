"""``envizzy lab``: everything on this machine, live."""

from pathlib import Path
from typing import Annotated

import typer


def lab(
    *,
    endpoints: Annotated[int, typer.Option(min=0, max=60_000, help="How many talk.")] = 20,
    rate: Annotated[
        float, typer.Option(min=0.1, metavar="FLOWS/S", help="Flows a second of all endpoints.")
    ] = 100.0,
    routers: Annotated[
        int, typer.Option(min=0, max=250, help="How many export NetFlow v5, v9 or IPFIX.")
    ] = 0,
    router_rate: Annotated[
        float, typer.Option(min=0.1, metavar="FLOWS/S", help="Flows a second of all routers.")
    ] = 100.0,
    seconds: Annotated[
        float | None,
        typer.Option("--for", min=0.1, metavar="SECONDS", help="From ready on; else to Ctrl-C."),
    ] = None,
    replay: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A capture in place of the generator; repeatable."),
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="A Kafka of yours in place of the embedded one."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the summary.")] = False,
    memory: Annotated[
        int, typer.Option(min=64, metavar="MIB", help="What the embedded broker may hold.")
    ] = 2048,
) -> None:
    """Show endpoints and routers talking: broker, topics, ingest, streams and a generator.

    Nothing else has to be installed. In the end every record that was sent is looked for on the
    topics, and the totals of routers' minutes are compared with what was sent; exit code 0 only if
    nothing is lost and the sums are right.

    For example:

        envizzy lab

        envizzy lab --endpoints 200 --rate 2000 --for 120 --json

        envizzy lab --routers 4

        envizzy lab --replay clients.pcap

        envizzy lab --kafka 127.0.0.1:9092
    """
    from envizzy.lab.progress import Options  # noqa: PLC0415 - quick --help
    from envizzy.lab.run import run  # noqa: PLC0415

    if not endpoints and not routers:
        raise typer.BadParameter("neither endpoints nor routers", param_hint="endpoints")
    options = Options(
        *(endpoints, rate, seconds, tuple(replay or ()), kafka, as_json, memory),
        *(routers, router_rate),
    )
    raise typer.Exit(int(run(options)))
