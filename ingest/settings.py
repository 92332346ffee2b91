"""The ``[ingest]`` table."""

import ipaddress
from typing import Literal, NamedTuple, Self

from pydantic import Field, field_validator, model_validator

from service.settings import Section

MAX_DATAGRAM_OCTETS = 65535
"""No UDP payload is longer (16 bits of length)."""

_PORTS = 65536

PORTS = (2055, 4739, 9555, 9995)
"""UDP ports that exporters are set to: Cisco's client and most routers, IPFIX (RFC 7011, 10.3.4:
4739), and the two others that flow collectors made common."""


class Address(NamedTuple):
    """Where to listen.

    Attributes:
        host: An IP address.
        port: 0 takes a free one.
    """

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read ``HOST:PORT``, an IPv6 address in brackets.

    Raises:
        ValueError: Anything else.
    """
    host, _, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    try:
        version: int = ipaddress.ip_address(host.partition("%")[0]).version
    except ValueError:
        version = 0
    right = version == (6 if bracketed else 4)
    if not right or not port.isdecimal() or int(port) >= _PORTS:
        raise ValueError(f"{text!r}; accepted: ADDRESS:PORT, as 0.0.0.0:2055 or [::]:2055")
    return Address(host, int(port))


class IngestSettings(Section):
    """How datagrams are received and handed to Kafka."""

    listen: tuple[str, ...] = Field(
        default=tuple(f"{host}:{port}" for port in PORTS for host in ("0.0.0.0", "[::]")),
        min_length=1,
    )
    """Addresses and UDP ports, ``0.0.0.0:2055`` or ``[::]:2055``; the latter takes IPv6 only, so
    both families are listed (on a host without IPv6 one warning says so). What is sent, nvzFlow,
    IPFIX or NetFlow, is told from each datagram: any of them may come to any port."""

    processes: int | Literal["auto"] = "auto"
    """Receiving processes that share the ports (SO_REUSEPORT; the kernel keeps a flow with one of
    them). "auto": one for each processor, at most 16: those take more than 10 Gbit/s."""

    receive_buffer_octets: int = Field(default=33_554_432, ge=65_536, le=1_073_741_824)
    """Kernel buffer of each socket, one for each address and process: half a second of a busy
    network while Python is elsewhere. The kernel caps it at net.core.rmem_max unless the process
    may do more (CAP_NET_ADMIN)."""

    allow: tuple[str, ...] = ()
    """Networks (``10.0.0.0/8``) that may send; empty: all."""

    deny: tuple[str, ...] = ()
    """Networks that may not, also within ``allow``; what they send is dropped and counted."""

    max_datagram_octets: int = Field(default=MAX_DATAGRAM_OCTETS, ge=512, le=MAX_DATAGRAM_OCTETS)
    """Longer datagrams are dropped and counted; by default none is."""

    linger_ms: int = Field(default=20, ge=1, le=1000)
    """A batch waits so long for more datagrams of its partition, at least."""

    max_linger_ms: int = Field(default=250, ge=1, le=5000)
    """Linger grows up to this when more batches go out than ``batches_per_second``."""

    batch_octets: int = Field(default=262_144, ge=4096, le=786_432)
    """A batch of this size goes at once; well under the 1 MiB that a broker takes."""

    batches_per_second: int = Field(default=250, ge=1, le=100_000)
    """What a process may send before its linger grows. An event costs a streams worker as much as
    five or six flows in it: many small ones halve what it does. With 32 partitions batches then
    wait up to 128 ms."""

    queue_octets: int = Field(default=268_435_456, ge=1_048_576, le=2_147_482_624)
    """Memory of each process for what Kafka has not confirmed; what no longer fits is dropped and
    counted (``queue_full``). 256 MiB hold 20 s of 20,000 datagrams/s of 600 octets."""

    queue_batches: int = Field(default=100_000, ge=100, le=10_000_000)
    """The same limit by number, for many small batches."""

    stop_seconds: float = Field(default=8.0, ge=0, le=300)
    """At SIGTERM what is queued is delivered for so long; a supervisor sends SIGKILL after 10 s."""

    sessions_per_address: int = Field(default=256, ge=0)
    """More source ports than this within an hour from one address: a warning that a NAT or proxy
    hides the sources (a laptop takes a new port at each wake). 0: no warning."""

    @field_validator("listen")
    @classmethod
    def _addresses_can_be_read(cls, listen: tuple[str, ...]) -> tuple[str, ...]:
        seen = [parse_address(each) for each in listen]
        twice = sorted({str(each) for each in seen if each.port and seen.count(each) > 1})
        if twice:
            raise ValueError(f"{twice[0]} stands there twice")
        return listen

    @field_validator("processes")
    @classmethod
    def _processes_are_few(cls, processes: int | str) -> int | str:
        if isinstance(processes, int) and not 1 <= processes <= 256:  # noqa: PLR2004 - more is a slip
            raise ValueError('accepted: a whole number from 1 to 256, or "auto"')
        return processes

    @field_validator("allow", "deny")
    @classmethod
    def _networks_can_be_read(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"{error}; accepted: networks as 10.0.0.0/8") from None
        return networks

    @model_validator(mode="after")
    def _linger_is_a_range(self) -> Self:
        if self.max_linger_ms < self.linger_ms:
            raise ValueError("max_linger_ms is less than linger_ms")
        return self

    def addresses(self) -> tuple[Address, ...]:
        """Where to listen."""
        return tuple(parse_address(each) for each in self.listen)
