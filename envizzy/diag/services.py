"""The parts ``services`` and ``logs``: what the services say of themselves."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from envizzy.diag.model import Entry, Given, text

_ANSWER_SECONDS = 5.0
_JOURNAL_SECONDS = 30.0
_LINES_A_FILE = 1000
_PATHS = ("metrics", "healthz", "readyz")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Who listens on all addresses is asked on this host's own."""


def services(given: Given) -> Iterator[Entry]:
    """What each service of this host answers on its health port."""
    health = given.settings.health
    host = _EVERYWHERE.get(health.host, health.host)
    host = f"[{host}]" if ":" in host else host
    overview = []
    for field in type(health).model_fields:
        name, _, kind = field.rpartition("_")
        if kind != "port":
            continue
        port = getattr(health, field)
        for path in _PATHS if port else ():
            answer = _ask(f"http://{host}:{port}/{path}")
            yield Entry(f"services/{name}-{path}.txt", answer)
            if path == "readyz":
                overview.append(f"{name}: {answer.decode(errors='backslashreplace').strip()}\n")
    yield text("services/overview.txt", "".join(overview))


def _ask(url: str) -> bytes:
    try:
        with urlopen(url, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - http to ourselves
            found: bytes = answer.read()
            return found
    except HTTPError as error:
        return f"{error.code}: ".encode() + error.read()
    except OSError as error:
        return f"{url} does not answer: {error}\n".encode()


def logs(given: Given) -> Iterator[Entry]:
    """The ends of the log files, and of the journal where there is one."""
    settings = given.settings
    folder = settings.logs.folder
    found = sorted(folder.glob("*.log*"), key=_changed_at, reverse=True) if folder else []
    for file in found[: settings.diag.log_files]:
        yield Entry(f"logs/{file.name}", _end(file, settings.diag.log_octets))
    lines = settings.diag.log_files * _LINES_A_FILE
    journal = _journal(lines) if lines else b""
    if journal:
        yield Entry("logs/journal.txt", journal)
    if not found and not journal:
        yield text("logs/none.txt", "no logs.folder is set, and no journal tells of envizzy\n")


def _changed_at(file: Path) -> float:
    return file.stat().st_mtime


def _end(file: Path, octets: int) -> bytes:
    """The last lines of a file, whole."""
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - octets))
        content = opened.read(octets)
    return content if size <= octets else content.partition(b"\n")[2]


def _journal(lines: int) -> bytes:
    if not shutil.which("journalctl"):
        return b""
    command = ("journalctl", "--quiet", "--no-pager", "-o", "short-iso-precise", "--utc")
    try:
        done = subprocess.run(
            [*command, "-u", "envizzy*", "-n", str(lines)],
            capture_output=True,
            timeout=_JOURNAL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"journalctl: {error}\n".encode()
    return done.stdout
