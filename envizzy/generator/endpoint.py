"""One endpoint: a machine, its user, interfaces and flows. Time and randomness are arguments."""

import hashlib
import heapq
import random
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from envizzy.generator.processes import Process, Processes
from envizzy.generator.world import (
    ACCOUNTS,
    NETWORKS,
    PROGRAMS,
    RESOLVER,
    SUFFIXES,
    SYSTEMS,
    USERS,
    Program,
    file_hash,
    host_address,
)

SECOND = 1_000_000_000
"""Nanoseconds."""

MILLISECOND = 1_000_000
"""Nanoseconds."""

_END, _START, _PERIODIC = 0, 1, 2
"""Report stages of a flow (``fsg``)."""

_DNS_SHARE = 0.44
"""Of all flows; measured on public data of eight real endpoints."""
_LONG_SHARE = 0.3
"""Of HTTPS flows: reported at start, periodically and at the end; others last under a second."""
_IPV6_SHARE = 0.25
_OPEN_FLOWS = 64
"""The oldest ends when more are open: memory stays bounded whatever the rate."""
_FIRST_PORT, _LAST_PORT = 1024, 65535
_DNS_PORT, _HTTPS_PORT, _UDP, _TCP = 53, 443, 17, 6


class Spoken(NamedTuple):
    """Something that the endpoint reports.

    Attributes:
        template_id: Of its Template.
        value: Key to value for each field that any layout of this id has.
    """

    template_id: int
    value: dict[str, Any]


@dataclass(slots=True)
class _Flow:
    """A flow that goes on: what does not change, and what is still to be reported."""

    template_id: int
    value: dict[str, Any]
    reports: int


