"""Every Message of the corpus, both ways; record counts are the corpus tests' matter."""

from collections import defaultdict

import pytest

from envizzy.captures import read
from schemas.elements import load_registry
from schemas.registry import DataType
from tests.corpus.corpus import Case, cases
from tests.fuzz.check import Checker

CASES = cases()
NOT_COMPILED = {DataType.SUB_TEMPLATE_LIST, DataType.SUB_TEMPLATE_MULTI_LIST}


def test_the_corpus_is_there() -> None:
    """Without it the cases below are no tests at all: say so."""
    if not CASES:
        pytest.skip("no corpus: set ENVIZZY_CORPUS to its directory")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_compiled_equals_interpreted_on_real_exports(case: Case) -> None:
    """The comparison, ``fits`` implying ``fills``, and printing, on what real exporters sent."""
    registry = load_registry()
    checkers: dict[object, Checker] = defaultdict(lambda: Checker(registry))
    for path in case.files:
        for captured in read(path, ports=case.ports, format=case.form):
            checkers[captured.exporter].message(captured.payload)
    for checker in checkers.values():
        assert checker.compared <= checker.records
        layouts = checker.templates.values()
        if not any(NOT_COMPILED & {f.element.data_type for f in item.fields} for item in layouts):
            assert checker.compared + checker.ill_formed == checker.records
