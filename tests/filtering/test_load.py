from pathlib import Path

import pytest

from schemas.field_keys import load_field_keys
from streams.filtering import PolicyError, load_policy

KEYS = load_field_keys()


def test_the_manuals_example_is_read(tmp_path: Path) -> None:
    """A policy file of the collector works as it is."""
    path = tmp_path / "acnvmfilters.conf"
    path.write_text('\ufeff{"rules": {"include": [{"dp": 53, "pr": 17, "da": "1.2.*"}]}}')

    policy = load_policy(path, KEYS)

    assert policy.keeps({"dp": 53, "pr": 17, "da": "1.2.3.4"})
    assert not policy.keeps({"dp": 53, "pr": 17, "da": "1.3.3.4"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"rules":\n {"include": [{"dp": 53,}]}}',
            r"p\.conf:2:24: found ',' before '}', expected no comma",
        ),
        ("", r"p\.conf:1:1: found an empty file, expected an object"),
        ("null", r"p\.conf:1:1: null, but an object is right"),
        (
            '{"rules": {"include": [{"dp": 53, "dp": 80}]}}',
            r'p\.conf:1:35: found the key "dp" for the second time',
        ),
        ('{"rules": {"include": [{}]}}', r"p\.conf:1:24: rules\.include rule 1: empty"),
        (
            '{"rules": {"include": [{"dp": ' + "9" * 5000 + "}]}}",
            r"p\.conf:1:31: found 9+, expected",
        ),
        ("[" * 100_000, r"p\.conf:1:33: found '\[', expected at most 32"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    """One line: file, line and column where JSON has them, and what is right."""
    path = tmp_path / "p.conf"
    path.write_text(text)

    with pytest.raises(PolicyError, match=message) as caught:
        load_policy(path, KEYS)

    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, or not UTF-8."""
    with pytest.raises(PolicyError, match=r"none\.conf: cannot be read: No such file"):
        load_policy(tmp_path / "none.conf", KEYS)
    path = tmp_path / "latin.conf"
    path.write_bytes(b'{"\xe9"')
    with pytest.raises(PolicyError, match=r"latin\.conf: not UTF-8 at octet 2"):
        load_policy(path, KEYS)
