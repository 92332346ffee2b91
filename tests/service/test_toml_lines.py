"""Finding the line of a key."""

from service.settings.toml_lines import find_lines, line_of

TEXT = '''# [not.a.table]
[kafka] # brokers
"client_id" = "a = b"
ssl.ca_file = """
[topics]
prefix = "not a key"
"""

[ topics . names ]
raw = "x"
[[many]]
key = 1
'''


def test_keys_and_tables_have_their_lines() -> None:
    """Comments and texts of several lines are passed over."""
    expected = {
        ("kafka",): 2,
        ("kafka", "client_id"): 3,
        ("kafka", "ssl", "ca_file"): 4,
        ("topics", "names"): 9,
        ("topics", "names", "raw"): 10,
        ("many",): 11,
        ("many", "key"): 12,
    }
    assert expected == dict(find_lines(TEXT))


def test_line_of_what_is_not_found_is_that_of_its_table() -> None:
    """An inline table's key has the line of the table; what stands nowhere has none."""
    lines = find_lines(TEXT)

    assert (10, 2, None) == (
        line_of(lines, ("topics", "names", "raw", "inner")),
        line_of(lines, ("kafka", "other")),
        line_of(lines, ("logs",)),
    )
