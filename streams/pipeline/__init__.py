"""Datagrams to records: pure, with time as an argument."""

from streams.pipeline.advance import advance
from streams.pipeline.context import Context
from streams.pipeline.counts import Count
from streams.pipeline.model import DeadLetter, NewLayout, Outcome, Reason, Record
from streams.pipeline.steady import Run, read_run
from streams.pipeline.step import step

__all__ = [
    "Context",
    "Count",
    "DeadLetter",
    "NewLayout",
    "Outcome",
    "Reason",
    "Record",
    "Run",
    "advance",
    "read_run",
    "step",
]
