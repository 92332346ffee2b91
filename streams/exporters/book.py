"""The Exporters of one partition of ``raw``: who is known, whose record is due, who is gone."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from schemas.addresses import exporter_octets, exporter_text
from schemas.datagram import Datagram
from schemas.exporter_records import EXPORTER_FORM
from schemas.router_records import ROUTER_KIND
from streams.exporters.exporter import Exporter
from streams.exporters.headers import IPFIX, header_of
from streams.exporters.templates import MOST_SESSIONS, templates_of
from streams.pipeline.context import Context
from streams.pipeline.model import Outcome
from streams.state.limits import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from streams.state.partition import PartitionState

MOST_EXPORTERS = 4096
"""Of one partition: anybody can send from any address; the longest silent goes, its record too."""

REFRESH_NS = 5 * SECOND_NS
"""A change is told so soon, and no Exporter has two records within it."""

COUNTS_NS = MINUTE_NS
"""Where nothing has changed but counts and times, its record is this old at most."""

FORGET_NS = 30 * DAY_NS
"""An Exporter that was silent for so long is gone: its record is removed."""

_VOLATILE = ("last_seen_ns", "datagrams", "records", "missing", "clock_offset_ms", "raw")
_COARSE_MS = 10_000
"""A longest duration or silence is another one when it is longer by this."""


class Published(NamedTuple):
    """One record that is due.

    Attributes:
        address: Its key.
        value: None removes it.
        at_ns: Receive time that it is of.
    """

    address: str
    value: dict[str, Any] | None
    at_ns: int


class Book:
    """The Exporters of one partition, changed in place.

    Endpoints are not in it (nvzFlow): 40,000 of them have topics of their own. An IPFIX Exporter
    enters with its first router flow; what speaks NetFlow is a router from its first datagram on.
    """

    def __init__(self, raw: str, known: Iterable[Mapping[str, Any]]) -> None:
        """Take over what was published before.

        Args:
            raw: Incarnation and partition, as record ids begin.
            known: Records of the topic that are of this partition.
        """
        self._raw = raw
        # The longest silent first.
        self._exporters: OrderedDict[bytes, Exporter] = OrderedDict()
        self._waiting: OrderedDict[bytes, int] = OrderedDict()
        self._gone: list[Published] = []
        self._swept_ns = 0
        for value in sorted(known, key=lambda each: int(each["last_seen_ns"])):
            self._restore(value)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._exporters)

    def observe(self, datagram: Datagram, outcome: Outcome, offset: int) -> None:
        """Take in one datagram of any Exporter, and what came of it.

        Args:
            datagram: As received.
            outcome: Of ``step``.
            offset: Of its event in ``raw``; what was counted before a restart is not counted again.
        """
        records = outcome.records
        if records and records[0].kind != ROUTER_KIND:
            return
        address = datagram.exporter
        found = self._exporters.get(address)
        if found is not None and offset <= found.counted:
            return
        header = header_of(datagram)
        if header is None:
            return
        if found is None:
            if header.protocol == IPFIX and not records:
                return
            at_ns = datagram.received_at_ns
            found = self._exporters[address] = Exporter(exporter_text(address), at_ns, at_ns)
            if len(self._exporters) > MOST_EXPORTERS:
                self._forget(next(iter(self._exporters)), at_ns)
        else:
            self._exporters.move_to_end(address)
        found.observe(header, datagram, outcome, offset)
        if address not in self._waiting:
            self._waiting[address] = datagram.received_at_ns

    def due(self, state: PartitionState, now_ns: int, context: Context) -> list[Published]:
        """The records that are to be published now.

        Args:
            state: Of the partition; read only.
            now_ns: Receive time of the batch or tick.
            context: Tables.
        """
        if now_ns - self._swept_ns >= HOUR_NS:
            self._sweep(now_ns)
        due, self._gone = self._gone, []
        while self._waiting:
            address, since_ns = next(iter(self._waiting.items()))
            if now_ns - since_ns < REFRESH_NS:
                break
            del self._waiting[address]
            record = self._record(address, state, now_ns, context)
            if record is not None:
                due.append(record)
        return due

    def _record(
        self, address: bytes, state: PartitionState, now_ns: int, context: Context
    ) -> Published | None:
        found = self._exporters[address]
        told = islice(state.options_keys(address), MOST_SESSIONS)
        names = max((len(state.facts(key).interfaces) for key in told), default=0)
        value = found.record(
            templates_of(state, address, context),
            names,
            f"{self._raw}{found.offset:012x}",
            now_ns,
        )
        essence = _essence(value)
        if essence == found.essence and now_ns - found.published_ns < COUNTS_NS:
            # Its counts are told later, also where nothing more comes from it.
            self._waiting[address] = now_ns
            return None
        found.essence, found.published_ns = essence, now_ns
        return Published(found.address, value, now_ns)

    def _restore(self, value: Mapping[str, Any]) -> None:
        if value.get("form") != EXPORTER_FORM:
            return
        place, offset = value["raw"][: len(self._raw)], value["raw"][len(self._raw) :]
        counted = int(offset, 16) if place == self._raw else -1
        self._exporters[exporter_octets(value["exporter"])] = Exporter.restored(value, counted)

    def _sweep(self, now_ns: int) -> None:
        self._swept_ns = now_ns
        silent = [
            address
            for address, each in self._exporters.items()
            if now_ns - each.last_seen_ns > FORGET_NS
        ]
        for address in silent:
            self._forget(address, now_ns)

    def _forget(self, address: bytes, now_ns: int) -> None:
        gone = self._exporters.pop(address)
        self._waiting.pop(address, None)
        self._gone.append(Published(gone.address, None, now_ns))


def _essence(value: Mapping[str, Any]) -> dict[str, Any]:
    """What is worth a record of its own when it changes."""
    kept = {key: each for key, each in value.items() if key not in _VOLATILE}
    kept["missing"] = sorted(value["missing"])
    kept["outcomes"] = sorted(value["records"])
    kept["sequence"] = {name: bool(number) for name, number in value["sequence"].items()}
    kept["longest_duration_ms"] //= _COARSE_MS
    kept["longest_silence_ms"] //= _COARSE_MS
    return kept
