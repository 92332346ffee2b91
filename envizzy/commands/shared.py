"""Flags that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from envizzy.config import Settings

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
AcnvmConf = Annotated[
    Path | None,
    typer.Option("--acnvm-conf", metavar="FILE", help="acnvm.conf of Cisco's collector, as it is."),
]
FiltersFile = Annotated[
    Path | None,
    typer.Option("--filters", metavar="FILE", help="acnvmfilters.conf (streams.filter_policy)."),
]


def read_with(
    config: Path | None, flags: "Mapping[str, Any]", acnvm_conf: Path | None, filters: Path | None
) -> "Settings":
    """Read the settings of a service, behind them those of the original collector's files.

    Raises:
        SettingsError: A line for each mistake.
    """
    from envizzy.acnvm.base import base_of  # noqa: PLC0415 - quick --help
    from envizzy.config import read  # noqa: PLC0415

    base, notes = base_of(acnvm_conf, filters)
    for note in notes:
        typer.echo(f"envizzy: {note}", err=True)
    return read(config, flags, base).settings


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
