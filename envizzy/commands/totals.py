"""``envizzy totals``: one worker that adds router flows up by the minute."""

from typing import Annotated

import typer

from envizzy.commands.shared import Broker, ConfigFile


def totals(
    config: ConfigFile = None,
    kafka: Broker = None,
    health_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of /metrics, /healthz, /readyz; 0: free.")
    ] = None,
) -> None:
    """Add router flows up by the minute: from netflow to netflow-1m, exact to the octet.

    One worker; start more where its lag grows, up to the partitions of netflow. SIGTERM ends it in
    good order; exit code 70 asks the supervisor to start it again. See docs/totals.md.

    For example:

        envizzy totals --config /etc/envizzy.toml

        envizzy totals --kafka kafka1:9092 --health-port 0

        envizzy tail netflow-1m
    """
    from envizzy.config import read  # noqa: PLC0415 - quick --help
    from service.log_control import follow_signals  # noqa: PLC0415
    from streams.totals_worker.worker import run  # noqa: PLC0415

    flags = {"kafka.bootstrap_servers": kafka, "health.totals_port": health_port}
    settings = read(config, flags).settings
    follow_signals(settings.logs, lambda: read(config, flags).settings.logs)
    code = run(
        settings.totals,
        settings.kafka,
        settings.topics,
        logs=settings.logs,
        health=settings.health,
        flow_key=settings.netflow.key,
    )
    raise typer.Exit(int(code))
