"""docs/filters.md says what the filter does."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from schemas.field_keys import load_field_keys
from schemas.policy import EXTENSIONS, OPERATORS
from streams.filtering import PolicyError, compile_policy

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "filters.md").read_text()
EXAMPLES = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
KEYS = load_field_keys()

DNS = {"pr": 17, "dp": 53, "da": "1.2.3.4", "pn": "svchost.exe"}
HTTPS = {"pr": 6, "dp": 443, "da": "10.1.2.3", "pn": "backup.exe"}
QUIC = {"pr": 17, "dp": 443, "da": "10.1.2.3", "pn": "firefox"}


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (0, [True, True, False]),
        (1, [True, False, True]),
        (2, [False, False, True]),
        (3, [True, False, False]),
    ],
)
def test_the_examples_do_what_is_said_of_them(number: int, kept: list[bool]) -> None:
    """DNS, HTTPS over TCP, QUIC, by each example."""
    policy = compile_policy(EXAMPLES[number], KEYS)

    assert kept == [policy.keeps(record) for record in (DNS, HTTPS, QUIC)]


def test_every_example_is_tried() -> None:
    """None stands there unproved."""
    assert 4 == len(EXAMPLES)


@pytest.mark.parametrize(
    "rules",
    [
        {"include": [{"port": 1}]},
        {"include": [{}]},
        {"exclude": [{"pn": "a*b"}]},
        {"include": [{"dp": "dns"}]},
    ],
)
def test_the_errors_stand_there_as_they_are(rules: dict[str, Any]) -> None:
    """The beginning of each line, up to its own list of keys."""
    with pytest.raises(PolicyError) as caught:
        compile_policy({"rules": rules}, KEYS)

    said = str(caught.value).split("allowed: ")[0].split(" A rule has")[0]
    assert said in TEXT


def test_the_operators_stand_there() -> None:
    """Each of them, and the switch."""
    assert [] == [
        name
        for name in (*OPERATORS, EXTENSIONS)
        if f"`{name}`" not in TEXT.replace('`"extensions": true`', "`extensions`")
    ]
