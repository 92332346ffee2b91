"""One pair of a rule: brings its value into the form that records have."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any, Final

from schemas.field_keys import HEX_LISTS, ValueForm
from schemas.policy import EXTENSIONS, OPERATORS, WILDCARD, FilterPair, Test, TestKind
from streams.filtering.findings import PolicyError

_DECIMAL = re.compile(r"-?[0-9]{1,20}")
_HEX = re.compile(r"[0-9A-Fa-f]*")
_SHOWN_OCTETS = 60  # of a wrong value, in an error
_RANGE_ENDS = 2
_TEXT_KINDS: Final[tuple[TestKind, ...]] = ("prefix", "suffix", "contains")
_Notice = Callable[[str], None]


def read_pair(
    key: str, form: ValueForm, value: Any, notice: _Notice, *, extended: bool
) -> FilterPair:
    """Read what a key's value must be.

    Args:
        key: Of the records.
        form: Of its values.
        value: As JSON gives it.
        notice: Told what is worth knowing.
        extended: Whether the policy allows what the original does not know.

    Raises:
        PolicyError: The value has the wrong form; the text says which is right.
    """
    if isinstance(value, dict | list) and not extended:
        right = "a number" if form == "number" else "a text"
        raise PolicyError(
            f"{shown(value)}, but {right} is right; lists and objects are extensions, which "
            f'"{EXTENSIONS}": true beside "rules" allows'
        )
    if isinstance(value, list):
        return FilterPair(key, (_any(key, form, value, notice),))
    if isinstance(value, dict):
        return _operators(key, form, value, notice)
    return FilterPair(key, ((_plain(key, form, value, notice),),))


def shown(value: object) -> str:
    """Return a value as it may stand in a line for people."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_OCTETS else text[:_SHOWN_OCTETS] + "..."


def _operators(key: str, form: ValueForm, value: Mapping[str, Any], notice: _Notice) -> FilterPair:
    for name in value:
        if name not in OPERATORS:
            raise PolicyError(f"unknown operator {name!r}; allowed: {', '.join(OPERATORS)}")
    fold = _truth("ignore_case", value.get("ignore_case", False))
    present = _truth("present", value.get("present", True))
    rest = {name: each for name, each in value.items() if name not in {"ignore_case", "present"}}
    if not present:
        if rest or fold:
            raise PolicyError("present: false stands alone: what is not there has no value")
        return FilterPair(key, absent=True)
    if not rest and (fold or "present" not in value):
        raise PolicyError(
            f"{shown(value)} compares with nothing; operators: {', '.join(OPERATORS)}"
        )
    clauses: list[tuple[Test, ...]] = []
    excluded: tuple[Test, ...] = ()
    for name, each in rest.items():
        if name == "not":
            excluded = _excluded(key, form, each, notice)
        else:
            clauses.append(_OPERATORS[name](key, form, each, notice))
    if fold:
        clauses = [_folded(key, form, clause) for clause in clauses]
        excluded = _folded(key, form, excluded)
    return FilterPair(key, tuple(clauses), excluded)


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise PolicyError(f"{name}: {shown(value)}, but true or false is right")
    return value


def _excluded(key: str, form: ValueForm, value: Any, notice: _Notice) -> tuple[Test, ...]:
    """Read the value of ``not``: a value, a list of them, or one operator."""
    if isinstance(value, list):
        return _any(key, form, value, notice)
    if not isinstance(value, dict):
        return (_plain(key, form, value, notice),)
    names = [name for name in value if name in _OPERATORS]
    if len(value) != 1 or not names:
        raise PolicyError(f"not: one of {', '.join(_OPERATORS)} is right in an object")
    return _OPERATORS[names[0]](key, form, value[names[0]], notice)


def _any(key: str, form: ValueForm, value: Any, notice: _Notice) -> tuple[Test, ...]:
    if not isinstance(value, list) or not value:
        raise PolicyError(f"any: {shown(value)}, but a list with at least one value is right")
    return tuple(_plain(key, form, each, notice) for each in value)


