"""``envizzy ingest``: the receiver."""

from typing import Annotated

import typer

from envizzy.commands.shared import AcnvmConf, Broker, ConfigFile, FiltersFile, Processes, read_with


def ingest(
    config: ConfigFile = None,
    kafka: Broker = None,
    acnvm_conf: AcnvmConf = None,
    filters: FiltersFile = None,
    listen: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST:PORT", help="Address to receive on; repeatable."),
    ] = None,
    health_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of /metrics, /healthz, /readyz; 0: free.")
    ] = None,
    processes: Processes = None,
) -> None:
    """Receive datagrams and hand them to Kafka in batches; stays up without Kafka.

    SIGTERM ends it in good order. SIGUSR1 logs more, SIGUSR2 and SIGHUP as the settings say.

    For example:

        envizzy ingest --config /etc/envizzy.toml

        envizzy ingest --listen 0.0.0.0:2055 --listen [::]:2055 --kafka kafka1:9092
    """
    from ingest.run import run  # noqa: PLC0415
    from service.log_control import follow_signals  # noqa: PLC0415

    flags = {
        "kafka.bootstrap_servers": kafka,
        "ingest.listen": listen,
        "health.ingest_port": health_port,
        "ingest.processes": processes,
    }
    settings = read_with(config, flags, acnvm_conf, filters)
    follow_signals(settings.logs, lambda: read_with(config, flags, acnvm_conf, filters).logs)
    raise typer.Exit(
        int(run(settings.ingest, settings.kafka, settings.topics, settings.logs, settings.health))
    )
