"""One exporter's record judged: findings in words, each with the lines that put it right. Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from envizzy.exporters.remedies import ACTIVE, CLOCK, INACTIVE, RECORD, WORDS

MINUTE_MS = 60_000
TOLERANCE_MS = 2_000
"""Timers of routers and the batches on the way: a minute may look so much longer."""

_SECOND_MS = 1000
_HOUR_MS = 60 * MINUTE_MS
_CLASSIC = frozenset({"NETFLOW_V1", "NETFLOW_V5", "NETFLOW_V7"})
_IPV6 = 6


class Weight(StrEnum):
    """How much a finding matters."""

    WRONG = "wrong"
    """Flows lack something, or totals by the minute cannot be right."""
    NOTE = "note"
    """Worth knowing; the flows are complete."""


class Finding(NamedTuple):
    """One thing about an Exporter.

    Attributes:
        weight: How much it matters.
        text: One line for people.
        lines: Of its configuration, to be added; empty where none helps.
    """

    weight: Weight
    text: str
    lines: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """What is to be said of one Exporter.

    Attributes:
        exporter: Address.
        complete: Whether nothing is wrong.
        summary: One line.
        findings: What is wrong, then what is worth knowing.
        lines: All lines to be added, each once, in the order of a configuration.
    """

    exporter: str
    complete: bool
    summary: str
    findings: tuple[Finding, ...]
    lines: tuple[str, ...]


def judge(record: Mapping[str, Any], now_ns: int) -> Verdict:
    """Judge an Exporter.

    Args:
        record: Of the ``exporter`` topic.
        now_ns: Our clock.
    """
    findings = (
        *_lacking(record),
        *_short_counters(record),
        *_timeouts(record),
        *_clock(record),
        *_sequence(record),
        *_undecoded(record),
        *_silent_now(record, now_ns),
    )
    ordered = sorted(findings, key=lambda each: each.weight != Weight.WRONG)
    wrong = [each for each in ordered if each.weight is Weight.WRONG]
    lines = tuple(dict.fromkeys(line for each in ordered for line in each.lines))
    summary = "complete" if not wrong else "; ".join(each.text for each in wrong)
    return Verdict(record["exporter"], not wrong, summary, tuple(ordered), lines)


def _lacking(record: Mapping[str, Any]) -> Iterable[Finding]:
    """Base information that Templates do not have, or flows did not; in the table's order."""
    of_template: dict[str, set[int]] = {}
    for template in record["templates"]:
        for key in template["lacks"]:
            of_template.setdefault(key, set()).update(template["ip_versions"] or (4, _IPV6))
    versions = {each for template in record["templates"] for each in template["ip_versions"]}
    for key, remedy in RECORD.items():
        flows = record["missing"].get(key, 0)
        if key not in of_template and not flows:
            continue
        lacking = of_template.get(key) or versions or {4}
        lines = [line for version in sorted(lacking) for line in remedy[version == _IPV6]]
        how_many = f" ({flows:,} flows lately)" if flows else ""
        yield Finding(Weight.WRONG, f"no {WORDS[key]}{how_many}", tuple(dict.fromkeys(lines)))


def _short_counters(record: Mapping[str, Any]) -> Iterable[Finding]:
    short = {key for template in record["templates"] for key in template["short_counters"]}
    for key in ("bytes", "packets"):
        if key in short:
            lines = RECORD[key].ipv4
            yield Finding(Weight.WRONG, f"{WORDS[key]} have fewer than 64 bits: they wrap", lines)


def _timeouts(record: Mapping[str, Any]) -> Iterable[Finding]:
    form = "classic" if set(record["protocols"]) <= _CLASSIC else "flexible"
    longest, silence = record["longest_duration_ms"], record["longest_silence_ms"]
    if longest > MINUTE_MS + TOLERANCE_MS:
        text = f"flows of {_length(longest)}: its active timeout is longer than a minute"
        yield Finding(Weight.WRONG, text, (ACTIVE[form],))
    if silence > MINUTE_MS + TOLERANCE_MS:
        text = f"silent for {_length(silence)}: it should send at least once a minute"
        yield Finding(Weight.WRONG, text, (ACTIVE[form], INACTIVE[form]))


def _clock(record: Mapping[str, Any]) -> Iterable[Finding]:
    offset = record["clock_offset_ms"]
    if abs(offset) > MINUTE_MS:
        way = "behind" if offset > 0 else "ahead of"
        yield Finding(Weight.WRONG, f"its clock is {_length(abs(offset))} {way} ours", (CLOCK,))


def _sequence(record: Mapping[str, Any]) -> Iterable[Finding]:
    missing, irregular = record["sequence"]["missing"], record["sequence"]["irregular"]
    if missing:
        what = "Export Packets" if record["protocols"] == ["NETFLOW_V9"] else "records"
        yield Finding(Weight.WRONG, f"{missing:,} {what} were lost on the way lately")
    if irregular:
        text = (
            f"{irregular:,} messages whose sequence numbers follow no rule: a restart, or its own"
        )
        yield Finding(Weight.NOTE, text)


def _undecoded(record: Mapping[str, Any]) -> Iterable[Finding]:
    records = record["records"]
    for name, text in (
        ("malformed_messages", "malformed messages: see dead-letter"),
        ("parked_sets", "sets had to wait for their template"),
        ("first_after_last_records", "flows end before they begin"),
        ("end_in_future_records", "flows end after their receipt"),
    ):
        if records.get(name):
            yield Finding(Weight.NOTE, f"{records[name]:,} {text}")


def _silent_now(record: Mapping[str, Any], now_ns: int) -> Iterable[Finding]:
    silence = (now_ns - record["last_seen_ns"]) // 1_000_000
    if silence > 2 * MINUTE_MS:
        yield Finding(Weight.NOTE, f"not heard of for {_length(silence)}")


def _length(milliseconds: int) -> str:
    """Two units at most."""
    seconds = milliseconds // _SECOND_MS
    if milliseconds < 2 * MINUTE_MS:
        return f"{seconds} s"
    if milliseconds < 2 * _HOUR_MS:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < 2 * 86_400:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86_400} d {seconds % 86_400 // 3600} h"
