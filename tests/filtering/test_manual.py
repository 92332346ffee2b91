"""The collector's manual as cases: ``manual_cases.jsonl``, each with its reason.

A case is: group, record (``manual_records.json``), rules, whether the flow is kept (``error``:
refused), why. Expected values follow from the manual's words: rules and their lists, a suffix
wildcard for text; where it is silent, from the filter's document.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.field_keys import load_field_keys
from streams.filtering import PolicyError, compile_policy

HERE = Path(__file__).parent
KEYS = load_field_keys()
RECORDS = json.loads((HERE / "manual_records.json").read_text())
CASES = [json.loads(line) for line in (HERE / "manual_cases.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}: {case[4]}")
def test_the_manual(case: list[Any]) -> None:
    """Kept, dropped or refused as the manual says."""
    _, record, rules, expected, _ = case
    if expected == "error":
        with pytest.raises(PolicyError):
            compile_policy({"rules": rules}, KEYS)
        return
    policy = compile_policy({"rules": rules}, KEYS)

    assert expected == policy.keeps(RECORDS[record]) == policy.decide(RECORDS[record]).kept


def test_there_are_enough_of_them() -> None:
    """Every key of a flow is in some case, none stands there twice."""
    named = {
        key
        for case in CASES
        for rules in case[2].values()
        if isinstance(rules, list)
        for rule in rules
        for key in rule
    }

    assert 150 <= len(CASES) == len({json.dumps(case[:3]) for case in CASES})
    assert set() == KEYS.flow_keys().keys() - named
