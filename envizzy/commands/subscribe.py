"""``envizzy subscribe``: records from the topics to where they are wanted."""

from typing import Annotated

import typer

from envizzy.commands.shared import AcnvmConf, Broker, ConfigFile, read_with


def subscribe(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME", help="Tables [subscribers.NAME] of the settings.")
    ],
    *,
    config: ConfigFile = None,
    kafka: Broker = None,
    acnvm_conf: AcnvmConf = None,
    health_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of /metrics, /healthz, /readyz; 0: free.")
    ] = None,
) -> None:
    """Deliver records to syslog, files, Splunk, another Kafka or a plug-in; deliver, then commit.

    Several names are a process each under one supervisor, in consumer groups of their own. SIGTERM
    ends them in good order; the next start goes on where they were.

    For example:

        envizzy subscribe archive --config /etc/envizzy.toml

        envizzy subscribe siem archive --config /etc/envizzy.toml

        envizzy subscribe acnvm --acnvm-conf /opt/acnvm/conf/acnvm.conf
    """
    from service.exits import Exit  # noqa: PLC0415 - quick --help
    from service.log_control import follow_signals  # noqa: PLC0415
    from streams.subscribers.run import run  # noqa: PLC0415

    flags = {"kafka.bootstrap_servers": kafka, "health.subscribers_port": health_port}
    settings = read_with(config, flags, acnvm_conf, None)
    unknown = [name for name in names if name not in settings.subscribers]
    if unknown:
        there = ", ".join(settings.subscribers) or "none"
        typer.echo(
            f"envizzy: no [subscribers.{unknown[0]}] in the settings; there are: {there}", err=True
        )
        raise typer.Exit(Exit.USAGE)
    follow_signals(settings.logs, lambda: read_with(config, flags, acnvm_conf, None).logs)
    code = run(
        {name: settings.subscribers[name] for name in names},
        settings.kafka,
        settings.topics,
        logs=settings.logs,
        health=settings.health,
        message_octets=settings.streams.message_octets,
    )
    raise typer.Exit(int(code))
