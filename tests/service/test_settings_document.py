"""docs/settings.md names every setting as it is."""

import os
import re
from pathlib import Path

from envizzy.config import Settings
from service.settings import document, keys

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"

HEAD = """# Settings

One TOML file (`--config FILE`, or the file that `ENVIZZY_CONFIG` names), then the environment, then
flags; the last one wins. In the environment `kafka.sasl_password` is
`ENVIZZY_KAFKA__SASL_PASSWORD`; lists are separated by commas, tables are JSON. A key that is not
in this list is an error.
`envizzy config show` prints what is in effect and where each value comes from; secrets are hidden.
`envizzy config check` says what is wrong, a line each.

This page is made from the settings themselves
(`UPDATE_GOLDEN=1 pytest tests/service/test_settings_document.py`).

"""


def test_document_is_that_of_the_settings() -> None:
    """The page is what the models say; UPDATE_GOLDEN=1 writes it anew."""
    made = HEAD + document(Settings).rstrip() + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        DOCUMENT.write_text(made)

    assert made == DOCUMENT.read_text()


def test_every_setting_has_a_description() -> None:
    """No key stands in the page without its words."""
    text = DOCUMENT.read_text()
    for key in keys(Settings):
        line = next((line for line in text.splitlines() if line.startswith(f"| `{key}` |")), None)
        assert line is not None, key
        assert line.rstrip("| ").rpartition("| ")[2], key


def test_tables_that_documents_name_exist() -> None:
    """``[streams.state]`` in a text is a table of the settings, or a key that is one."""
    known = {key for name in keys(Settings) for key in (name, name.rpartition(".")[0])}
    tables = known | {name.split(".")[0] for name in known}
    named = {
        (file.name, table)
        for file in (*DOCUMENT.parent.glob("*.md"), DOCUMENT.parents[1] / "README.md")
        for table in re.findall(r"`\[([a-z_.]+)\]", file.read_text())
    }

    assert ("data.md", "streams.state") in named
    assert set() == {
        (file, table)
        for file, table in named
        if table not in tables and table.split(".")[0] != "subscribers"
    }
