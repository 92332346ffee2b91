"""Data Records of routers become flow records with the names that goflow2's JSON made common."""

from streams.interpret.router.compile import RouterReader, compile_router
from streams.interpret.router.interpret import interpret
from streams.interpret.router.message import read_header
from streams.interpret.router.model import (
    NO_FACTS,
    BaseInformation,
    FlowKey,
    Rate,
    RouterFacts,
    RouterMessage,
    RouterSettings,
    Samplings,
)
from streams.interpret.router.names import protocol_name
from streams.interpret.router.plan import RouterPlan, make_plan
from streams.interpret.router.record_key import flow_key
from streams.interpret.router.sampling import SAMPLING_ELEMENTS, rate_of, selector_key

__all__ = [
    "NO_FACTS",
    "SAMPLING_ELEMENTS",
    "BaseInformation",
    "FlowKey",
    "Rate",
    "RouterFacts",
    "RouterMessage",
    "RouterPlan",
    "RouterReader",
    "RouterSettings",
    "Samplings",
    "compile_router",
    "flow_key",
    "interpret",
    "make_plan",
    "protocol_name",
    "rate_of",
    "read_header",
    "selector_key",
]