def _cidr(key: str, form: ValueForm, value: Any, notice: _Notice) -> tuple[Test, ...]:  # noqa: ARG001 - the signature of all operators
    if form != "address":
        raise PolicyError(f"cidr: only for addresses (sa, da, sa6, da6), not for {key}")
    tests = []
    for each in _texts("cidr", value):
        try:
            network = ip_network(each, strict=True)
        except ValueError as error:
            raise PolicyError(f"cidr: {shown(each)}: {error}; 10.1.0.0/16 is right") from error
        tests.append(Test("cidr", str(network)))
    return tuple(tests)


def _range(key: str, form: ValueForm, value: Any, notice: _Notice) -> tuple[Test, ...]:
    if form != "number":
        raise PolicyError(f"range: only for numbers, not for {key}")
    if not isinstance(value, list) or len(value) != _RANGE_ENDS:
        raise PolicyError(f"range: {shown(value)}, but [first, last] is right")
    first, last = (number(each, notice) for each in value)
    if first > last:
        raise PolicyError(f"range: {shown(value)}: the first is above the last")
    return (Test("range", (first, last)),)


def _text_operator(kind: TestKind) -> "_Operator":
    def read(key: str, form: ValueForm, value: Any, notice: _Notice) -> tuple[Test, ...]:  # noqa: ARG001 - the signature of all operators
        if form == "number":
            raise PolicyError(f"{kind}: only for text, not for {key}")
        texts = _texts(kind, value)
        if form == "hex" or key in HEX_LISTS:
            texts = [_hex(each) for each in texts]
        elif form == "address":
            texts = [each.lower() for each in texts]
        return tuple(Test(kind, each) for each in texts)

    return read


def _texts(name: str, value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(each, str) and each for each in texts):
        raise PolicyError(f"{name}: {shown(value)}, but a text is right, or a list of texts")
    return list(texts)


_Operator = Callable[[str, ValueForm, Any, _Notice], tuple[Test, ...]]
_OPERATORS: Final[Mapping[str, _Operator]] = {
    "any": _any,
    "cidr": _cidr,
    "range": _range,
    **{kind: _text_operator(kind) for kind in _TEXT_KINDS},
}


def _folded(key: str, form: ValueForm, tests: tuple[Test, ...]) -> tuple[Test, ...]:
    if form not in {"text", "list"} or key in HEX_LISTS:
        raise PolicyError("ignore_case: only for text; hex and addresses have no case anyway")
    return tuple(
        replace(each, value=each.value.casefold(), fold=True)
        for each in tests
        if isinstance(each.value, str)
    )


def _plain(key: str, form: ValueForm, value: Any, notice: _Notice) -> Test:
    """Read a value as the original has it."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        right = "a number" if form == "number" else "a text"
        raise PolicyError(f"{shown(value)}, but {right} is right")
    if form == "number":
        return Test("equal", number(value, notice))
    if isinstance(value, int):
        notice(f"{value} is compared as the text {str(value)!r}")
    text = str(value)
    wildcard = text.endswith(WILDCARD)
    wanted = text[:-1] if wildcard else text
    if WILDCARD in wanted:
        raise PolicyError(f"{shown(text)}, but {WILDCARD} is allowed at the end only")
    if form == "hex" or key in HEX_LISTS:
        wanted = _hex(wanted)
    elif form == "address":
        wanted = wanted.lower() if wildcard else _address(wanted)
    return Test("prefix" if wildcard else "equal", wanted)


def number(value: object, notice: _Notice) -> int:
    """Read a whole number, also where it is given as text.

    Raises:
        PolicyError: It is none.
    """
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise PolicyError(
                f"{shown(value)}, but a whole number is right ({WILDCARD} is for text)"
            )
        notice(f"{shown(value)}: a number given as text; {int(value)} is right")
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PolicyError(f"{shown(value)}, but a number is right")
    return value


def _hex(text: str) -> str:
    if not _HEX.fullmatch(text):
        raise PolicyError(f"{shown(text)}, but hexadecimal digits are right")
    return text.upper()


def _address(wanted: str) -> str:
    """Bring an address into the text that records have (RFC 5952)."""
    try:
        return str(ip_address(wanted))
    except ValueError as error:
        raise PolicyError(
            f"{shown(wanted)}, but an address is right, or the beginning of one with "
            f"{WILDCARD} behind it: 1.2.*"
        ) from error
