"""The part ``host``: what the system says of itself, of its network and of our processes."""

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from envizzy.diag.model import Entry, Given, text

_FILES = (
    "/etc/os-release",
    "/proc/version",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/proc/pressure/cpu",
    "/proc/pressure/memory",
    "/proc/pressure/io",
    "/proc/net/dev",
    "/proc/net/snmp",
    "/proc/net/snmp6",
    "/proc/net/softnet_stat",
    "/proc/net/udp",
    "/proc/net/udp6",
    "/proc/sys/net/core/rmem_default",
    "/proc/sys/net/core/rmem_max",
    "/proc/sys/net/core/netdev_max_backlog",
    "/proc/sys/net/ipv4/udp_mem",
    "/proc/sys/net/ipv4/udp_rmem_min",
    "/proc/sys/fs/file-max",
    "/sys/fs/cgroup/cpu.max",
    "/sys/fs/cgroup/cpu.stat",
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory.events",
)
"""Files of the system; one that is not there is left out. The last column of ``udp`` is drops."""

_COMMANDS = {
    "sockets.txt": ("ss", "-lunpm"),
    "links.txt": ("ip", "-s", "link"),
    "units.txt": ("systemctl", "--no-pager", "status", "envizzy*"),
}
"""Commands of the system, as far as it has them."""

_COMMAND_SECONDS = 10.0
_FILE_OCTETS = 200_000


def host(given: Given) -> Iterator[Entry]:
    """Files and commands of the system, disks, our processes."""
    for name in _FILES:
        content = _read(Path(name))
        if content is not None:
            yield Entry(f"host{name}", content)
    for name, command in _COMMANDS.items():
        if shutil.which(command[0]):
            yield Entry(f"host/{name}", _output(command))
    yield text("host/disks.txt", _disks(given))
    yield text("host/clock.txt", f"{time.time_ns()} ns since 1970 UTC, time zone {time.tzname}\n")
    yield text("host/processes.txt", _processes(Path("/proc")))


def _read(path: Path) -> bytes | None:
    """The beginning of a file; None where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(_FILE_OCTETS)
    except OSError:
        return None


def _output(command: tuple[str, ...]) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{' '.join(command)}: {error}\n".encode()
    return done.stdout + done.stderr


def _disks(given: Given) -> str:
    places = {Path("/"), Path("/tmp"), Path("/var"), given.settings.logs.folder}  # noqa: S108 - looked at only
    lines = []
    for place in sorted(each for each in places if each is not None and each.exists()):
        usage = shutil.disk_usage(place)
        lines.append(f"{place}: {usage.free} octets free of {usage.total}\n")
    return "".join(lines)


def _processes(proc: Path) -> str:
    """Our processes: what the kernel tells of each. No environment: it may hold secrets."""
    lines = [f"limits of this process: {resource.getrlimit(resource.RLIMIT_NOFILE)} open files\n"]
    ticks = os.sysconf("SC_CLK_TCK")
    for folder in sorted(proc.glob("[0-9]*")):
        command = (_read(folder / "cmdline") or b"").split(b"\0")
        if not any(word.rpartition(b"/")[2] == b"envizzy" for word in command[:3]):
            continue
        stat = (_read(folder / "stat") or b"").rpartition(b")")[2].split()
        status = (_read(folder / "status") or b"").decode()
        try:
            seconds = (int(stat[11]) + int(stat[12])) / ticks
            files = len(list((folder / "fd").iterdir()))
        except (OSError, IndexError, ValueError):
            continue  # it ended meanwhile
        kept = [
            line for line in status.splitlines() if line.startswith(("PPid", "Uid", "Vm", "Th"))
        ]
        words = " ".join(word.decode(errors="replace") for word in command)
        lines.append(f"\n{folder.name}: {words}\ncpu seconds: {seconds:.1f}, files: {files}\n")
        lines.append("\n".join(kept) + "\n")
    return "".join(lines)
