"""One Exporter: what is counted of it, and its record."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from schemas.datagram import Datagram
from schemas.exporter_records import EXPORTER_FORM
from streams.exporters.headers import Header
from streams.exporters.windows import Window, total
from streams.pipeline.counts import Count
from streams.pipeline.model import Outcome, Reason

MOST_DOMAINS = 64
"""Named in a record; of more, the newest."""

MOST_RATES = 16
"""Sampling rates named in a record."""

_MS = 1_000_000
_SECOND_NS = 1_000_000_000
_LOOK_NS = _SECOND_NS // 10
_MISSING = (Count.MISSING_RECORDS, Count.MISSING_MESSAGES)
_IRREGULAR = Count.IRREGULAR_MESSAGES
_INCOMPLETE, _LONG = Count.INCOMPLETE_RECORDS, Count.LONG_FLOW_RECORDS
_DURATION, _SILENCE = "duration", "silence"

_OUTCOMES = frozenset(
    {
        Count.ROUTER_RECORDS,
        Count.OTHER_PROTOCOL_RECORDS,
        Count.OPTIONS_RECORDS,
        Count.INCOMPLETE_RECORDS,
        Count.LONG_FLOW_RECORDS,
        Count.CLOCK_OFF_RECORDS,
        Count.FIRST_AFTER_LAST_RECORDS,
        Count.END_IN_FUTURE_RECORDS,
        Count.SIBLING_RECORDS,
        Count.LATE_RECORDS,
        Count.MALFORMED_MESSAGES,
        Count.UNSUPPORTED_MESSAGES,
        Count.PARKED_SETS,
        Count.OVERFLOWN_SETS,
    }
)
"""What of an outcome is told of its Exporter."""


@dataclass(slots=True)
class Exporter:
    """What was seen of one address; changed in place by its owner, the book of its partition.

    Attributes:
        address: As text.
        first_seen_ns: Receive time of the first datagram.
        last_seen_ns: Of the last one.
        counted: Offset of ``raw`` up to which its record had counted when it was read back; -1
            where it is a new one, or of another ``raw``.
        offset: The same of now.
        published_ns: When its record was last published, receive time; 0 where it was not.
        essence: What of its last record is worth another one when it changes.
    """

    address: str
    first_seen_ns: int
    last_seen_ns: int
    counted: int = -1
    offset: int = -1
    published_ns: int = 0
    essence: object = None
    _protocols: set[str] = field(default_factory=set)
    _domains: "OrderedDict[int, None]" = field(default_factory=OrderedDict)
    _datagrams: int = 0
    _records: dict[str, int] = field(default_factory=dict)
    _missing: Window = field(default_factory=lambda: Window(total))
    _longest: Window = field(default_factory=lambda: Window(max))
    _sequence: Window = field(default_factory=lambda: Window(total))
    _rates: "OrderedDict[float, None]" = field(default_factory=OrderedDict)
    _clock_offset_ms: int = 0
    _looked_ns: int = 0

    def observe(self, header: Header, datagram: Datagram, outcome: Outcome, offset: int) -> None:
        """Take in one datagram and what came of it.

        Args:
            header: Of the datagram.
            datagram: As received.
            outcome: Of ``step``.
            offset: Of its event in ``raw``.
        """
        at_ns = datagram.received_at_ns
        counts = outcome.counts
        silence = at_ns - self.last_seen_ns
        if silence > _SECOND_NS and self._datagrams:
            self._longest.add(_SILENCE, silence, at_ns)
        self.last_seen_ns = max(at_ns, self.last_seen_ns)
        self.offset = offset
        self._datagrams += 1
        self._protocols.add(header.protocol)
        _newest(self._domains, header.domain, MOST_DOMAINS)
        self._clock_offset_ms = (at_ns - header.export_ns) // _MS
        records = self._records
        for name, number in counts.items():
            if name in _OUTCOMES:
                records[name] = records.get(name, 0) + number
        for name in _MISSING:
            if name in counts:
                self._sequence.add("missing", counts[name], at_ns)
        if _IRREGULAR in counts:
            self._sequence.add("irregular", counts[_IRREGULAR], at_ns)
        if _INCOMPLETE in counts:
            self._note_missing(outcome, at_ns)
        # All that is over a minute, and of the rest a sample: nothing that costs by the record.
        if _LONG in counts or at_ns - self._looked_ns >= _LOOK_NS:
            self._looked_ns = at_ns
            self._note_flows(outcome, at_ns)

    def _note_missing(self, outcome: Outcome, at_ns: int) -> None:
        for record in outcome.records:
            for name in record.value.get("missing", ()):
                self._missing.add(name, 1, at_ns)
        for letter in outcome.dead_letters:
            if letter.reason == Reason.MISSING_BASE_INFORMATION:
                for name in letter.detail.split(", "):
                    self._missing.add(name, 1, at_ns)

    def _note_flows(self, outcome: Outcome, at_ns: int) -> None:
        longest = 0
        for value in _flows(outcome):
            start, end = value.get("time_flow_start_ns"), value.get("time_flow_end_ns")
            if start is not None and end is not None:
                longest = max(longest, end - start)
            rate = value.get("sampling_rate")
            if rate is not None:
                _newest(self._rates, rate, MOST_RATES)
        if longest:
            self._longest.add(_DURATION, longest, at_ns)

    def record(
        self, templates: tuple[dict[str, Any], ...], names: int, raw: str, now_ns: int
    ) -> dict[str, Any]:
        """Its record (``schemas.exporter_records``).

        Args:
            templates: Those in use, described.
            names: Interfaces whose names are known.
            raw: Coordinates up to which it is counted.
            now_ns: Receive time.
        """
        sequence = self._sequence.values(now_ns)
        return {
            "exporter": self.address,
            "first_seen_ns": self.first_seen_ns,
            "last_seen_ns": self.last_seen_ns,
            "protocols": sorted(self._protocols),
            "domains": sorted(self._domains),
            "datagrams": self._datagrams,
            "records": {str(name): number for name, number in sorted(self._records.items())},
            "missing": self._missing.values(now_ns),
            "templates": list(templates),
            "sampling_rates": sorted(self._rates),
            "interface_names": names,
            "clock_offset_ms": self._clock_offset_ms,
            "longest_duration_ms": self._longest.value(_DURATION, now_ns) // _MS,
            "longest_silence_ms": self._longest.value(_SILENCE, now_ns) // _MS,
            "sequence": {each: sequence.get(each, 0) for each in ("missing", "irregular")},
            "raw": raw,
            "form": EXPORTER_FORM,
        }

    @classmethod
    def restored(cls, value: Mapping[str, Any], counted: int) -> "Exporter":
        """Make one as its record says; what was lately is taken as seen when it was last heard of.

        Args:
            value: A record of this form.
            counted: Offset of ``raw``, up to which it is counted; -1 where that is another ``raw``.
        """
        at_ns = value["last_seen_ns"]
        made = cls(value["exporter"], value["first_seen_ns"], at_ns, counted, counted)
        made._protocols.update(value["protocols"])
        made._domains.update(dict.fromkeys(value["domains"]))
        made._datagrams = value["datagrams"]
        made._records.update(value["records"])
        made._rates.update(dict.fromkeys(value["sampling_rates"]))
        made._clock_offset_ms = value["clock_offset_ms"]
        made._longest.add(_DURATION, value["longest_duration_ms"] * _MS, at_ns)
        made._longest.add(_SILENCE, value["longest_silence_ms"] * _MS, at_ns)
        for name, number in value["missing"].items():
            made._missing.add(name, number, at_ns)
        for name, number in value["sequence"].items():
            made._sequence.add(name, number, at_ns)
        return made


def _flows(outcome: Outcome) -> Iterator[Mapping[str, Any]]:
    """Flows that were published, and those that were refused for what they lack."""
    for record in outcome.records:
        yield record.value
    for letter in outcome.dead_letters:
        if letter.reason == Reason.MISSING_BASE_INFORMATION:
            yield orjson.loads(letter.octets)


def _newest(held: "OrderedDict[Any, None]", item: object, most: int) -> None:
    if item not in held:
        held[item] = None
        if len(held) > most:
            held.popitem(last=False)
