"""The contract of router flow records and its document."""

import os
import re
from pathlib import Path

from schemas.elements import load_registry
from schemas.router_records import (
    BASE_ICMP,
    BASE_INFORMATION,
    BASE_PORTS,
    FLAGS,
    REVERSE_KEYS,
    ROUTER_FIELDS,
)

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "netflow.md"
REGISTRY = load_registry()


def keys_table() -> str:
    lines = [
        "| key | type | unit | from, the first one counts | what it is |",
        "|---|---|---|---|---|",
    ]
    for item in ROUTER_FIELDS:
        names = [REGISTRY.lookup(*source).name for source in item.sources]
        sources = ", ".join((*names, *(f"*{other}*" for other in item.others)))
        lines.append(
            f"| `{item.key}` | {item.json_type} | {item.unit} | {sources} | {item.meaning} |"
        )
    return "\n".join(lines)


def blocks() -> dict[str, str]:
    base = ", ".join(f"`{key}`" for key in BASE_INFORMATION)
    ports, icmp = (" and ".join(f"`{key}`" for key in keys) for keys in (BASE_PORTS, BASE_ICMP))
    return {
        "keys": keys_table(),
        "reverse": ", ".join(f"`{key}`" for key in REVERSE_KEYS),
        "base": f"{base}; of TCP and UDP also {ports}, of ICMP and ICMPv6 {icmp}.",
        "flags": "\n".join(
            ["| flag | meaning |", "|---|---|"]
            + [f"| `{flag}` | {meaning} |" for flag, meaning in FLAGS.items()]
        ),
    }


def test_the_document_has_the_contract() -> None:
    """Keys, base information and flags as the table has them; UPDATE_GOLDEN=1 writes them."""
    text = DOCUMENT.read_text()
    made = text
    for name, content in blocks().items():
        made = re.sub(
            rf"<!-- {name} -->\n.*?<!-- /{name} -->",
            lambda _, name=name, content=content: (  # type: ignore[misc]
                f"<!-- {name} -->\n{content}\n<!-- /{name} -->"
            ),
            made,
            flags=re.DOTALL,
        ).replace(f"<!-- {name} --><", f"<!-- {name} -->\n<")
    if os.environ.get("UPDATE_GOLDEN") == "1":
        DOCUMENT.write_text(made)

    assert made == DOCUMENT.read_text()
    assert all(f"<!-- {name} -->\n{content}" in made for name, content in blocks().items())


def test_every_source_is_a_known_element() -> None:
    """A typing error in a number would be a key that is never filled."""
    for item in ROUTER_FIELDS:
        for source in item.sources:
            assert REGISTRY.lookup(*source).known, (item.key, source)


def test_base_information_names_keys_of_the_contract() -> None:
    """What is missing is named as it would be written."""
    assert {*BASE_INFORMATION, *BASE_PORTS, *BASE_ICMP} <= {item.key for item in ROUTER_FIELDS}
