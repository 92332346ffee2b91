"""The datagram as ingest wrote it and the streams read it."""

from enum import IntEnum
from typing import NamedTuple


class Transport(IntEnum):
    """How a datagram came; the number is the Avro enum's index."""

    UDP = 0
    DTLS = 1


class Datagram(NamedTuple):
    """One UDP or DTLS payload with what its receiver knew.

    Attributes:
        received_at_ns: Our clock (the kernel's where it gives one), nanoseconds since
            1970-01-01T00:00:00Z.
        exporter: 16 octets; IPv4 as ``::ffff:a.b.c.d``.
        port: The Exporter's UDP port.
        local_port: The port it came to.
        transport: ``Transport`` as an int.
        identity: Identity of the DTLS peer; None where there is none.
        payload: The octets, unread.
    """

    received_at_ns: int
    exporter: bytes
    port: int
    local_port: int
    transport: int
    identity: str | None
    payload: bytes


class RawBatch(NamedTuple):
    """The value of one ``raw`` record.

    Attributes:
        sealed_at_ns: When the batch was closed; lets time pass where no datagram comes (a tick
            has none).
        datagrams: In order of receipt.
    """

    sealed_at_ns: int
    datagrams: list[Datagram]


class Coordinates(NamedTuple):
    """Where in ``raw`` a datagram, Set or record stands; made into the ``record-id`` header.

    Attributes:
        incarnation: Of the topic: eight hex digits of its Kafka topic id; ``00000000`` where the
            broker has none.
        partition: Of ``raw``.
        offset: Of the batch.
        datagram: In the batch, from 0.
    """

    incarnation: str
    partition: int
    offset: int
    datagram: int

    def prefix(self) -> str:
        """What all record ids of the datagram begin with; sorts in the order of ``raw``."""
        return f"{self.incarnation}-{self.partition:04x}-{self.offset:012x}-{self.datagram:04x}"


def record_id(prefix: str, set_index: int, record_index: int) -> str:
    """The identity of one record: the same on every replay, ordered within a partition."""
    return f"{prefix}-{set_index:04x}-{record_index:04x}"
