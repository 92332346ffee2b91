"""The routers there are: what each sends, and how."""

from collections.abc import Sequence
from dataclasses import dataclass

from envizzy.generator.routers.sets import IPFIX, NETFLOW_5, NETFLOW_9

_IPV4_KEYS = (
    "match ipv4 tos",
    "match ipv4 protocol",
    "match ipv4 source address",
    "match ipv4 destination address",
)
_IPV6_KEYS = (
    "match ipv6 traffic-class",
    "match ipv6 protocol",
    "match ipv6 source address",
    "match ipv6 destination address",
)
_TRANSPORT = (
    "match transport source-port",
    "match transport destination-port",
    "match transport icmp ipv4 type",
    "match transport icmp ipv4 code",
)
_TRANSPORT_IPV6 = (
    "match transport icmp ipv6 type",
    "match transport icmp ipv6 code",
)
_INTERFACES = ("match interface input", "collect interface output")
_COUNTERS = ("collect counter bytes long", "collect counter packets long")
_UPTIMES = ("collect timestamp sys-uptime first", "collect timestamp sys-uptime last")
_CLOCK_TIMES = ("collect timestamp absolute first", "collect timestamp absolute last")
_CACHE = ("cache timeout active 60", "cache timeout inactive 15")
_DUAL_STACK = (*_IPV4_KEYS, *_IPV6_KEYS, *_TRANSPORT, *_TRANSPORT_IPV6)
_FLAGS = "collect transport tcp flags"

WRAP_SECONDS = 10
"""So long after the start sysUpTime of some routers wraps: their 49th day is over."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of router.

    Attributes:
        name: For people.
        version: 5, 9 or 10.
        lines: Its configuration; empty for v5, whose form is fixed.
        sampling: One packet of so many; 0 where it does not sample.
        names: Whether it tells its interfaces' names in options data.
        uptime: Whether times are by sysUpTime; for IPFIX it then tells systemInitTime in options.
        wraps: Whether sysUpTime wraps soon after the start.
        split: Whether Templates and options come from another port than data.
        held_seconds: Its flows are exported so long after they ended: it was cut off, or buffers.
        refresh_datagrams: Templates are sent again after so many datagrams,
        refresh_seconds: or so long, whichever comes first.
    """

    name: str
    version: int
    lines: tuple[str, ...] = ()
    sampling: int = 0
    names: bool = False
    uptime: bool = False
    wraps: bool = False
    split: bool = False
    held_seconds: int = 0
    refresh_datagrams: int = 20
    refresh_seconds: int = 60


BROKEN = Profile(
    "v9, incomplete",
    NETFLOW_9,
    (
        *_IPV4_KEYS[1:],
        *_TRANSPORT,
        _INTERFACES[0],
        "collect counter bytes",
        "collect counter packets",
        *_UPTIMES,
        "cache timeout active 180",
        "cache timeout inactive 15",
    ),
    uptime=True,
)
"""No ToS, no output interface, counters of 32 bits, flows reported every three minutes only."""

PROFILES: Sequence[Profile] = (
    Profile(
        "v9, names, MACs, VLANs",
        NETFLOW_9,
        (
            *_DUAL_STACK,
            *_INTERFACES,
            "match datalink mac source address input",
            "match datalink mac destination address input",
            "match datalink vlan input",
            *_COUNTERS,
            *_UPTIMES,
            _FLAGS,
            "collect routing source as",
            "collect routing destination as",
            "collect routing next-hop address ipv4",
            "collect routing next-hop address ipv6",
            *_CACHE,
        ),
        names=True,
        uptime=True,
    ),
    Profile(
        "IPFIX, sampled, two ports",
        IPFIX,
        (
            *_DUAL_STACK,
            *_INTERFACES,
            *_COUNTERS,
            *_CLOCK_TIMES,
            _FLAGS,
            "collect flow end-reason",
            "collect flow sampler",
            *_CACHE,
        ),
        sampling=1000,
        names=True,
        split=True,
    ),
    Profile("v5, sampled", NETFLOW_5, _CACHE, sampling=100, uptime=True, wraps=True),
    BROKEN,
    Profile(
        "IPFIX, sysUpTime",
        IPFIX,
        (*_DUAL_STACK, *_INTERFACES, *_COUNTERS, *_UPTIMES, _FLAGS, *_CACHE),
        uptime=True,
        wraps=True,
    ),
    Profile("v5", NETFLOW_5, _CACHE, uptime=True),
    Profile(
        "v9, sampled",
        NETFLOW_9,
        (
            *_IPV4_KEYS,
            *_TRANSPORT,
            *_INTERFACES,
            *_COUNTERS,
            *_UPTIMES,
            "collect flow sampler",
            *_CACHE,
        ),
        sampling=512,
        uptime=True,
        wraps=True,
    ),
    Profile(
        "IPFIX, late",
        IPFIX,
        (
            *_DUAL_STACK,
            *_INTERFACES,
            *_COUNTERS,
            *_CLOCK_TIMES,
            _FLAGS,
            "cache timeout active 5",
            "cache timeout inactive 15",
        ),
        held_seconds=200,
    ),
)
"""The first router is of the first kind, and so on, then from the beginning."""


def profile_of(index: int) -> Profile:
    """Of what kind a router is.

    Args:
        index: Of the router, from 0.
    """
    return PROFILES[index % len(PROFILES)]
