"""Processes of one endpoint: what a current client says of a program and of its parent.

Paths, arguments, integrity levels and account types have the forms of real lines (v9, v11).
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from envizzy.generator.world import PROGRAMS, RESOLVER, Program

MEDIUM, HIGH, SYSTEM = 8192, 12288, 16384
"""Integrity levels of Windows: of users, of elevated ones, of the system."""

ELEVATED = 0x2000
"""Of an account type: an administrator who runs elevated."""

_ADMINISTRATOR = 2

_USER_SERVICES = "UnistackSvcGroup"
_ARGUMENTS: Mapping[str, Sequence[str]] = {
    "svchost.exe": (
        "-k UnistackSvcGroup -s WpnUserService",
        "-k NetworkService -p -s Dnscache",
        "-k netsvcs -p -s wuauserv",
    ),
    "chrome.exe": ("", " --type=utility --utility-sub-type=network.mojom.NetworkService"),
    "msedge.exe": (" --no-startup-window /prefetch:5", " --profile-directory=Default"),
    "OUTLOOK.EXE": ("", ' /select "outlook:calendar"'),
    "ms-teams.exe": (" msteams:system-initiated",),
    "python.exe": (" -m pip install requests", ' -c "import this"', " build.py --jobs 4"),
    "git-remote-https.exe": (" origin https://git.example.com/tools.git",),
    "slack.exe": ("", " --startup"),
}
_PARENT_ARGUMENTS: Mapping[str, Sequence[str]] = {
    "services.exe": ("",),
    "explorer.exe": ("", " /NOUACCHECK"),
    "cmd.exe": ("", ' /c "nightly.cmd"', " /k"),
    "git.exe": (" fetch --all", " clone https://git.example.com/tools.git"),
}
_PLACES: Mapping[str, str] = {
    "svchost.exe": "C:\\Windows\\System32\\",
    "services.exe": "C:\\Windows\\System32\\",
    "cmd.exe": "C:\\Windows\\system32\\",
    "explorer.exe": "C:\\Windows\\",
}
_SOME_PLACES = ("C:\\Program Files\\", "C:\\Program Files (x86)\\", "C:\\Users\\Public\\apps\\")
_UNIX_PLACES = ("/usr/local/bin/", "/Applications/", "/opt/")


class Process(NamedTuple):
    """A running program.

    Attributes:
        flow: Key to value of what a flow record says of it and of its parent.
        of_user: Whether it runs as the logged-in user, as some services do.
    """

    flow: Mapping[str, Any]
    of_user: bool


class Processes:
    """All that may talk on one endpoint: some of each program, each parent once."""

    def __init__(self, seed: str, *, windows: bool) -> None:
        self._random = random.Random(f"{seed}/processes")
        self._windows = windows
        self._ids: set[int] = set()
        self._parents: dict[str, dict[str, Any]] = {}
        self._running = {each: self._some(each) for each in (*PROGRAMS, RESOLVER)}

    def of(self, program: Program, chance: random.Random) -> Process:
        """One that runs this program."""
        return chance.choice(self._running[program])

    def _some(self, program: Program) -> list[Process]:
        arguments = _ARGUMENTS.get(program.name, ("",))
        return [self._start(program, each) for each in arguments]

    def _start(self, program: Program, arguments: str) -> Process:
        parent = self._parent(program)
        of_user = program.account == "user" or _USER_SERVICES in arguments
        high = of_user and parent["ppil"] == HIGH
        level = HIGH if high else MEDIUM if of_user else SYSTEM
        flow = {
            "pid": self._id(),
            "ppath": self._place(program.name) + program.name,
            "parg": arguments,
            **parent,
            "pil": level,
            "puid": self._random.randbytes(16).hex().upper(),
        }
        if high:
            flow |= {"puat": ELEVATED | _ADMINISTRATOR, "ppuat": ELEVATED | _ADMINISTRATOR}
        return Process(flow, of_user)

    def _parent(self, program: Program) -> dict[str, Any]:
        """A parent is one process, however many children it has; command lines are several."""
        name = program.parent
        known = self._parents.get(name)
        if known is None or (name in {"cmd.exe", "git.exe"} and self._random.random() < 0.5):  # noqa: PLR2004 - half
            of_user = program.account == "user"
            level = self._random.choice((MEDIUM, HIGH)) if name == "cmd.exe" else MEDIUM
            known = self._parents[name] = {
                "ppid": self._id(),
                "pppath": self._place(name) + name,
                "pparg": self._random.choice(_PARENT_ARGUMENTS.get(name, ("",))),
                "ppil": level if of_user else SYSTEM,
            }
        return known

    def _id(self) -> int:
        """Windows gives multiples of four."""
        while True:
            number = self._random.randrange(400, 20_000)
            number -= number % 4 if self._windows else 0
            if number not in self._ids:
                self._ids.add(number)
                return number

    def _place(self, name: str) -> str:
        if not self._windows:
            return self._random.choice(_UNIX_PLACES)
        return _PLACES.get(name) or self._random.choice(_SOME_PLACES)
