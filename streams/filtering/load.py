"""Reads a filter policy from a file."""

import json
from pathlib import Path

from schemas.field_keys import FieldKeys
from streams.filtering.check import PolicyError
from streams.filtering.policy import Policy, compile_policy

MAXIMUM_OCTETS = 16 * 1024 * 1024
"""10,000 rules of many keys fit; a larger file is not a policy."""


def load_policy(path: Path, keys: FieldKeys) -> Policy:
    """Read, check and compile the policy of a file.

    Raises:
        PolicyError: The file cannot be read, is not JSON (the text names line and column), or is
            no policy.
    """
    try:
        if path.stat().st_size > MAXIMUM_OCTETS:
            raise PolicyError(f"{path}: larger than {MAXIMUM_OCTETS} octets; not a filter policy")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8 at octet {error.start}") from error
    try:
        policy = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise PolicyError(
            f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg[0].lower()}{error.msg[1:]}"
        ) from error
    except RecursionError as error:
        raise PolicyError(f"{path}: nested too deeply for a filter policy") from error
    except ValueError as error:  # a PolicyError of a repeated key, or a number of 4,300 digits
        raise PolicyError(f"{path}: {error}") from error
    if policy is None:
        raise PolicyError(f'{path}: null, but an object is right: {{"rules": {{}}}}')
    try:
        return compile_policy(policy, keys)
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a key that occurs twice in one object, of which JSON would keep the last."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise PolicyError(
                f"key {key!r} occurs twice in one object; two rules are right, or one of them"
            )
        found[key] = value
    return found
