"""The Templates that the generator sends: those of real clients (nvzFlow v3), and others."""

from collections.abc import Mapping
from typing import NamedTuple

VARIABLE = 65535
"""Field Length of a variable-length element (RFC 7011, 7)."""

CISCO = 9
"""Enterprise number of the nvzFlow elements."""


class Field(NamedTuple):
    """One Field Specifier with the key of its value and how the value is written.

    Attributes:
        key: Of the value in a record (the field key of the collector, or the element's name).
        enterprise_number: 0 for IANA.
        element_id: Without the enterprise bit.
        length: Octets, or ``VARIABLE``.
        form: How it is written: ``number``, ``address``, ``hex``, ``text``, ``texts``, ``hexes``.
        inner: Enterprise number and element of a list's members; None where the field is no list.
    """

    key: str
    enterprise_number: int
    element_id: int
    length: int
    form: str
    inner: tuple[int, int] | None = None


class Layout(NamedTuple):
    """A Template as a client defines it.

    Attributes:
        template_id: 262 endpoint, 266 interface, 267 IPv4 flow, 268 IPv6 flow.
        version: What ``fv`` says of it; empty where no public layout is like it.
        fields: In wire order.
    """

    template_id: int
    version: str
    fields: tuple[Field, ...]


ENDPOINT, INTERFACE, FLOW_IPV4, FLOW_IPV6 = 262, 266, 267, 268
"""Template IDs of real clients."""

DETAILS = "details"
"""Key of nvzFlowInterfaceDetailsList: the record shows its parts only (``ist``, ``SSID``)."""

_PUBLIC = "nvzFlow_v3"

_ENDPOINT_FIELDS = (
    Field("vsn", 0, 350, VARIABLE, "text"),
    Field("udid", CISCO, 12332, 20, "hex"),
    Field("osn", CISCO, 12334, VARIABLE, "text"),
    Field("osv", CISCO, 12335, VARIABLE, "text"),
    Field("ose", CISCO, 12351, VARIABLE, "text"),
    Field("sm", CISCO, 12336, VARIABLE, "text"),
    Field("st", CISCO, 12337, VARIABLE, "text"),
)

# The id inside the list of details is not public: a string of the IANA registry stands there.
_INTERFACE_FIELDS = (
    Field("udid", CISCO, 12332, 20, "hex"),
    Field("iid", CISCO, 12355, 4, "number"),
    Field("ii", CISCO, 12356, 4, "number"),
    Field("it", CISCO, 12357, 1, "number"),
    Field("in", CISCO, 12358, VARIABLE, "text"),
    Field(DETAILS, CISCO, 12359, VARIABLE, "texts", (0, 83)),
    Field("im", CISCO, 12360, VARIABLE, "text"),
)

_MODULES = (
    Field("mnl", CISCO, 12352, VARIABLE, "texts", (CISCO, 12348)),
    Field("mhl", CISCO, 12353, VARIABLE, "hexes", (CISCO, 12350)),
)


def _flow_fields(source: Field, destination: Field) -> tuple[Field, ...]:
    return (
        Field("pr", 0, 4, 1, "number"),
        source,
        Field("sp", 0, 7, 2, "number"),
        destination,
        Field("dp", 0, 11, 2, "number"),
        Field("fss", 0, 150, 4, "number"),
        Field("fes", 0, 151, 4, "number"),
        Field("udid", CISCO, 12332, 20, "hex"),
        Field("liuid", CISCO, 12333, VARIABLE, "text"),
        Field("liuat", CISCO, 12361, 2, "number"),
        Field("pa", CISCO, 12338, VARIABLE, "text"),
        Field("puat", CISCO, 12362, 2, "number"),
        Field("pn", CISCO, 12340, VARIABLE, "text"),
        Field("ph", CISCO, 12341, 32, "hex"),
        Field("ppa", CISCO, 12339, VARIABLE, "text"),
        Field("ppuat", CISCO, 12363, 2, "number"),
        Field("ppn", CISCO, 12342, VARIABLE, "text"),
        Field("pph", CISCO, 12343, 32, "hex"),
        Field("ibc", CISCO, 12346, 8, "number"),
        Field("obc", CISCO, 12347, 8, "number"),
        Field("ds", CISCO, 12344, VARIABLE, "text"),
        Field("dh", CISCO, 12345, VARIABLE, "text"),
        Field("iid", CISCO, 12355, 4, "number"),
        *_MODULES,
    )


_IPV4 = _flow_fields(Field("sa", 0, 8, 4, "address"), Field("da", 0, 12, 4, "address"))
_IPV6 = _flow_fields(Field("sa6", 0, 27, 16, "address"), Field("da6", 0, 28, 16, "address"))

PUBLIC_V3: Mapping[int, Layout] = {
    262: Layout(ENDPOINT, _PUBLIC, _ENDPOINT_FIELDS),
    267: Layout(FLOW_IPV4, _PUBLIC, _IPV4),
    268: Layout(FLOW_IPV6, _PUBLIC, _IPV6),
    266: Layout(INTERFACE, _PUBLIC, _INTERFACE_FIELDS),
}
"""The four Templates of real clients, in the order of their one template message."""

BRIEF: Mapping[int, Layout] = {
    262: Layout(ENDPOINT, "", (*_ENDPOINT_FIELDS[1:6], _ENDPOINT_FIELDS[0])),
    267: Layout(FLOW_IPV4, "", (*_IPV4[7:-2], *_IPV4[:7])),
    268: Layout(FLOW_IPV6, "", (*_IPV6[7:-2], *_IPV6[:7])),
    266: Layout(INTERFACE, "", (*_INTERFACE_FIELDS[1:5], _INTERFACE_FIELDS[0])),
}
"""The same ids with other fields in another order: a client of another version."""

LAYOUTS: Mapping[str, Mapping[int, Layout]] = {"v3": PUBLIC_V3, "brief": BRIEF}
"""What ``--layout`` takes."""
