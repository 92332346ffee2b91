"""``envizzy tail``: follow a topic."""

import contextlib
import signal
import sys
import time
from typing import Annotated

import orjson
import typer

from envizzy.commands.shared import AcnvmConf, Broker, ConfigFile, load_with
from schemas.topics import TOPICS


def tail(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help=f"One of {', '.join(TOPICS)}.")],
    *,
    config: ConfigFile = None,
    kafka: Broker = None,
    acnvm_conf: AcnvmConf = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
    beginning: Annotated[
        bool, typer.Option("--from-beginning", help="All that the topic holds, then what comes.")
    ] = False,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="End after so many records.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", help="End after so long.")
    ] = None,
) -> None:
    """Follow a topic, as a live table or as JSON lines; Ctrl-C ends it.

    Dead letters are shown with their reason, place and octets.

    For example:

        envizzy tail flow

        envizzy tail dead-letter --json --from-beginning | jq .value.reason
    """
    from envizzy.lab.reader import TopicReader  # noqa: PLC0415 - quick --help
    from envizzy.printed import readable  # noqa: PLC0415
    from envizzy.tail_view import TailView  # noqa: PLC0415

    settings = load_with(config, {"kafka.bootstrap_servers": kafka}, acnvm_conf).settings
    if topic not in TOPICS:
        raise typer.BadParameter(f"{topic!r}: accepted: {', '.join(TOPICS)}")
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: stopping.append(got))
    name = settings.topics.name(topic)
    reader = TopicReader(settings.kafka.librdkafka("tail"), [name], from_end=not beginning)
    begun, seen = time.monotonic(), 0
    with contextlib.ExitStack() as stack:
        stack.callback(reader.close)
        view = None if as_json else stack.enter_context(TailView(name))
        while not stopping and (seconds is None or time.monotonic() - begun < seconds):
            for message in reader.read(0.2):
                seen += 1
                shown = readable(message, topic)
                if view is None:
                    sys.stdout.buffer.write(orjson.dumps(shown) + b"\n")
                else:
                    view.add(shown)
                if count is not None and seen >= count:
                    return
            if view is None:
                sys.stdout.buffer.flush()
