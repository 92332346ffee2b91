"""nvzFlow Data Records become endpoint, interface and flow records with the collector's keys."""

from streams.interpret.layouts import layout_of, parse_layout
from streams.interpret.plans import plan_for
from streams.interpret.readable_time import zone
from streams.interpret.recognise import recognise
from streams.interpret.record_key import record_key
from streams.interpret.render import BigNumbers, JsonValues, render
from streams.interpret.settings import InterpretError, InterpretSettings, Layout

__all__ = [
    "BigNumbers",
    "InterpretError",
    "InterpretSettings",
    "JsonValues",
    "Layout",
    "layout_of",
    "parse_layout",
    "plan_for",
    "recognise",
    "record_key",
    "render",
    "zone",
]
