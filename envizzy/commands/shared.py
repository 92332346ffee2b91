"""Flags that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from envizzy.acnvm.model import Note
    from envizzy.config import Settings
    from service.settings import Loaded

_BROKERS = "kafka.bootstrap_servers"

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file (TOML); else ENVIZZY_CONFIG names it.",
    ),
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

    What is worth knowing of these is said on standard error.

    Raises:
        SettingsError: A line for each mistake.
    """
    loaded, notes = _read(config, flags, acnvm_conf, filters)
    for note in notes:
        typer.echo(f"envizzy: {note}", err=True)
    return loaded.settings


def load_with(
    config: Path | None, flags: "Mapping[str, Any]", acnvm_conf: Path | None
) -> "Loaded[Settings]":
    """Read the settings likewise, for a command that looks at what services do; says nothing.

    Raises:
        SettingsError: A line for each mistake.
    """
    return _read(config, flags, acnvm_conf, None)[0]


def _read(
    config: Path | None, flags: "Mapping[str, Any]", acnvm_conf: Path | None, filters: Path | None
) -> "tuple[Loaded[Settings], list[Note]]":
    from envizzy.acnvm.base import base_of  # noqa: PLC0415 - quick --help
    from envizzy.config import read  # noqa: PLC0415

    base, notes = base_of(acnvm_conf, filters)
    loaded = read(config, flags, base)
    _, exporters = base.get(_BROKERS, (None, ""))
    if exporters and loaded.origin(_BROKERS) != exporters:
        # Our cluster is not the one that the original's exporter writes to: copies go there.
        base, notes = base_of(acnvm_conf, filters, loaded.settings.kafka.bootstrap_servers)
        loaded = read(config, flags, base)
    return loaded, notes


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
