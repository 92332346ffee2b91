"""``envizzy streams``: the workers."""

from typing import Annotated

import typer

from envizzy.commands.shared import AcnvmConf, Broker, ConfigFile, FiltersFile, Processes, read_with


def streams(
    config: ConfigFile = None,
    kafka: Broker = None,
    acnvm_conf: AcnvmConf = None,
    filters: FiltersFile = None,
    health_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of /metrics, /healthz, /readyz; 0: free.")
    ] = None,
    processes: Processes = None,
) -> None:
    """Decode, interpret, filter and publish: a worker for each processor under one supervisor.

    Start it on more hosts where the lag grows. SIGTERM ends it in good order; exit code 70 asks
    to start it again. SIGUSR1 logs more, SIGUSR2 and SIGHUP as the settings say.

    For example:

        envizzy streams --config /etc/envizzy.toml

        envizzy streams --kafka kafka1:9092 --health-port 0
    """
    from service.log_control import follow_signals  # noqa: PLC0415
    from streams.agents.run import run  # noqa: PLC0415

    flags = {"kafka.bootstrap_servers": kafka, "health.streams_port": health_port}
    flags["streams.processes"] = processes
    settings = read_with(config, flags, acnvm_conf, filters)
    follow_signals(settings.logs, lambda: read_with(config, flags, acnvm_conf, filters).logs)
    code = run(
        settings.streams,
        settings.kafka,
        settings.topics,
        logs=settings.logs,
        health=settings.health,
        element_files=settings.elements.files,
        netflow=settings.netflow,
    )
    raise typer.Exit(int(code))
