"""Values of derived keys, from the output value of their parent; None leaves the key out."""

import re
from typing import Any

ANONYMISED = "-"
"""What clients send for "anonymised or not available"; it is not split."""

_SEPARATOR = "\\"
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_MAC_DIGITS = 12
_STATE = "STATE"
_SSID = "SSID"


def authority(account: object) -> str | None:
    r"""Return what stands before the backslash of ``Authority\Principal``."""
    if not isinstance(account, str) or _SEPARATOR not in account:
        return None
    return account.partition(_SEPARATOR)[0] or None


def principal(account: object) -> str | None:
    """Return what stands behind the backslash; all of it where there is none.

    Of 78,459 real flows 327 lack ``paa`` and only one lacks ``pap``: an account without authority
    has a principal.
    """
    if not isinstance(account, str) or account == ANONYMISED:
        return None
    head, separator, tail = account.partition(_SEPARATOR)
    return (tail if separator else head) or None


def trust_state(details: object) -> str | None:
    """Return the ``STATE`` part of the interface details."""
    return _part(details, _STATE)


def ssid(details: object) -> str | None:
    """Return the ``SSID`` part of the interface details."""
    return _part(details, _SSID)


def other_details(details: object) -> Any:  # a JSON-ready value
    """Return the interface details that are neither of the two; None where there are no others."""
    if not isinstance(details, list) or not details:
        return details
    others = [
        _text(item) if isinstance(item, str) else item
        for item in details
        if not isinstance(item, str) or _text(item).partition("=")[0] not in {_STATE, _SSID}
    ]
    return others or None


def mac_address(value: object) -> object:
    """Print an interface's MAC address, of which it is not known whether text or octets are sent.

    Args:
        value: Upper-case hex of the octets.

    Returns:
        Six octets as ``00:0c:29:55:51:1a``, text as it is, other octets as they came.
    """
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        return value
    if len(value) == _MAC_DIGITS:
        return bytes.fromhex(value).hex(":")
    return _text(value)


def _part(details: object, wanted: str) -> str | None:
    if not isinstance(details, list):
        return None
    for item in details:
        if isinstance(item, str):
            name, separator, value = _text(item).partition("=")
            if separator and name == wanted:
                return value
    return None


def _text(item: str) -> str:
    """Return an item as text where it is the hex of printable text.

    The id of the list's inner element is not public, so its items may come as unknown octets.
    """
    if not _HEX.fullmatch(item):
        return item
    try:
        text = bytes.fromhex(item).decode()
    except UnicodeDecodeError:
        return item
    return text if text.isprintable() else item
