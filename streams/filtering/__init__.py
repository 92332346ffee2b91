"""The filter policy of the collector: which flows are kept."""

from streams.filtering.check import Checked, check
from streams.filtering.findings import Finding, Level, PolicyError
from streams.filtering.lint import lint
from streams.filtering.load import load_policy, read_policy
from streams.filtering.policy import Decision, Policy, compile_policy

__all__ = [
    "Checked",
    "Decision",
    "Finding",
    "Level",
    "Policy",
    "PolicyError",
    "check",
    "compile_policy",
    "lint",
    "load_policy",
    "read_policy",
]