@dataclass(slots=True)
class Endpoint:
    """A machine that talks.

    Attributes:
        index: Among all generated ones; decides who it is.
        seed: Of the whole run.
        number: Data Records spoken so far; also the Sequence Number of the next Message.
    """

    index: int
    seed: int
    number: int = 0
    _random: random.Random = field(init=False)
    _udid: str = field(init=False)
    _open: list[tuple[int, int, _Flow]] = field(default_factory=list)
    _flows: int = 0
    _endpoints: int = 0
    _interfaces: int = 0
    _network: int = 0
    _processes: Processes = field(init=False)

    def __post_init__(self) -> None:
        """Decide who it is."""
        self._random = random.Random(f"{self.seed}/{self.index}")
        self._udid = hashlib.sha1(f"{self.seed}/{self.index}".encode()).hexdigest().upper()  # noqa: S324 - an id
        self._network = self.index % len(NETWORKS)
        windows = SYSTEMS[self.index % len(SYSTEMS)][0] == "WinNT"
        self._processes = Processes(f"{self.seed}/{self.index}", windows=windows)

    @property
    def udid(self) -> str:
        """40 upper-case hex digits."""
        return self._udid

    def describe(self, now_ns: int = 0) -> Spoken:
        """Its endpoint record; the OS revision grows with each, so that they can be told apart.

        Args:
            now_ns: Of ``ctm``.
        """
        name, version, edition, maker, kind = SYSTEMS[self.index % len(SYSTEMS)]
        self._endpoints += 1
        value = {
            "vsn": f"STATION-{self.index:06d}",
            "udid": self._udid,
            "osn": name,
            "osv": f"{version}.{1000 + self._endpoints}",
            "ose": edition,
            "sm": maker,
            "st": kind,
            "agv": f"5.1.{self.index % 9}.{42 + self.index % 200}",
            "ampguid": self._guid() if self.index % 3 else "",
            "ctm": now_ns // MILLISECOND,
        }
        return Spoken(262, value)

    def _guid(self) -> str:
        """Of Secure Endpoint, where it is installed."""
        digits = self._udid.lower()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))

    def interface(self, now_ns: int = 0, *, moved: bool) -> Spoken:
        """An interface record.

        Args:
            now_ns: Of ``ctm``.
            moved: Into another network (trust state, SSID); each state has an UID of its own.
        """
        self._interfaces += 1
        if moved:
            self._network = self._random.randrange(len(NETWORKS))
        kind, name, trust, ssid = NETWORKS[self._network]
        details = [f"STATE={trust}", *([f"SSID={ssid}"] if ssid else [])]
        mac = bytes.fromhex(self._udid)[:5].hex(":")
        value = {
            "udid": self._udid,
            "iid": self._interfaces,
            "ii": 10 + self._network,
            "it": kind,
            "in": name,
            "details": details,
            "im": f"02:{mac}",
            "ctm": now_ns // MILLISECOND,
        }
        return Spoken(266, value)

    def flow(self, now_ns: int) -> Spoken:
        """The next flow record: of an open flow that is due, else of a new one."""
        if self._open and (self._open[0][0] <= now_ns or len(self._open) >= _OPEN_FLOWS):
            return self._report(now_ns)
        template_id, value = self._start(now_ns)
        chance = self._random
        if value["dp"] == _HTTPS_PORT and chance.random() < _LONG_SHARE:
            # Seen at the handshake: nothing counted yet, end = start.
            due = now_ns + int(chance.uniform(0.5, 8) * SECOND)
            kept = _Flow(template_id, value, chance.randrange(1, 4))
            heapq.heappush(self._open, (due, self._flows, kept))
            return Spoken(template_id, dict(value))
        value["fsg"] = _END
        value["fems"] += chance.randrange(1000 - value["fems"] % 1000)  # within its second
        value["ibc"] = chance.randrange(40, 90_000)
        value["obc"] = chance.randrange(30, 3_000)
        return Spoken(template_id, value)

    def _report(self, now_ns: int) -> Spoken:
        """A periodic or the last report of an open flow: its totals so far."""
        _, number, kept = heapq.heappop(self._open)
        chance = self._random
        value = kept.value
        value["fes"] = max(value["fss"], now_ns // SECOND)
        value["fems"] = max(value["fsms"], now_ns // MILLISECOND)
        value["ibc"] += chance.randrange(0, 400_000)
        value["obc"] += chance.randrange(1, 40_000)
        kept.reports -= 1
        value["fsg"] = _PERIODIC if kept.reports > 0 else _END
        if kept.reports > 0:
            due = now_ns + int(chance.uniform(1, 10) * SECOND)
            heapq.heappush(self._open, (due, number, kept))
        return Spoken(kept.template_id, dict(value))

    def _start(self, now_ns: int) -> tuple[int, dict[str, Any]]:
        """A new flow; nothing counted yet."""
        chance = self._random
        dns = chance.random() < _DNS_SHARE
        program = RESOLVER if dns else chance.choices(PROGRAMS, [p.weight for p in PROGRAMS])[0]
        version = 6 if chance.random() < _IPV6_SHARE else 4
        process = self._processes.of(program, chance)
        host = "Unknown" if dns else chance.choice(program.hosts)
        source, destination = self._addresses(host, version, dns=dns)
        names = ("sa6", "da6") if version == 6 else ("sa", "da")  # noqa: PLR2004 - the IP version
        port = _FIRST_PORT + self._flows % (_LAST_PORT - _FIRST_PORT + 1)
        self._flows += 1
        second = now_ns // SECOND
        value = {
            "pr": _UDP if dns else _TCP,
            names[0]: source,
            "sp": port,
            names[1]: destination,
            "dp": _DNS_PORT if dns else _HTTPS_PORT,
            "fss": second,
            "fes": second,
            "fsms": now_ns // MILLISECOND,
            "fems": now_ns // MILLISECOND,
            "fsg": _START,
            "fd": 1,
            "hh": "",
            "hm": "",
            "ht": "",
            "aliul": [] if self.index % 4 else ["rdp:8001:EXAMPLE\\anna.berg"],
            "udid": self._udid,
            **self._people(program, process),
            **process.flow,
            "ibc": 0,
            "obc": 0,
            "ds": SUFFIXES[self.index % len(SUFFIXES)],
            "dh": host,
            "iid": self._interfaces,
            "mnl": list(program.modules),
            "mhl": [file_hash(each) for each in program.modules],
        }
        return 268 if version == 6 else 267, value  # noqa: PLR2004 - the IP version

    def _addresses(self, host: str, version: int, *, dns: bool) -> tuple[str, str]:
        if version == 6:  # noqa: PLR2004 - the IP version
            resolver = "2001:db8::53"
            return f"2001:db8:ffff::{self.index + 1:x}", resolver if dns else host_address(host, 6)
        own = f"10.{self.index >> 16 & 255}.{self.index >> 8 & 255}.{self.index & 255}"
        return own, "192.0.2.53" if dns else host_address(host, 4)

    def _people(self, program: Program, process: Process) -> dict[str, Any]:
        user, user_type = USERS[self.index % len(USERS)]
        account, account_type = ACCOUNTS.get(program.account, (user, user_type))
        if process.of_user:
            account, account_type = user, user_type
        parent = account if program.account == "user" else ACCOUNTS["system"][0]
        return {
            "liuid": user,
            "liuat": user_type,
            "pa": account,
            "puat": account_type,
            "pn": program.name,
            "ph": file_hash(program.name),
            "ppa": parent,
            "ppuat": account_type if program.account == "user" else 2,
            "ppn": program.parent,
            "pph": file_hash(program.parent),
        }
