"""A machine of a test's own: this host's system in namespaces, with a real systemd in it.

Every folder is an overlay in memory: what is installed, which users are made, is gone in the end.
The network is the host's, so that brokers of the tests are reached. Needs root and a kernel that
allows it; says so where that fails.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 180.0
"""For systemd, which needs two seconds on an idle machine."""

COMMAND_SECONDS = 900.0
"""For a command in the machine: pip installs forty packages, on a busy one in minutes."""

_SETUP = """
set -e
base=$1
mount -t tmpfs tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$base/root"
cd "$base/root"
mount -t proc proc proc
# Kernel settings are the host's: nobody in here may change them.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mkdir sys/fs/cgroup/unified
mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
umount sys/fs/cgroup/unified
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
chmod 1777 tmp
mount --rbind /dev dev
for folder in $2; do mkdir -p "$base/root$folder"; mount --bind "$folder" "$base/root$folder"; done
# Nothing of the host's own is started: no udev, no sysctl, no logins.
rm -rf usr/lib/systemd/system/*.wants etc/systemd/system/*.wants etc/systemd/system/default.target
mkdir -p etc/systemd/system/sockets.target.wants
ln -s /usr/lib/systemd/system/systemd-journald.socket etc/systemd/system/sockets.target.wants/
for unit in systemd-sysctl.service systemd-networkd.service network-online.target; do
    ln -sf /dev/null "etc/systemd/system/$unit"
done
exec env -i container=lxc PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    chroot . /lib/systemd/systemd --unit=basic.target --log-target=null --show-status=no
"""


class MachineError(RuntimeError):
    """It cannot be had here; one line."""


class Machine:
    """A booted machine.

    Attributes:
        root: Its file system, as this test sees it.
    """

    def __init__(self, process: int, base: Path) -> None:
        self._process = process
        self.root = Path(f"/proc/{process}/root")
        self._base = base

    def run(
        self, *command: str, check: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as root."""
        enter = ("nsenter", "-t", str(self._process), "-m", "-p", "-u", "-i", "-C", "-r", "-w")
        done = subprocess.run(
            [
                *enter,
                "env",
                "-i",
                "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                *(f"{name}={value}" for name, value in env.items()),
                *command,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done


def _first_child(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else None
    return None


def _own_group() -> Path:
    """A control group for the machine: its systemd must not sort the host's.

    Raises:
        MachineError: There is no second version of control groups.
    """
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place, _, kind = line.partition(" - ")
        if kind.startswith("cgroup2 "):
            own = re.search(r"^0::(.*)$", Path("/proc/self/cgroup").read_text(), re.MULTILINE)
            path = own[1].lstrip("/") if own else ""
            group = Path(place.split()[4]) / path / f"envizzy-test-{os.getpid()}"
            try:
                group.mkdir(exist_ok=True)
            except OSError as error:
                raise MachineError(f"{group}: {error.strerror}") from error
            return group
    raise MachineError("there are no control groups of version 2")


def _remove(group: Path) -> None:
    """Take the group away with all below, when the last process of it is gone."""
    deadline = time.monotonic() + PATIENCE
    while group.exists() and time.monotonic() < deadline:
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
        time.sleep(0.1)


@contextlib.contextmanager
def booted(base: Path, shown: tuple[Path, ...]) -> Iterator[Machine]:
    """Boot a machine; it is gone in the end.

    Args:
        base: An empty folder.
        shown: Folders of the host that it sees too.

    Raises:
        MachineError: This host does not allow it.
        TimeoutError: It does, but systemd does not come up.
    """
    if os.geteuid() != 0:
        raise MachineError("only root can make namespaces with users")
    for tool in ("unshare", "nsenter", "systemctl", "systemd-analyze"):
        if not shutil.which(tool):
            raise MachineError(f"there is no {tool}")
    group = _own_group()
    log = base.parent / "machine.log"
    with log.open("wb") as output:
        outer = subprocess.Popen(
            [
                *("sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', str(group)),
                *(
                    "unshare",
                    "--mount",
                    "--pid",
                    "--fork",
                    "--kill-child",
                    "--uts",
                    "--ipc",
                    "--cgroup",
                ),
                *(
                    "--propagation",
                    "private",
                    "sh",
                    "-c",
                    _SETUP,
                    "sh",
                    str(base),
                    " ".join(map(str, shown)),
                ),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        machine = None
        while machine is None:
            first = _first_child(outer.pid)
            said = " ".join(log.read_text(errors="replace").split())[-300:]
            if outer.poll() is not None:
                raise MachineError(f"no systemd in namespaces here: {said}")
            if time.monotonic() > deadline:  # the host allows it: that is no skip
                raise TimeoutError(f"systemd is not up after {PATIENCE:.0f} s: {said}")
            if first is not None and Path(f"/proc/{first}/root/run/systemd/private").exists():
                machine = Machine(first, base)
                state = machine.run("systemctl", "is-system-running", check=False).stdout.strip()
                if state not in ("running", "degraded"):
                    machine = None
            time.sleep(0.1)
        yield machine
    finally:
        first = _first_child(outer.pid)
        if first is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
        outer.kill()
        outer.wait()
        _remove(group)
