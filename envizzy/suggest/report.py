"""Proposals as a site's table and as lines for people."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence

from envizzy.suggest.evidence import READERS
from envizzy.suggest.infer import Confidence, Proposal, data_type
from envizzy.suggest.names import ELEMENT_NAMES
from envizzy.suggest.versions import VersionProposal
from schemas.elements.load import SITE_COLUMNS

SHOWN_VALUES = 3
"""Values that are shown of each element: the most frequent ones."""

_SHOWN_CHARACTERS = 48

_HEAD = """\
# Made by envizzy elements suggest from {records} records. Look at each line before you use it:
# what is sure counts as it stands, of the rest take away the "# " in front where you agree.
# Then name this file in [elements] files.
"""


def table_text(
    proposals: Sequence[Proposal],
    versions: Sequence[VersionProposal],
    records: int,
    accepted: frozenset[Confidence] = frozenset({Confidence.SURE}),
) -> str:
    """Return a site's table (``[elements] files``).

    Args:
        proposals: For all unknown elements.
        versions: For their layouts; comments, since they belong into the settings.
        records: How many were looked at.
        accepted: What stands there at once; all else is commented out.
    """
    lines = [_HEAD.format(records=records) + ",".join(SITE_COLUMNS)]
    for proposal in proposals:
        said = proposal.confidence or "unknown"
        about = "; ".join(proposal.reasons)
        lines.append(f"# {proposal.column.name}: {proposal.key or '?'} ({said}): {about}")
        lines.append(f"#   seen: {', '.join(sample_values(proposal)) or 'nothing'}")
        active = proposal.confidence in accepted
        lines += [("" if active else "# ") + row for row in _rows(proposal)]
    lines += ["#", *(f"# {line}" for line in version_lines(versions))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def version_lines(versions: Sequence[VersionProposal]) -> list[str]:
    """Return what may stand in the settings for ``fv``."""
    if not versions:
        return []
    lines = [f"fv by layout, for the settings ({versions[0].reason}):", "[streams.versions]"]
    for each in versions:
        version = each.version or "nvzFlow_v?"
        lines.append(f'"{each.layout}" = "{version}"  # {each.kind}')
    return lines


def sample_values(proposal: Proposal) -> list[str]:
    """Return the most frequent values, short and readable."""
    column = proposal.column
    values: Iterable[str]
    if column.numbers:
        values = map(str, column.numbers)
    elif column.lists:
        values = ("[" + " ".join(map(_readable, each.members)) + "]" for each in column.lists)
    else:
        values = (_readable(each) for each in column.octets)
    return [_short(text) for text, _ in Counter(values).most_common(SHOWN_VALUES)]


def _rows(proposal: Proposal) -> list[str]:
    enterprise, element = proposal.identity
    if not proposal.key:
        return []
    name = ELEMENT_NAMES[proposal.key]
    semantics = "list" if proposal.column.lists else ""
    letters = READERS[proposal.key][0]
    rows = [[enterprise, element, name, data_type(proposal), semantics, "", proposal.key, letters]]
    if proposal.inner is not None and proposal.inner[0]:
        member = name.removesuffix("sList")
        rows.append([*proposal.inner, member, "string", "", "", "", ""])
    return [_csv(row) for row in rows]


def _csv(row: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(row)
    return text.getvalue()


def _readable(octets: bytes) -> str:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return octets.hex().upper()
    return f'"{text}"' if text.isprintable() else octets.hex().upper()


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
