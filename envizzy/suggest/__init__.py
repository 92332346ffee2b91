"""Which field is an element whose id is not public? Inferred from Templates and data; pure."""

from envizzy.suggest.infer import Confidence, Proposal, propose
from envizzy.suggest.samples import Observed, Sample, Shape, observe
from envizzy.suggest.versions import VersionProposal, propose_versions

__all__ = [
    "Confidence",
    "Observed",
    "Proposal",
    "Sample",
    "Shape",
    "VersionProposal",
    "observe",
    "propose",
    "propose_versions",
]
