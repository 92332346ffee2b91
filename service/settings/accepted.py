"""What a setting accepts, in words: for error messages and for docs/settings.md."""

import types
import typing
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    SecretStr: "text (secret)",
    Path: "a path",
    type(None): "not set",
}
_UNSET = " or not set"
_BOUNDS = (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below"))
_COLLECTIONS = (list, tuple, set, frozenset, Sequence, AbstractSet)


def describe(field: FieldInfo) -> str:
    """The values that a field accepts, in words."""
    bounds = _bounds(field.metadata)
    words = _describe(field.annotation)
    # The bounds are those of the number, not of its absence.
    return f"{words.removesuffix(_UNSET)}{bounds}{_UNSET if words.endswith(_UNSET) else ''}"


def is_list(annotation: object) -> bool:
    """Whether a value of several entries is expected, so that text may be split at commas."""
    return any(get_origin(each) in _COLLECTIONS for each in _alternatives(annotation))


def is_mapping(annotation: object) -> bool:
    """Whether a table with keys of the user's is expected."""
    return any(get_origin(each) in (dict, Mapping) for each in _alternatives(annotation))


def is_secret(annotation: object) -> bool:
    """Whether the value must never be printed."""
    return SecretStr in _alternatives(annotation)


def section_of(annotation: object) -> type[BaseModel] | None:
    """The model behind a field that is a table of settings itself."""
    for each in _alternatives(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def named_sections(annotation: object) -> tuple[type[BaseModel], ...]:
    """The models of a table of tables that the user names (``[subscribers.NAME]``); else none.

    Several are told apart by their field ``type``.
    """
    for each in _alternatives(annotation):
        if get_origin(each) in (dict, Mapping):
            members = _alternatives(get_args(each)[1])
            if all(isinstance(one, type) and issubclass(one, BaseModel) for one in members):
                return tuple(members)
    return ()


def type_of(section: type[BaseModel]) -> str:
    """The value of ``type`` that chooses this one of several named sections; empty without one."""
    field = section.model_fields.get("type")
    return str(get_args(field.annotation)[0]) if field else ""


def _alternatives(annotation: object) -> list[Any]:
    """The members of a union, each without ``Annotated``."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return [one for each in get_args(annotation) for one in _alternatives(each)]
    return [annotation]


def _describe(annotation: object) -> str:
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return _describe(arguments[0]) + _bounds(arguments[1:])
    if origin in (Union, types.UnionType):
        return " or ".join(_describe(each) for each in get_args(annotation))
    if origin is Literal:
        return ", ".join(f'"{each}"' for each in get_args(annotation))
    if origin in _COLLECTIONS:
        members = [each for each in get_args(annotation) if each is not Ellipsis]
        return "a list of " + (_describe(members[0]) if members else "values")
    if origin in (dict, Mapping) or section_of(annotation):
        return "a table"
    return _WORDS.get(annotation, str(getattr(annotation, "__name__", annotation)))


def _bounds(metadata: typing.Iterable[object]) -> str:
    words = []
    for each in metadata:
        for name, word in _BOUNDS:
            bound = getattr(each, name, None)
            if bound is not None:
                words.append(f"{word} {bound}")
        shortest = getattr(each, "min_length", None)
        if shortest:
            words.append("(not empty)" if shortest == 1 else f"(at least {shortest} long)")
    return f" {' '.join(words)}" if words else ""
