"""The people, machines, programs and places that generated endpoints are made of."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple


class Program(NamedTuple):
    """A program that talks.

    Attributes:
        name: Of its file.
        parent: Name of the program that started it.
        account: ``user``, ``service`` or ``system``: as whom it runs.
        weight: How often it is chosen.
        modules: Libraries that it has loaded; sent with every flow.
        hosts: With whom it talks by HTTPS; empty for the resolver.
    """

    name: str
    parent: str
    account: str
    weight: int
    modules: tuple[str, ...]
    hosts: tuple[str, ...]


_NETWORK_MODULES = (
    *("ws2_32.dll", "mswsock.dll", "dnsapi.dll", "iphlpapi.dll", "winhttp.dll"),
    *("bcrypt.dll", "schannel.dll", "crypt32.dll", "ncrypt.dll", "rasadhlp.dll"),
)
_RESOLVER_MODULES = (
    *("cryptsvc.dll", "dhcpcore.dll", "termsrv.dll", "dnsrslvr.dll", "wkssvc.dll"),
    *("qagentRT.dll", "nlasvc.dll", "WsmSvc.dll", "wecsvc.dll", "tapisrv.dll"),
)

RESOLVER = Program("svchost.exe", "services.exe", "service", 0, _RESOLVER_MODULES, ())
"""Who asks for names."""

PROGRAMS: Sequence[Program] = (
    Program(
        "chrome.exe",
        "explorer.exe",
        "user",
        30,
        _NETWORK_MODULES[:4],
        (
            "www.wikipedia.org",
            "github.com",
            "news.example.org",
            "maps.example.net",
            "cdn.example.net",
        ),
    ),
    Program(
        "msedge.exe",
        "explorer.exe",
        "user",
        20,
        _NETWORK_MODULES[:3],
        ("intranet.example.com", "www.bing.com", "login.microsoftonline.com"),
    ),
    Program(
        "OUTLOOK.EXE",
        "explorer.exe",
        "user",
        12,
        _NETWORK_MODULES,
        ("outlook.office365.com", "autodiscover.example.com"),
    ),
    Program(
        "ms-teams.exe",
        "explorer.exe",
        "user",
        12,
        _NETWORK_MODULES[:6],
        ("teams.microsoft.com", "statics.teams.cdn.office.net"),
    ),
    Program(
        "svchost.exe",
        "services.exe",
        "system",
        10,
        _RESOLVER_MODULES,
        ("settings-win.data.microsoft.com", "ctldl.windowsupdate.com"),
    ),
    Program(
        "python.exe",
        "cmd.exe",
        "user",
        4,
        _NETWORK_MODULES[:2],
        ("pypi.org", "files.pythonhosted.org"),
    ),
    Program("git-remote-https.exe", "git.exe", "user", 4, (), ("github.com", "git.example.com")),
    Program(
        "slack.exe",
        "explorer.exe",
        "user",
        8,
        _NETWORK_MODULES[:5],
        ("slack.com", "wss-primary.slack.com"),
    ),
)
"""What talks, with its weights."""

USERS: Sequence[tuple[str, int]] = (
    ("EXAMPLE\\anna.berg", 2),
    ("EXAMPLE\\bilal.khan", 1),
    ("EXAMPLE\\chen.li", 1),
    ("AzureAD\\DanaRuiz", 2),
    ("EXAMPLE\\emeka.obi", 1),
    ("finn", 1),
    ("EXAMPLE\\grażyna.nowak", 1),
    ("EXAMPLE\\hana.sato", 1),
    ("-", 0),
    ("EXAMPLE\\ivo.horvat", 2),
)
"""Logged-in users with their account type; ``-`` is one whom the client's policy hides."""

ACCOUNTS = {"service": ("NT AUTHORITY\\NETWORK SERVICE", 1), "system": ("NT AUTHORITY\\SYSTEM", 2)}
"""Accounts that are no user's, with their type."""

SYSTEMS: Sequence[tuple[str, str, str, str, str]] = (
    ("WinNT", "10.0.22631", "Windows 11 Enterprise", "Dell Inc.", "x64"),
    ("WinNT", "10.0.19045", "Windows 10 Enterprise", "LENOVO", "x64"),
    ("WinNT", "10.0.26100", "Windows 11 Pro", "VMware, Inc.", "x64"),
    ("Mac OS X", "14.6.1", "Sonoma", "-", "arm64"),
)
"""OS name, version, edition, manufacturer (``-``: not available), type."""

NETWORKS: Sequence[tuple[int, str, str, str]] = (
    (1, "Ethernet", "Trusted", ""),
    (2, "Wi-Fi", "Trusted", "corp"),
    (2, "Wi-Fi", "Untrusted", "Café Central"),
    (2, "Wi-Fi", "Untrusted", "home-5G"),
    (4, "Cisco AnyConnect", "Trusted", ""),
)
"""Interface type, name, trust state, SSID (empty: none)."""

SUFFIXES = ("corp.example.com", "localdomain", "example.com")
"""DNS suffixes."""


def file_hash(name: str) -> str:
    """SHA-256 in upper-case hex, always the same for a file name."""
    return hashlib.sha256(name.encode()).hexdigest().upper()


def host_address(host: str, version: int) -> str:
    """A documentation address (RFC 5737, RFC 3849) for a host name, always the same."""
    seed = hashlib.sha256(host.encode()).digest()
    if version == 6:  # noqa: PLR2004 - the IP version
        return f"2001:db8:{seed[0]:x}{seed[1]:02x}::{1 + seed[2]:x}"
    return f"203.0.113.{1 + seed[0] % 254}" if seed[1] & 1 else f"198.51.100.{1 + seed[0] % 254}"
