"""Goldens of the topic ``netflow``: flows held against other decoders and the standards."""

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from envizzy.captures import Format, read
from envizzy.decode.records import record_lines

HERE = Path(__file__).parent
FLOWS = tomllib.loads((HERE / "router_flows.toml").read_text())["flow"]
OF_THE_CAPTURE = ("time_received_ns", "sampler_address")


@cache
def lines_of(case: str) -> list[dict[str, Any]]:
    """What ``envizzy decode --records --json`` prints of a golden's packets."""
    folder = HERE / case
    said: dict[str, Any] = tomllib.loads((folder / "case.toml").read_text())
    form = Format(said["format"]) if "format" in said else None
    captured = (
        datagram
        for name in said["files"]
        for datagram in read(folder / "packets" / name, format=form)
    )
    return [json.loads(line) for line in record_lines(captured, (), as_json=True)]


@pytest.mark.parametrize("flow", FLOWS, ids=[flow["what"] for flow in FLOWS])
def test_a_flow_is_what_others_and_the_standards_say(flow: dict[str, Any]) -> None:
    """Every key and no other, each with its value."""
    record = dict(lines_of(flow["case"])[flow["index"]])
    for key in OF_THE_CAPTURE:
        del record[key]

    assert flow["record"] == record


def test_every_flow_says_where_its_values_come_from() -> None:
    """And all versions are among them."""
    assert all(flow["source"] for flow in FLOWS)
    assert {"NETFLOW_V1", "NETFLOW_V5", "NETFLOW_V7", "NETFLOW_V9", "IPFIX"} == {
        flow["record"]["type"] for flow in FLOWS
    }
