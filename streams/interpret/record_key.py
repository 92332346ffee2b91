"""The Kafka key of a record."""

from collections.abc import Mapping


def record_key(kind: str, value: Mapping[str, object]) -> bytes | None:
    """Return the key: the UDID, for an interface ``UDID/iid``; None where no UDID was sent.

    A UDID is no safe identity of a machine: cloned images share one.
    """
    udid = value.get("udid")
    if not isinstance(udid, str) or not udid:
        return None
    if kind == "interface" and "iid" in value:
        return f"{udid}/{value['iid']}".encode()
    return udid.encode()
