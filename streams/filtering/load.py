"""Reads a filter policy from a file."""

import json
from collections.abc import Sequence
from pathlib import Path

from schemas.field_keys import FieldKeys
from schemas.json_nodes import Node, Place
from schemas.json_text import read_json
from schemas.policy import FilterPolicy
from streams.filtering.check import Checked, check
from streams.filtering.findings import Finding, Level, PolicyError
from streams.filtering.policy import Policy, compile_form

MAXIMUM_OCTETS = 16 * 1024 * 1024
"""10,000 rules of many keys fit; a larger file is not a policy."""


def load_policy(path: Path, keys: FieldKeys) -> Policy:
    """Read, check and compile the policy of a file.

    Raises:
        PolicyError: The file cannot be read, is not JSON, or is no policy; the text names line and
            column, and how many mistakes more there are.
    """
    checked, places = read_policy(path, keys)
    wrong = [
        (finding, place)
        for finding, place in zip(checked.findings, places, strict=True)
        if finding.level is Level.ERROR
    ]
    if wrong:
        more = f" (and {len(wrong) - 1} more: envizzy filters check)" if len(wrong) > 1 else ""
        finding, place = wrong[0]
        raise PolicyError(f"{path}:{place.line}:{place.column}: {finding}{more}")
    return compile_form(checked, keys)


def read_policy(path: Path, keys: FieldKeys) -> tuple[Checked, tuple[Place, ...]]:
    """Read and check a policy, to its end whatever is wrong with it.

    Returns:
        What checking gave, and the place in the file of each finding.

    Raises:
        PolicyError: The file cannot be read.
    """
    text = policy_text(path)
    checked = _quickly(text, keys)
    if checked is not None and not checked.findings:
        return checked, ()
    read = read_json(text)
    mistakes = [
        (Finding(Level.ERROR, (), str(mistake)), mistake.place) for mistake in read.mistakes
    ]
    checked = Checked(FilterPolicy(), ()) if read.node is None else check(read.node.value, keys)
    found = [(finding, _place(read.node, finding)) for finding in checked.findings]
    both = [*mistakes, *found]
    return (
        Checked(checked.form, tuple(finding for finding, _ in both)),
        tuple(place for _, place in both),
    )


def places_of(path: Path, findings: Sequence[Finding]) -> tuple[Place, ...]:
    """Return where in a file what findings concern stands.

    Raises:
        PolicyError: The file cannot be read.
    """
    node = read_json(policy_text(path)).node
    return tuple(_place(node, finding) for finding in findings)


def _quickly(text: str, keys: FieldKeys) -> Checked | None:
    """Check what is JSON without its places, 50 times as fast; None where it must be looked at."""
    try:
        return check(json.loads(text, object_pairs_hook=_unique), keys)
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a key that occurs twice in one object, of which JSON would keep the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def policy_text(path: Path) -> str:
    """Return the text of a policy file.

    Raises:
        PolicyError: It cannot be read, is too large or not UTF-8.
    """
    try:
        if path.stat().st_size > MAXIMUM_OCTETS:
            raise PolicyError(f"{path}: larger than {MAXIMUM_OCTETS} octets; not a filter policy")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8 at octet {error.start}") from error


def _place(node: Node | None, finding: Finding) -> Place:
    return Place(1, 1) if node is None else node.at(finding.path)
