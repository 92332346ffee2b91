"""The contract of the ``netflow-1m`` topic: totals of a minute, and what was left out of them."""

from dataclasses import dataclass
from typing import Final, Literal

TYPE_TOTAL: Final = "NETFLOW_1M"
"""``type`` of a total."""

TYPE_LEFT_OUT: Final = "NETFLOW_1M_LEFT_OUT"
"""``type`` of a count of flows that stand in no total."""

HEADER_REVISION: Final = "revision"
"""The value's ``revision``, decimal, for readers that look at headers only."""

HEADER_LANE: Final = "lane"
"""Partition of ``raw`` that the flows came through, with the topic's incarnation."""

HEADER_WRITER: Final = "writer"
"""Which assignment of which worker wrote it: a worker tells its own records from a stranger's."""

Reason = Literal["missing_base_information", "unreadable"]

REASONS: Final[dict[Reason, str]] = {
    "missing_base_information": "The record lacks part of the base information; `missing` of the "
    "flow on `netflow` names it.",
    "unreadable": "The record is no flow that this version can read.",
}
"""Why a flow stands in no total."""

Flag = Literal["partial", "at_receipt", "late", "capped", "mixed_sampling"]

FLAGS: Final[dict[Flag, str]] = {
    "partial": "Published before its minute was over and its grace had passed; a higher revision "
    "follows if more comes.",
    "at_receipt": "Holds flows that count whole in the minute of their receipt, since their times "
    "cannot be believed (clock off, first after last, end in the future).",
    "late": "Holds shares of flows whose own minute was beyond reach when they came: they count "
    "in the minute of their receipt.",
    "capped": "Holds flows that claim to last longer than `totals.longest_flow_minutes`: they are "
    "spread over the last minutes of that time.",
    "mixed_sampling": "Its flows were sampled at different rates; `sampling_rate` is the last.",
}
"""Members of ``flags``; no key where there is none."""


@dataclass(frozen=True, slots=True)
class TotalField:
    """One key of a total.

    Attributes:
        key: In the JSON object.
        json_type: Of its value.
        unit: Of numbers; "" where there is none.
        meaning: One sentence.
        types: Of which records: ``total``, ``left out`` or ``both``.
    """

    key: str
    json_type: str
    unit: str
    meaning: str
    types: Literal["total", "left out", "both"] = "total"


TOTAL_FIELDS: Final[tuple[TotalField, ...]] = (
    TotalField("type", "string", "", f"`{TYPE_TOTAL}` or `{TYPE_LEFT_OUT}`.", "both"),
    TotalField("sampler_address", "string", "", "Address of the Exporter.", "both"),
    TotalField("minute", "string", "UTC", "Begin of the minute, by the Exporter's clock.", "both"),
    TotalField("in_if", "integer", "", "Ingress interface."),
    TotalField("out_if", "integer", "", "Egress interface."),
    TotalField("proto", "string", "", "As on `netflow`: `TCP`, `UDP`, ... or decimal text."),
    TotalField("ip_tos", "integer", "", "Type of service, or traffic class of IPv6."),
    TotalField("src_addr", "string", "", "Source address."),
    TotalField("dst_addr", "string", "", "Destination address."),
    TotalField("src_port", "integer", "", "Source port, of protocols with ports."),
    TotalField("dst_port", "integer", "", "Destination port, of protocols with ports."),
    TotalField("icmp_type", "integer", "", "Of ICMP and ICMPv6."),
    TotalField("icmp_code", "integer", "", "Of ICMP and ICMPv6."),
    TotalField("bytes", "integer", "octets", "Octets of the minute, as sent (never multiplied)."),
    TotalField("packets", "integer", "packets", "Packets of the minute, as sent."),
    TotalField("flows", "integer", "", "Flow records with a share in the minute."),
    TotalField(
        "flows_ended",
        "integer",
        "",
        "Those of them whose last minute it is: over all minutes they are the flow records.",
    ),
    TotalField("time_flow_start_ns", "integer", "ns", "First packet within the minute."),
    TotalField("time_flow_end_ns", "integer", "ns", "Last packet within the minute."),
    TotalField("sampling_rate", "number", "packets", "As on `netflow`; no key where it has none."),
    TotalField("reason", "string", "", "Why they were left out.", "left out"),
    TotalField(
        "flows_left_out",
        "integer",
        "",
        "Flow records of the Exporter received in the minute that stand in no total.",
        "left out",
    ),
    TotalField("flags", "array of strings", "", "What is special; see below.", "both"),
    TotalField(
        "revision",
        "integer",
        "",
        "Offset on `netflow` before which all is included; a higher one replaces a lower one.",
        "both",
    ),
)
"""Every key in the order of the contract."""


def document() -> str:
    """The tables as Markdown, for docs/totals.md."""
    lines = ["| key | type | unit | in | what it is |", "|---|---|---|---|---|"]
    for field in TOTAL_FIELDS:
        unit = field.unit or "-"
        lines.append(
            f"| `{field.key}` | {field.json_type} | {unit} | {field.types} | {field.meaning} |"
        )
    lines += ["", "| flag | what it says |", "|---|---|"]
    lines += [f"| `{flag}` | {meaning} |" for flag, meaning in FLAGS.items()]
    lines += ["", "| reason | why a flow was left out |", "|---|---|"]
    lines += [f"| `{reason}` | {meaning} |" for reason, meaning in REASONS.items()]
    return "\n".join(lines) + "\n"
