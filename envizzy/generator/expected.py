"""What must stand on the topics for a value that was sent: the generator's own knowledge.

Written after the collector's manual and not after our decoder, so that one checks the other.
"""

import hashlib
import time
from collections.abc import Mapping
from typing import Any

import orjson

from envizzy.generator.layouts import DETAILS, Layout

_PRINTED_TIME = {"fss": "fst", "fes": "fet"}
_SPLIT = {"liuid": ("liuida", "liuidp"), "pa": ("paa", "pap")}


def published(layout: Layout, value: Mapping[str, Any]) -> dict[str, Any]:
    """The record as the topic must show it: wire order, derived keys behind their parent."""
    shown: dict[str, Any] = {"fv": layout.version} if layout.version else {}
    for field in layout.fields:
        key, each = field.key, value[field.key]
        if key == DETAILS:
            parts = dict(part.split("=", 1) for part in each)
            shown |= {
                name: parts[part]
                for part, name in (("STATE", "ist"), ("SSID", "SSID"))
                if part in parts
            }
            continue
        shown[key] = each
        if key in _PRINTED_TIME:
            shown[_PRINTED_TIME[key]] = time.asctime(time.gmtime(each))
        elif key in _SPLIT and each != "-":
            authority, _, principal = each.rpartition("\\")
            shown |= {_SPLIT[key][0]: authority} if authority else {}
            shown[_SPLIT[key][1]] = principal
    return shown


def identity(value: Mapping[str, Any]) -> str:
    """What tells a generated record from every other one, read from its published form.

    A flow's port and start tell it from the endpoint's other flows, the growing count of octets
    its reports from each other; every interface state has its own UID; every endpoint record its
    own OS revision.
    """
    udid = value.get("udid")
    if "fss" in value:
        return f"{udid}/{value.get('pr')}/{value.get('sp')}/{value['fss']}/{value.get('obc')}"
    if "ii" in value:
        return f"{udid}/{value.get('iid')}"
    return f"{udid}/{value.get('osv')}"


def digest(value: Mapping[str, Any]) -> str:
    """Of the whole value, its order included."""
    return hashlib.blake2b(orjson.dumps(value), digest_size=12).hexdigest()


def octets_digest(octets: bytes) -> str:
    """Of a Set's content: finds the record in parked Sets and dead letters."""
    return hashlib.blake2b(octets, digest_size=12).hexdigest()
