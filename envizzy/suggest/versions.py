"""Which version of nvzFlow a layout is: by the fields that it has, as far as public lines tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envizzy.suggest.samples import Identity, Observed, Shape
from streams.interpret.layouts import PUBLIC_LAYOUTS
from streams.wire.model import VARIABLE_LENGTH

_NEWEST = "eveuuid"
_OF_V9 = frozenset({"fsms", "fems", "pid", "ppid", "ppath", "pppath", "parg", "aliul", "pil"})


@dataclass(frozen=True, slots=True)
class VersionProposal:
    """What ``fv`` may be for a layout.

    Attributes:
        layout: As ``[streams.versions]`` wants it.
        kind: Of its records.
        version: As ``fv`` shows it; empty where nothing tells.
        reason: What speaks for it, and how far.
    """

    layout: str
    kind: str
    version: str
    reason: str


def propose_versions(observed: Observed, found: Mapping[Identity, str]) -> list[VersionProposal]:
    """Propose a version for each layout that is not public.

    A client has one version; its flow layout tells it, the others are taken along.

    Args:
        observed: Templates.
        found: Elements to the keys that are proposed for them.
    """
    unknown = [shape for shape in observed.shapes if layout_text(shape) not in PUBLIC_LAYOUTS]
    version, reason = _version(unknown, found)
    return [VersionProposal(layout_text(shape), shape.kind, version, reason) for shape in unknown]


def layout_text(shape: Shape) -> str:
    """A layout as ``[streams.versions]`` has it."""
    return " ".join(
        f"{enterprise}:{element}/{'v' if length == VARIABLE_LENGTH else length}"
        for enterprise, element, length in shape.fields
    )


def _version(shapes: Sequence[Shape], found: Mapping[Identity, str]) -> tuple[str, str]:
    flows = [shape for shape in shapes if shape.kind == "flow"]
    if not flows:
        return "", "no flow layout that is not public: nothing tells the version"
    keys = {
        found.get((enterprise, element)) or key
        for shape in flows
        for (enterprise, element, _), key in zip(shape.fields, shape.keys, strict=True)
    }
    if _NEWEST in keys:
        return (
            "nvzFlow_v11",
            "has eveuuid, which no public line has before v11; later ones may, too",
        )
    if "puid" in keys and keys >= _OF_V9:
        return (
            "nvzFlow_v9",
            "has all fields of the public v9 line and no eveuuid; v10 is not public",
        )
    if keys & _OF_V9:
        return "", "has some fields of later versions, but of v4 to v8 no line is public"
    return "", "has no field that tells it"
