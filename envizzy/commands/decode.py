"""``envizzy decode``: what is in a capture, without Kafka."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from envizzy.captures import Captured, CaptureError, Format, Tally, read
from envizzy.config import read as read_settings
from envizzy.decode import Collector, json_line, readable_line
from envizzy.decode.records import record_lines
from schemas.elements import load_registry
from schemas.errors import SchemaError
from service.exits import Exit
from service.settings import SettingsError
from streams.filtering import PolicyError


def decode(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Captures, in order.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    records: Annotated[
        bool,
        typer.Option("--records", help="Interpreted records instead, as they stand on the topics."),
    ] = False,
    port: Annotated[
        list[int] | None,
        typer.Option("--port", metavar="PORT", help="Only what was sent to this port; repeatable."),
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="How to read the files, if not as it looks.")
    ] = None,
    elements: Annotated[
        list[Path] | None,
        typer.Option("--elements", metavar="FILE", help="A CSV of elements of yours; repeatable."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="Settings of a deployment: its elements; for --records all.",
        ),
    ] = None,
) -> None:
    """Decode captures with one fresh collector, in the order given.

    Reads pcap, pcapng, hex text (a datagram a line), raw datagrams and IPFIX files.
    Malformed input is reported and is no error; a file that cannot be read is (exit code 2).

    For example:

        envizzy decode clients.pcap

        envizzy decode --json --port 2055 templates.pcap data.pcap

        envizzy decode --records --json clients.pcap

        envizzy decode --records --config envizzy.toml clients.pcap
    """
    tally = Tally()
    try:
        captured = _captured(files, port, form, tally)
        settings = read_settings(config).settings
        site_files = (*settings.elements.files, *(elements or ()))
        if records:
            lines = record_lines(
                captured,
                site_files,
                as_json=as_json,
                settings=settings.streams,
                netflow=settings.netflow,
                note=_note,
            )
        else:
            lines = _item_lines(captured, site_files, as_json=as_json)
        _write(lines)
    except (CaptureError, SchemaError, PolicyError, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.USAGE) from error
    for note in tally.notes():
        _note(note)


def _captured(
    files: list[Path], ports: list[int] | None, form: Format | None, tally: Tally
) -> Iterator[Captured]:
    for path in files:
        yield from read(path, ports=ports or None, format=form, tally=tally)


def _item_lines(
    captured: Iterator[Captured], site_files: tuple[Path, ...], *, as_json: bool
) -> Iterator[bytes]:
    collector = Collector(load_registry(site_files))
    for datagram in captured:
        for item in collector.feed(datagram):
            yield json_line(item) if as_json else readable_line(item).encode()
    for item in collector.finish():
        yield json_line(item) if as_json else readable_line(item).encode()
    if collector.trailing_octets:
        _note(f"{collector.trailing_octets} octets behind Messages not decoded")
    if collector.skipped_sets:
        _note(f"{collector.skipped_sets} Sets of reserved ids skipped")


def _note(text: str) -> None:
    typer.echo(text, err=True)


def _write(lines: Iterator[bytes]) -> None:
    """Write lines; a reader that goes away (``| head``) ends it in good order."""
    try:
        for line in lines:
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python would complain at exit that it cannot flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
