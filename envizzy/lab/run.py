"""One run of the lab: start, watch, end in good order, check."""

import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
from rich.console import Console
from rich.live import Live

from envizzy.lab import replay, services
from envizzy.lab.errors import LabError
from envizzy.lab.minutes import Minutes
from envizzy.lab.processes import Child, envizzy, spawn
from envizzy.lab.progress import Options, Run
from envizzy.lab.reader import AccountReader
from envizzy.lab.services import Services
from envizzy.lab.settle import settle, settle_replay
from envizzy.lab.summary import print_summary
from envizzy.lab.view import render
from envizzy.lab.watch import Watch
from service.exits import Exit

_STEP_SECONDS = 0.2
_REPLAY_RATE = 1000.0


def run(options: Options) -> Exit:
    """Run the lab.

    Returns:
        ``OK`` only if nothing was lost and nothing was wrong.

    Raises:
        LabError: It could not start, or a part of it ended.
    """
    console = Console()
    sent = replay.datagrams(options.replay) if options.replay else None
    with _signals() as stopping, _folder() as folder:
        if not options.as_json:
            console.print("[dim]starting broker, topics, ingest and streams ...[/dim]")
        prefix = "" if options.kafka is None else f"lab-{time.time_ns():x}-"
        with ExitStack() as stack:
            started = services.running(folder, options.kafka, prefix, routers=options.routers > 0)
            parts = stack.enter_context(started)
            watch = Watch(
                parts.settings.kafka,
                parts.settings.topics,
                [AccountReader(folder / "account.jsonl")],
                expecting=sent is None,
                minutes=Minutes() if sent is None and options.routers else None,
            )
            stack.callback(watch.close)
            source = _source(options, parts, folder)
            stack.callback(source.stop)
            this = Run(options, parts, watch, source, stopping)
            _watch(this, console)
            if sent is None:
                source.stop()
                summary, sound, notes = settle(this)
            else:
                source.process.wait()
                summary, sound, notes = settle_replay(this, sent)
    if options.as_json:
        sys.stdout.write(orjson.dumps(summary.as_dict()).decode() + "\n")
        for line in (*notes, *([this.ended_by] if this.ended_by else [])):
            sys.stderr.write(f"envizzy: {line}\n")
    else:
        for kind, value in watch.records:
            console.print(f"{kind} {orjson.dumps(value).decode()}", markup=False, soft_wrap=True)
        print_summary(summary, notes, console)
        if this.ended_by:
            console.print(this.ended_by, style="yellow", markup=False)
    return Exit.OK if sound else Exit.ERROR


def _source(options: Options, parts: Services, folder: Path) -> Child:
    target = f"127.0.0.1:{parts.port}"
    log = folder / "source.log"
    if options.replay:
        return spawn("replay", replay.command(target, _REPLAY_RATE, options.replay), log)
    command = envizzy(
        *("generate", "--to", target, "--endpoints", str(options.endpoints)),
        *("--rate", str(options.rate), "--account", str(folder / "account.jsonl")),
        *("--routers", str(options.routers), "--router-rate", str(options.router_rate)),
    )
    return spawn("generate", command, log)


def _watch(this: Run, console: Console) -> None:
    """Until the time is over, somebody stops it, or the memory or a replayed capture ends."""
    options = this.options
    deadline = None if options.seconds is None else time.monotonic() + options.seconds

    def step() -> None:
        this.watch.step(_STEP_SECONDS)
        this.look()

    def over() -> bool:
        late = deadline is not None and time.monotonic() >= deadline
        if this.source.ended and this.source.process.returncode:
            raise LabError(f"{this.source.name} ended:\n{this.source.tail()}")
        done = this.source.ended and (bool(options.replay) and deadline is None)
        return bool(late or done or this.ended_by or this.stopping())

    if options.as_json or not console.is_terminal:
        while not over():
            step()
        return
    with Live(console=console, refresh_per_second=4, screen=False) as live:
        while not over():
            step()
            wide, high = console.size
            watch = this.watch
            shown = render(this.figures(), watch.talk, watch.exporters, width=wide, height=high)
            live.update(shown)


@contextmanager
def _signals() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM ask for the end; a second Ctrl-C ends at once."""
    got: list[int] = []

    def note(number: int, _frame: object) -> None:
        got.append(number)
        if len(got) > 1:
            raise KeyboardInterrupt

    before = {each: signal.signal(each, note) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(got)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for settings, logs and the account; it stays when something goes wrong."""
    folder = Path(tempfile.mkdtemp(prefix="envizzy-lab-"))
    try:
        yield folder
    except LabError as error:
        if not list(folder.glob("*.log")):
            folder.rmdir()
            raise
        raise LabError(f"{error}\n(settings and logs: {folder})") from error
    except KeyboardInterrupt:
        _remove(folder)
        raise
    _remove(folder)


def _remove(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
