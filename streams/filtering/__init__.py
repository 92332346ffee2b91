"""The filter policy of the collector: which flows are kept."""

from streams.filtering.check import PolicyError
from streams.filtering.load import load_policy
from streams.filtering.policy import Policy, compile_policy

__all__ = ["Policy", "PolicyError", "compile_policy", "load_policy"]
