"""``envizzy streams``: one worker."""

from typing import Annotated

import typer

from envizzy.commands.shared import Broker, ConfigFile


def streams(
    config: ConfigFile = None,
    kafka: Broker = None,
    health_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of /metrics, /healthz, /readyz; 0: free.")
    ] = None,
) -> None:
    """Decode, interpret, filter and publish: one worker. Start more where the lag grows.

    SIGTERM ends it in good order; exit code 70 asks the supervisor to start it again.

    For example:

        envizzy streams --config /etc/envizzy.toml

        envizzy streams --kafka kafka1:9092 --health-port 0
    """
    from envizzy.config import read  # noqa: PLC0415 - quick --help
    from streams.agents.worker import run  # noqa: PLC0415

    flags = {"kafka.bootstrap_servers": kafka, "health.streams_port": health_port}
    settings = read(config, flags).settings
    code = run(
        settings.streams,
        settings.kafka,
        settings.topics,
        logs=settings.logs,
        health=settings.health,
        element_files=settings.elements.files,
    )
    raise typer.Exit(int(code))
