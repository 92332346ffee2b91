"""CONFORMANCE.md and the tests' marks say the same."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "streams" / "wire" / "CONFORMANCE.md"
_ROW = re.compile(r"^\| (\d+) \| ([\d.]+) \| (.+?) \| (\w+) \| (.*) \|$")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


class Row(NamedTuple):
    """One requirement; ``tests`` are (file, name) pairs."""

    rfc: str
    section: str
    requirement: str
    state: str
    tests: tuple[tuple[str, str], ...]


def rows() -> list[Row]:
    found = []
    for line in TABLE.read_text().splitlines():
        match = _ROW.match(line)
        if match:
            rfc, section, requirement, state, tests = match.groups()
            found.append(Row(rfc, section, requirement, state, tuple(_TEST.findall(tests))))
    return found


def marks() -> set[tuple[str, str, str, str]]:
    """(RFC, section, file, test) of every ``rfc`` mark in the tree."""
    found = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                for call in node.decorator_list:
                    if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.rfc":
                        rfc, section = (ast.literal_eval(item) for item in call.args)
                        found.add((rfc, section, path.relative_to(ROOT).as_posix(), node.name))
    return found


def test_the_table_is_read() -> None:
    """A row that the pattern does not match would be a row that nobody checks."""
    lines = [line for line in TABLE.read_text().splitlines() if re.match(r"^\| \d{4} \|", line)]

    assert len(lines) == len(rows()) > 40


def test_states_are_of_the_closed_set() -> None:
    """Yes, partial or no; partial and no say why instead of tests."""
    for row in rows():
        assert row.state in {"yes", "partial", "no"}, row


def test_every_yes_has_a_test_that_is_marked_for_it() -> None:
    """Each test named there exists, and at least one carries the requirement's mark."""
    marked = marks()
    for row in rows():
        if row.state == "yes":
            assert any((row.rfc, row.section, *test) in marked for test in row.tests), row


def test_every_test_named_in_the_table_exists() -> None:
    """A renamed test is renamed in the table."""
    for row in rows():
        for file, name in row.tests:
            assert f"def {name}(" in (ROOT / file).read_text(), (file, name)


def test_every_mark_is_in_the_table() -> None:
    """A mark names a requirement that the table has."""
    known = {(row.rfc, row.section) for row in rows()}

    assert [] == sorted(mark for mark in marks() if mark[:2] not in known)
