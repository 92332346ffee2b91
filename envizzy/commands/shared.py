"""Flags that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file (TOML); else ENVIZZY_CONFIG names it."),
]
Broker = Annotated[
    str | None,
    typer.Option("--kafka", metavar="HOST:PORT", help="Brokers (kafka.bootstrap_servers)."),
]

Processes = Annotated[
    int | None,
    typer.Option(min=1, max=256, help="Processes, in place of one for each processor."),
]


def host_port(text: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``[IPv6]:PORT``.

    Raises:
        typer.BadParameter: It has another form.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) <= 0xFFFF:  # noqa: PLR2004 - ports
        raise typer.BadParameter(f"{text!r} is no HOST:PORT, as in 127.0.0.1:2055 or [::1]:2055")
    return host, int(port)
